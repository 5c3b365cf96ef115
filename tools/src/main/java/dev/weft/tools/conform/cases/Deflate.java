package dev.weft.tools.conform.cases;

import static dev.weft.parser.CloseCode.INVALID_FRAME_PAYLOAD_DATA;
import static dev.weft.parser.CloseCode.MESSAGE_TOO_BIG;
import static dev.weft.parser.CloseCode.PROTOCOL_ERROR;
import static dev.weft.parser.FrameHeader.RSV1;
import static dev.weft.tools.conform.cases.DeflateElements.PLAIN;
import static dev.weft.tools.conform.cases.Payloads.ascii;
import static dev.weft.tools.conform.cases.Payloads.hex;
import static dev.weft.tools.conform.cases.Payloads.join;
import static dev.weft.tools.conform.cases.Payloads.random;
import static dev.weft.tools.conform.cases.Payloads.words;
import static dev.weft.tools.conform.wire.Frame.binary;
import static dev.weft.tools.conform.wire.Frame.close;
import static dev.weft.tools.conform.wire.Frame.continuation;
import static dev.weft.tools.conform.wire.Frame.ping;
import static dev.weft.tools.conform.wire.Frame.pong;
import static dev.weft.tools.conform.wire.Frame.text;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.tools.conform.cases.Case.Script;
import dev.weft.tools.conform.deflate.BlockWriter;
import dev.weft.tools.conform.deflate.WindowDeflater;
import dev.weft.tools.conform.wire.Event;
import dev.weft.tools.conform.wire.Frame;
import dev.weft.tools.conform.wire.Peer;
import java.util.Arrays;

/** Single compressed messages, valid and invalid (RFC 7692 §6, §7.2). */
final class Deflate {
    private static final String OFFER = PLAIN + "; client_max_window_bits";
    /** "Hello" with the fixed codes (§7.2.3.1). */
    private static final String HELLO = "f248cdc9c90700";

    private Deflate() {}

    static void add(Cases cases) {
        streams(cases);
        fragments(cases);
        windows(cases);
        violations(cases);
        corruption(cases);
        textCases(cases);
        cases.perilousBody("bomb", "a message of 256 KiB that inflates to 256 MiB is refused with 1009",
                "RFC 7692 §8, §10.4", 1,
                subject -> bomb(subject.openDeflating(OFFER)));
    }

    private static void script(Cases cases, String name, String title, String section, Script script) {
        cases.body(name, title, section, subject -> script.run(subject.openDeflating(OFFER)));
    }

    private static void echo(Cases cases, String name, String title, String section, Frame expected,
            String... payloads) {
        script(cases, name, title, section, peer -> {
            for (String payload : payloads) {
                peer.send(Frame.of(expected.opcode(), hex(payload)).rsv(RSV1));
                peer.expect(expected);
            }
            peer.close();
        });
    }

    // ---- streams that a compressor may produce

    private static void streams(Cases cases) {
        Frame hello = text("Hello");
        echo(cases, "stream.fixed", "a block with the fixed codes", "§7.2.3.1", hello, HELLO);
        echo(cases, "stream.fixed-twice", "the same message twice, each compressed independently", "§7.2.3.2", hello,
                HELLO, HELLO);
        cases.body("stream.shared-window", "the second message refers to the first", "§7.2.3.2", subject -> {
            Peer peer = subject.openDeflating(OFFER);
            peer.send(text(hex(HELLO)).rsv(RSV1));
            peer.expect(hello);
            if (!peer.noContextTakeover()) {
                peer.send(text(hex("f200110000")).rsv(RSV1));
                peer.expect(hello);
            }
            peer.close();
        });
        echo(cases, "stream.stored", "a stored block", "§7.2.3.3", hello, "00 0500 faff 48656c6c6f 00");
        echo(cases, "stream.final", "a block with BFINAL", "§7.2.3.4", hello, "f348cdc9c9070000");
        echo(cases, "stream.final-twice", "blocks with BFINAL in two messages, then none", "§7.2.3.4", hello,
                "f348cdc9c9070000", "f348cdc9c9070000", HELLO);
        echo(cases, "stream.final-stored", "a stored block with BFINAL", "§7.2.3.4", hello,
                "01 0500 faff 48656c6c6f 00");
        cases.body("stream.final-then-shared-window", "a block with BFINAL, then a message that refers to it",
                "§7.2.3.4",
                subject -> {
                    Peer peer = subject.openDeflating(OFFER);
                    peer.send(text(hex("f348cdc9c9070000")).rsv(RSV1));
                    peer.expect(hello);
                    if (!peer.noContextTakeover()) {
                        peer.send(text(hex("f200110000")).rsv(RSV1));
                        peer.expect(hello);
                    }
                    peer.close();
                });
        echo(cases, "stream.two-blocks", "two blocks, with an empty stored one between", "§7.2.3.5", hello,
                "f24805000000ffffcac9c90700");
        echo(cases, "stream.many-empty-blocks", "many empty stored blocks before the data", "§7.2.3.5", hello,
                "000000ffff".repeat(20) + HELLO);
        echo(cases, "stream.empty", "an empty message", "§7.2.3.6", text(""), "00", "00", "0200");
        echo(cases, "stream.empty-binary", "an empty binary message", "§7.2.3.6", binary(new byte[0]), "00");
        script(cases, "stream.empty-between", "empty messages between others", "§7.2.3.6", peer -> {
            try (Deflating deflating = new Deflating(peer)) {
                for (int i = 0; i < 10; i++) {
                    deflating.echoes(text(words(100 * i, i)));
                    deflating.echoes(text(""));
                }
                deflating.finish();
            }
        });
        script(cases, "stream.final-then-more", "two blocks with BFINAL in one message, \"Hel\" and \"lo\"", "§7.2.3.4",
                peer -> {
                    byte[] payload = new BlockWriter().fixed(true).literals(hex("48656c")).endOfBlock().align()
                            .fixed(true)
                            .literals(hex("6c6f")).endOfBlock().align().message();
                    peer.send(text(payload).rsv(RSV1));
                    Event event = peer.next("expected \"Hello\"");
                    if (event instanceof Event.Message message) {
                        peer.match(hello, message);
                        peer.close();
                    } else {
                        failsCorrupt(peer, event);
                        peer.findings().nonStrict("refuses a message that continues after a block with BFINAL");
                    }
                });
        script(cases, "stream.no-bytes",
                "RSV1 on a message without a byte, which is no deflate block: fails with 1007 or "
                        + "1002, or is empty",
                "§7.2.2", peer -> {
                    peer.send(text("").rsv(RSV1));
                    Event event = peer.next("expected close 1007");
                    if (event instanceof Event.Message message) {
                        peer.match(text(""), message);
                        peer.findings().inform("treats it as an empty message");
                        peer.close();
                    } else {
                        failsCorrupt(peer, event);
                    }
                });
        script(cases, "uncompressed", "uncompressed messages after the agreement are echoed", "§6", peer -> {
            peer.echoes(text("Hello"));
            peer.echoes(binary(random(300)));
            peer.echoes(text(""));
            peer.echoes(text("Hel").unfinished(), continuation("lo"));
            peer.close();
        });
        script(cases, "alternating", "compressed and uncompressed messages in turn; the window is not disturbed", "§6",
                peer -> {
                    try (Deflating deflating = new Deflating(peer)) {
                        for (int i = 0; i < 50; i++) {
                            deflating.echoes(text(words(500, i / 2)));
                            peer.echoes(text(words(500, i / 2)));
                        }
                        deflating.finish();
                    }
                });
    }

    private static void fragments(Cases cases) {
        script(cases, "fragments.2", "a compressed message in two frames", "§7.2.3.1", peer -> {
            peer.send(text(hex(HELLO)).rsv(RSV1).cutAt(3));
            peer.expect(text("Hello"));
            peer.close();
        });
        script(cases, "fragments.cut-everywhere", "a compressed message cut at every byte, empty frames included",
                "§6.1",
                peer -> {
                    for (int cut = 0; cut <= 7; cut++) {
                        peer.send(text(hex(HELLO)).rsv(RSV1).cutAt(cut));
                        peer.expect(text("Hello"));
                    }
                    peer.close();
                });
        script(cases, "fragments.each-byte", "a compressed message, one byte per frame, written byte by byte", "§6.1",
                peer -> {
                    peer.sendChopped(1, text(hex(HELLO)).rsv(RSV1).cutAt(1, 2, 3, 4, 5, 6));
                    peer.expect(text("Hello"));
                    peer.close();
                });
        script(cases, "fragments.empty-last", "a compressed message with an empty last frame", "§7.2.1", peer -> {
            peer.send(text(hex(HELLO)).rsv(RSV1).cutAt(7));
            peer.expect(text("Hello"));
            peer.send(text(hex(HELLO)).rsv(RSV1).cutAt(0, 7, 7));
            peer.expect(text("Hello"));
            peer.close();
        });
        script(cases, "fragments.ping-between", "a ping between the frames of a compressed message", "§6.1", peer -> {
            Frame[] frames = text(hex(HELLO)).rsv(RSV1).cutAt(3);
            peer.send(frames[0], ping("now"));
            peer.expect(pong("now"));
            peer.send(frames[1]);
            peer.expect(text("Hello"));
            peer.close();
        });
    }

    private static void windows(Cases cases) {
        for (int bits = 8; bits <= 15; bits++) {
            String offer = PLAIN + "; " + cases.subject().other().label() + "_max_window_bits=" + bits;
            cases.body("window.farthest-" + bits,
                    "references as far back as a window of the agreed bits, at most " + bits
                            + ", allows",
                    "§7.1.2.2", subject -> farthest(subject.openDeflating(offer)));
        }
    }

    /** The window contains the previous message, and one reference points to its very first byte. */
    private static void farthest(Peer peer) {
        int window = 1 << peer.windowBits();
        byte[] first = random(window);
        BlockWriter whole = new BlockWriter().stored(false, first).fixed(false);
        peer.send(binary(whole.longestMatch(window).endOfBlock().message()).rsv(RSV1));
        byte[] again = join(first, Arrays.copyOf(join(first, first), 258));
        peer.expect(binary(again));
        if (!peer.noContextTakeover()) {
            byte[] seen = Arrays.copyOfRange(again, again.length - window, again.length);
            peer.send(binary(new BlockWriter().fixed(false).longestMatch(window).endOfBlock().message()).rsv(RSV1));
            peer.expect(binary(Arrays.copyOf(join(seen, seen), 258)));
        }
        peer.close();
    }

    // ---- invalid frames

    private static void violations(Cases cases) {
        fails(cases, "rsv1.continuation", "RSV1 on a continuation", text(hex("f248cd")).rsv(RSV1).unfinished(),
                continuation(hex("c9c90700")).rsv(RSV1));
        fails(cases, "rsv1.continuation-of-uncompressed", "RSV1 on a continuation of an uncompressed message",
                text("Hel").unfinished(), continuation(hex(HELLO)).rsv(RSV1));
        fails(cases, "rsv1.ping", "RSV1 on a ping", ping(hex(HELLO)).rsv(RSV1));
        fails(cases, "rsv1.pong", "RSV1 on a pong", pong("").rsv(RSV1));
        fails(cases, "rsv1.close", "RSV1 on a Close frame", close(1000, "").rsv(RSV1));
        for (int bits : new int[]{1, 2, 3, 5, 6, 7}) {
            fails(cases, "rsv." + bits, "RSV bits " + bits + " on a text frame", text(hex(HELLO)).rsv(bits << 4));
        }
        fails(cases, "reserved-opcode", "opcode 3 with RSV1", Frame.of(3, hex(HELLO)).rsv(RSV1));
        String wrongly = Framing.maskedWrongly(cases);
        fails(cases, wrongly, "a compressed frame that is " + wrongly, text(hex(HELLO)).rsv(RSV1).masksWrongly());
        fails(cases, "inside", "a compressed message inside another", text(hex("f248cd")).rsv(RSV1).unfinished(),
                text(hex(HELLO)).rsv(RSV1));
    }

    private static void fails(Cases cases, String name, String what, Frame... frames) {
        script(cases, name, what + " fails with 1002", "§6.1", peer -> {
            peer.send(frames);
            peer.fails(PROTOCOL_ERROR);
        });
    }

    private static void corruption(Cases cases) {
        corrupt(cases, "block-type-3", "a block of the reserved type", hex("0600"));
        corrupt(cases, "stored-lengths", "a stored block whose lengths differ", hex("00 0500 0000 48656c6c6f 00"));
        corrupt(cases, "before-the-beginning", "a reference to before the first byte",
                new BlockWriter().fixed(false).literals(ascii(3)).longestMatch(4).endOfBlock().message());
        corrupt(cases, "length-symbol", "a length symbol that does not exist", new BlockWriter().fixed(false)
                .literals(ascii(3)).put(0b01100011, 8).put(0, 16).message());
        corrupt(cases, "code-lengths", "a dynamic block whose codes are over-subscribed",
                hex("ecff ffff ffff ffff ffff"));
        corrupt(cases, "random", "random bytes", join(hex("fe"), random(500)));
        corrupt(cases, "in-third-block", "two good blocks, then a bad one", new BlockWriter().stored(false, ascii(300))
                .fixed(false).literals(ascii(50)).endOfBlock().put(0b110, 3).message());
        cases.body("corrupt.after-good", "a valid message, then a corrupt one: the echo, then 1007 or 1002", "§7.2.2",
                subject -> {
                    Peer peer = subject.openDeflating(OFFER);
                    peer.send(text(hex(HELLO)).rsv(RSV1), text(hex("0600")).rsv(RSV1));
                    Event event = peer.next("expected \"Hello\"");
                    if (event instanceof Event.Message message) {
                        peer.match(text("Hello"), message);
                        event = peer.next("expected close 1007");
                    } else {
                        peer.findings().nonStrict("the valid message before the corrupt one was not answered");
                    }
                    failsCorrupt(peer, event);
                });
        script(cases, "corrupt.truncated", "a message that ends inside a stored block fails with 1007 or 1002",
                "§7.2.2",
                peer -> {
                    peer.send(binary(hex("00 6400 9bff 48656c6c6f")).rsv(RSV1));
                    Event event = peer.next("expected close 1007");
                    if (event instanceof Event.Message) {
                        peer.findings().nonStrict("delivers a message whose end is missing");
                        peer.abort();
                    } else {
                        failsCorrupt(peer, event);
                    }
                });
    }

    private static void corrupt(Cases cases, String name, String what, byte[] payload) {
        script(cases, "corrupt." + name, what + " fails with 1007 or 1002", "§7.2.2", peer -> {
            peer.send(binary(payload).rsv(RSV1));
            failsCorrupt(peer);
        });
    }

    private static void failsCorrupt(Peer peer) {
        failsCorrupt(peer, peer.next("expected close 1007"));
    }

    /** No RFC specifies the code: 1007 and 1002 are both correct. */
    private static void failsCorrupt(Peer peer, Event event) {
        boolean plain = event instanceof Event.Close close && close.code() == PROTOCOL_ERROR;
        peer.failed(plain ? PROTOCOL_ERROR : INVALID_FRAME_PAYLOAD_DATA, event);
    }

    // ---- compressed text

    private static void textCases(Cases cases) {
        script(cases, "text.straddling", "code points that are cut by blocks and frames", "RFC 6455 §8.1", peer -> {
            byte[] bytes = "織り物 🧵 ткань".getBytes(UTF_8);
            BlockWriter blocks = new BlockWriter();
            for (byte b : bytes) {
                blocks.stored(false, new byte[]{b});
            }
            peer.send(text(blocks.message()).rsv(RSV1).fragments(1));
            peer.expect(text(bytes));
            peer.close();
        });
        for (String name : new String[]{"tail-alone-80", "overlong-2-c0-80", "surrogate-d800", "above-10ffff-110000",
                "never-ff", "lead-3-tail-then-ascii"}) {
            byte[] bytes = hex(MalformedText.INVALID.get(name).replace("|", ""));
            script(cases, "text.invalid." + name, "compressed invalid text fails with 1007", "RFC 6455 §8.1",
                    peer -> {
                        try (WindowDeflater deflater = new WindowDeflater(15, false)) {
                            peer.send(text(deflater.deflate(join(ascii(100), bytes, ascii(100)))).rsv(RSV1));
                            peer.fails(INVALID_FRAME_PAYLOAD_DATA);
                        }
                    });
        }
        script(cases, "text.truncated", "compressed text that ends inside a code point fails with 1007",
                "RFC 6455 §8.1",
                peer -> {
                    peer.send(text(new BlockWriter().stored(false, hex("41 e7b9")).message()).rsv(RSV1));
                    peer.fails(INVALID_FRAME_PAYLOAD_DATA);
                });
        script(cases, "text.invalid-unfinished",
                "compressed invalid text in a first fragment fails with 1007 before the "
                        + "last one is sent",
                "RFC 6455 §8.1", peer -> {
                    byte[] payload = new BlockWriter().stored(false, hex("41 ff 41")).stored(false, ascii(10))
                            .message();
                    Frame[] frames = text(payload).rsv(RSV1).cutAt(8);
                    peer.send(frames[0]);
                    Utf8.failsEarly(peer, "refuses invalid compressed text only when its message is complete",
                            () -> peer.send(frames[1]));
                });
        script(cases, "text.binary-is-free", "a compressed binary message need not be text", "RFC 6455 §5.6", peer -> {
            peer.send(binary(new BlockWriter().stored(false, hex("ff fe 80 c0")).message()).rsv(RSV1));
            peer.expect(binary(hex("ff fe 80 c0")));
            peer.close();
        });
    }

    private static void bomb(Peer peer) {
        byte[] zeros = new byte[1 << 20];
        try (WindowDeflater deflater = new WindowDeflater(peer.windowBits(), true)) {
            byte[] mebi = deflater.deflate(zeros);
            byte[] tail = hex("0000ffff");
            peer.send(binary(mebi).rsv(RSV1).unfinished());
            for (int i = 1; i < 256; i++) {
                peer.send(continuation(join(tail, mebi)).unfinished());
            }
            peer.send(continuation(""));
        }
        Event event = peer.next("expected close 1009");
        if (event instanceof Event.Message || event instanceof Event.Violation) {
            peer.findings().inform("inflates 256 MiB from 256 KiB");
            peer.abort();
        } else {
            peer.failed(MESSAGE_TOO_BIG, event);
        }
    }
}
