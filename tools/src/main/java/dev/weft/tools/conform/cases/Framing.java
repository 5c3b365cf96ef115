package dev.weft.tools.conform.cases;

import static dev.weft.parser.CloseCode.PROTOCOL_ERROR;
import static dev.weft.tools.conform.cases.Payloads.ascii;
import static dev.weft.tools.conform.cases.Payloads.random;
import static dev.weft.tools.conform.wire.Frame.binary;
import static dev.weft.tools.conform.wire.Frame.close;
import static dev.weft.tools.conform.wire.Frame.continuation;
import static dev.weft.tools.conform.wire.Frame.ping;
import static dev.weft.tools.conform.wire.Frame.pong;
import static dev.weft.tools.conform.wire.Frame.text;

import dev.weft.tools.conform.wire.Failure;
import dev.weft.tools.conform.wire.Frame;
import dev.weft.tools.conform.wire.Frame.LengthForm;
import dev.weft.tools.conform.wire.Peer;
import dev.weft.tools.conform.wire.Side;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Messages in single frames: lengths, masks, and how the bytes are split in transit (RFC 6455 §5.2, §5.3). */
final class Framing {
    private static final int[] LENGTHS = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 124, 125, 126,
            127, 128, 129, 255, 256, 997, 1023, 1024, 4096, 16_383, 16_384, 16_385, 65_534, 65_535, 65_536, 65_537};
    private static final int[] CHOPPED = {0, 1, 125, 126, 127, 128, 65_535, 65_536};

    private Framing() {}

    static void add(Cases cases) {
        lengths(cases);
        cuts(cases);
        masks(cases);
        lengthForms(cases);
    }

    private static void lengths(Cases cases) {
        for (int length : LENGTHS) {
            cases.script("text." + length, "a text message of " + length + " bytes is echoed", "§5.6", peer -> {
                peer.echoes(text(ascii(length)));
                peer.close();
            });
            cases.script("binary." + length, "a binary message of " + length + " bytes is echoed", "§5.6", peer -> {
                peer.echoes(binary(random(length)));
                peer.close();
            });
        }
        cases.script("text.65536.times-10", "ten text messages of 65,536 bytes, sent at once, are echoed", "§5.6",
                peer -> {
                    Frame message = text(ascii(65_536));
                    Frame[] messages = {message, message, message, message, message, message, message, message, message,
                            message};
                    peer.send(messages);
                    peer.expect(messages);
                    peer.close();
                });
        cases.script("alternating", "100 alternating text and binary messages come back in order, with their types",
                "§5.6",
                peer -> {
                    List<Frame> messages = new ArrayList<>();
                    for (int i = 0; i < 100; i++) {
                        messages.add(i % 2 == 0 ? text(ascii(i)) : binary(random(i)));
                    }
                    peer.send(messages);
                    peer.expect(messages);
                    peer.close();
                });
    }

    private static void cuts(Cases cases) {
        for (int length : CHOPPED) {
            cases.script("text." + length + ".chopped-997", "a text message of " + length
                    + " bytes, written 997 bytes at a time, is echoed", "§5.2", peer -> chopped(peer, 997, length));
        }
        for (int length : new int[]{0, 1, 125, 126, 1024, 4096}) {
            cases.script("text." + length + ".chopped-1", "a text message of " + length
                    + " bytes, written byte by byte, is echoed", "§5.2", peer -> chopped(peer, 1, length));
        }
        cases.script("cut-everywhere", "frames of each length class, cut in two at every byte of the header", "§5.2",
                peer -> {
                    for (int length : new int[]{0, 5, 125, 126, 300, 65_536}) {
                        byte[] bytes = peer.bytes(List.of(binary(random(length))));
                        for (int cut = 1; cut < Math.min(bytes.length, 16); cut++) {
                            peer.sendBytes(bytes, 0, cut);
                            pause();
                            peer.sendBytes(bytes, cut, bytes.length);
                            peer.expect(binary(random(length)));
                        }
                    }
                    peer.close();
                });
        cases.script("pipelined.1000", "1,000 small messages in one write come back in order", "§5", peer -> {
            List<Frame> messages = new ArrayList<>();
            for (int i = 0; i < 1000; i++) {
                messages.add(text("message " + i));
            }
            peer.send(messages);
            peer.expect(messages);
            peer.close();
        });
        cases.script("pipelined.halves", "each write ends in the middle of a frame", "§5.2", peer -> {
            List<Frame> messages = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                messages.add(binary(random(40 + i)));
            }
            byte[] bytes = peer.bytes(messages);
            for (int from = 0; from < bytes.length; from += 61) {
                peer.sendBytes(bytes, from, Math.min(bytes.length, from + 61));
            }
            peer.expect(messages);
            peer.close();
        });
    }

    private static void chopped(Peer peer, int size, int length) {
        peer.sendChopped(size, text(ascii(length)));
        peer.expect(text(ascii(length)));
        peer.close();
    }

    /** Gives the bytes written so far time to arrive separately; a correct program passes without this, too. */
    static void pause() {
        try {
            Thread.sleep(1);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void masks(Cases cases) {
        cases.script("mask.lengths", "messages of all lengths 0 to 300 are echoed", "§5.3", peer -> {
            List<Frame> messages = new ArrayList<>();
            for (int length = 0; length <= 300; length++) {
                messages.add(binary(random(length)));
            }
            peer.send(messages);
            peer.expect(messages);
            peer.close();
        });
        if (cases.subject() == Side.SERVER) {
            certainMasks(cases);
        } else {
            freshMasks(cases);
        }
        wronglyMasked(cases, "text", text("Hello"));
        wronglyMasked(cases, "text-empty", text(""));
        wronglyMasked(cases, "binary", binary(random(200)));
        wronglyMasked(cases, "binary-65536", binary(random(65_536)));
        wronglyMasked(cases, "ping", ping("Hello"));
        wronglyMasked(cases, "pong", pong(""));
        wronglyMasked(cases, "close", close(1000, ""));
        String wrongly = maskedWrongly(cases);
        cases.script(wrongly + ".continuation", "a good fragment, then one that is " + wrongly + ": fails with 1002",
                "§5.1", peer -> {
                    peer.send(text("Hel").unfinished(), continuation("lo").masksWrongly());
                    peer.fails(PROTOCOL_ERROR);
                });
        cases.script(wrongly + ".second", "a good message, then one that is " + wrongly
                + ": the first is echoed, then 1002", "§5.1", peer -> {
                    peer.send(text("good"), text("bad").masksWrongly());
                    peer.failsAfter(PROTOCOL_ERROR, text("good"));
                });
    }

    /** What a frame must not be: a server takes only masked frames, a client only unmasked ones. */
    static String maskedWrongly(Cases cases) {
        return cases.subject() == Side.SERVER ? "unmasked" : "masked";
    }

    private static void wronglyMasked(Cases cases, String name, Frame frame) {
        String wrongly = maskedWrongly(cases);
        cases.script(wrongly + "." + name, "a frame that is " + wrongly + " fails with 1002", "§5.1", peer -> {
            peer.send(frame.masksWrongly());
            peer.fails(PROTOCOL_ERROR);
        });
    }

    /** Servers must unmask by any key. */
    private static void certainMasks(Cases cases) {
        cases.script("mask.zero", "a frame masked with 00000000 is echoed", "§5.3", peer -> {
            peer.echoes(text(ascii(1000)).key(0, 0, 0, 0));
            peer.close();
        });
        cases.script("mask.ones", "a frame masked with ffffffff is echoed", "§5.3", peer -> {
            peer.echoes(binary(random(1000)).key(255, 255, 255, 255));
            peer.close();
        });
        cases.script("mask.one-byte", "frames masked with one byte of the key set, of lengths 0 to 40, are echoed",
                "§5.3", peer -> {
                    for (int length = 0; length <= 40; length++) {
                        peer.echoes(binary(random(length)).key(length % 4 == 0 ? 0x5a : 0, length % 4 == 1 ? 0xa5 : 0,
                                length % 4 == 2 ? 0x81 : 0, length % 4 == 3 ? 0x7e : 0));
                    }
                    peer.close();
                });
    }

    /** Clients must choose a fresh key, which cannot be predicted, for each frame. */
    private static void freshMasks(Cases cases) {
        cases.script("mask.fresh", "the keys of 100 messages and 100 pongs differ, and not by a constant",
                "§5.3, §10.3",
                peer -> {
                    for (int i = 0; i < 100; i++) {
                        peer.echoes(text("message " + i));
                        peer.send(ping("ping " + i));
                        peer.expect(pong("ping " + i));
                    }
                    fresh(peer.maskingKeys());
                    peer.close();
                });
        cases.body("mask.fresh-by-connection", "the keys of ten connections do not begin alike", "§5.3, §10.3", 10,
                subject -> {
                    List<Integer> keys = new ArrayList<>();
                    for (int i = 0; i < 10; i++) {
                        Peer peer = subject.open();
                        peer.echoes(text("Hello"));
                        keys.addAll(peer.maskingKeys());
                        peer.close();
                    }
                    fresh(keys);
                });
    }

    /** Of 200 random keys, two are the same in one of 200,000 runs; a third of them is allowed to be. */
    private static void fresh(List<Integer> keys) {
        List<Integer> steps = new ArrayList<>();
        for (int i = 1; i < keys.size(); i++) {
            steps.add(keys.get(i) - keys.get(i - 1));
        }
        if (keys.stream().distinct().count() * 3 < keys.size() * 2) {
            throw new Failure("of " + keys.size() + " masking keys, only " + keys.stream().distinct().count()
                    + " differ: " + hex(keys));
        }
        if (steps.stream().distinct().count() * 3 < steps.size() * 2) {
            throw new Failure("the next masking key can be predicted from the ones before: " + hex(keys));
        }
    }

    private static String hex(List<Integer> keys) {
        return keys.stream().limit(4).map(HexFormat.of()::toHexDigits).toList() + "…";
    }

    private static void lengthForms(Cases cases) {
        for (int length : new int[]{0, 1, 125}) {
            notMinimal(cases, LengthForm.SIXTEEN, length);
        }
        for (int length : new int[]{0, 1, 125, 126, 65_535}) {
            notMinimal(cases, LengthForm.SIXTY_FOUR, length);
        }
        cases.script("length.ping-sixteen", "a ping whose length is not minimal fails with 1002", "§5.2", peer -> {
            peer.send(ping("Hello").form(LengthForm.SIXTEEN));
            peer.fails(PROTOCOL_ERROR);
        });
        for (String length : List.of("8000000000000000", "8000000000000005", "ffffffffffffffff")) {
            cases.script("length.top-bit." + length, "a length of 0x" + length + ": fails with 1002", "§5.2", peer -> {
                boolean masked = cases.subject() == Side.SERVER;
                peer.sendBytes(Payloads.hex((masked ? "82ff" : "827f") + length + (masked ? "00000000" : "")
                        + "0102030405"));
                peer.fails(PROTOCOL_ERROR);
            });
        }
    }

    private static void notMinimal(Cases cases, LengthForm form, int length) {
        String bits = form == LengthForm.SIXTEEN ? "16" : "64";
        cases.script("length." + length + ".in-" + bits + "-bits", "a length of " + length + " written in " + bits
                + " bits, not the minimal form: fails with 1002", "§5.2", peer -> {
                    peer.send(binary(random(length)).form(form));
                    peer.fails(PROTOCOL_ERROR);
                });
    }
}
