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
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.weft.tools.conform.wire.Event;
import dev.weft.tools.conform.wire.Failure;
import dev.weft.tools.conform.wire.Frame;
import dev.weft.tools.conform.wire.Peer;
import dev.weft.tools.conform.wire.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Messages in several frames, and frame sequences that are not valid messages (RFC 6455 §5.4). */
final class Fragmentation {
    /**
     * The letters of the words of {@link #orders}: text and binary frames, with FIN (T, B) and without (t, b),
     * continuations with FIN (C) and without (c), and a ping (P).
     */
    private static final String LETTERS = "TtBbCcP";

    private Fragmentation() {}

    static void add(Cases cases) {
        good(cases);
        emptyFragments(cases);
        sizes(cases);
        bad(cases);
        for (int length = 1; length <= 4; length++) {
            int letters = length;
            cases.each("orders." + length, "all " + (int) Math.pow(LETTERS.length(), length) + " orders of " + length
                    + " frames: text, binary, continuation, with FIN and without, ping (one in twenty if quick)",
                    "§5.4", settings -> orders(settings, letters), (word, part) -> order(part.open(), word));
        }
    }

    private static void good(Cases cases) {
        cases.script("text.2", "a text message in two fragments", "§5.4", peer -> {
            peer.echoes(text("Hel").unfinished(), continuation("lo"));
            peer.close();
        });
        cases.script("binary.2", "a binary message in two fragments", "§5.4", peer -> {
            peer.echoes(binary(random(200)).cutAt(100));
            peer.close();
        });
        cases.script("text.10", "a text message in ten fragments", "§5.4", peer -> {
            peer.echoes(text(ascii(1000)).fragments(100).toArray(Frame[]::new));
            peer.close();
        });
        cases.script("text.2.chopped-1", "two fragments, written byte by byte", "§5.4", peer -> {
            peer.sendChopped(1, text("Hel").unfinished(), continuation("lo"));
            peer.expect(text("Hello"));
            peer.close();
        });
        cases.script("text.2.slow", "two fragments, the second sent after a ping and its pong", "§5.4", peer -> {
            peer.send(text("Hel").unfinished());
            peer.send(ping("between"));
            peer.expect(pong("between"));
            peer.send(continuation("lo"));
            peer.expect(text("Hello"));
            peer.close();
        });
        cases.script("cut-everywhere", "a message of 40 bytes cut in two at every byte", "§5.4", peer -> {
            for (int cut = 0; cut <= 40; cut++) {
                peer.echoes(text(ascii(40)).cutAt(cut));
            }
            peer.close();
        });
        cases.script("many-messages", "100 fragmented messages in one write come back in order", "§5.4", peer -> {
            List<Frame> frames = new ArrayList<>();
            List<Frame> messages = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                Frame message = i % 3 == 0 ? binary(random(i)) : text(ascii(i));
                messages.add(message);
                frames.addAll(message.fragments(1 + i % 7));
            }
            peer.send(frames);
            peer.expect(messages);
            peer.close();
        });
        cases.script("after-fragmented", "a whole message after a fragmented one", "§5.4", peer -> {
            peer.echoes(text("Hel").unfinished(), continuation("lo"));
            peer.echoes(binary(random(10)));
            peer.close();
        });
        cases.script("long-and-short", "fragments of every length class in one message", "§5.4", peer -> {
            peer.echoes(binary(random(200_000)).cutAt(0, 1, 126, 252, 65_787, 65_912, 131_448));
            peer.close();
        });
        cases.script("one-byte.1000", "a message in 1,000 fragments of one byte", "§5.4", peer -> {
            peer.echoes(text(ascii(1000)).fragments(1).toArray(Frame[]::new));
            peer.close();
        });
        cases.script("close-inside", "a Close frame inside a fragmented message is answered; the message is dropped",
                "§5.4", peer -> {
                    peer.send(text("Hel").unfinished());
                    peer.close();
                });
    }

    private static void emptyFragments(Cases cases) {
        cases.script("empty.first", "an empty first fragment", "§5.4", peer -> {
            peer.echoes(text("Hello").cutAt(0));
            peer.close();
        });
        cases.script("empty.middle", "an empty fragment in the middle", "§5.4", peer -> {
            peer.echoes(text("Hello").cutAt(3, 3));
            peer.close();
        });
        cases.script("empty.last", "an empty last fragment", "§5.4", peer -> {
            peer.echoes(text("Hello").cutAt(5));
            peer.close();
        });
        cases.script("empty.all-text", "a text message of three empty fragments", "§5.4", peer -> {
            peer.echoes(text("").cutAt(0, 0));
            peer.close();
        });
        cases.script("empty.all-binary", "a binary message of three empty fragments", "§5.4", peer -> {
            peer.echoes(binary(new byte[0]).cutAt(0, 0));
            peer.close();
        });
        cases.script("empty.1000", "1,000 empty fragments around five bytes", "§5.4", peer -> {
            int[] cuts = IntStream
                    .concat(IntStream.generate(() -> 2).limit(500), IntStream.generate(() -> 4).limit(500))
                    .toArray();
            peer.echoes(text("Hello").cutAt(cuts));
            peer.close();
        });
    }

    private static void sizes(Cases cases) {
        for (int fragment : new int[]{1, 2, 125, 126, 127, 997, 1300, 4096, 65_535, 65_536}) {
            cases.script("64K.by-" + fragment, "65,536 bytes of text in fragments of " + fragment, "§5.4", peer -> {
                peer.send(text(ascii(65_536)).fragments(fragment));
                peer.expect(text(ascii(65_536)));
                peer.close();
            });
        }
    }

    private static void bad(Cases cases) {
        for (boolean fin : new boolean[]{true, false}) {
            String suffix = fin ? "" : ".unfinished";
            Frame stray = fin ? continuation("stray") : continuation("stray").unfinished();
            Frame empty = fin ? continuation("") : continuation("").unfinished();
            fails(cases, "stray.first" + suffix, "a continuation without a message", stray, text("never echoed"));
            fails(cases, "stray.empty" + suffix, "an empty continuation without a message", empty,
                    text("never echoed"));
            failsAfter(cases, "stray.after-message" + suffix, "a continuation after a whole message", text("good"),
                    text("good"), stray);
            failsAfter(cases, "stray.after-fragmented" + suffix, "a continuation after the last fragment",
                    text("Hello"), text("Hel").unfinished(), continuation("lo"), stray);
            fails(cases, "stray.after-ping" + suffix, "a continuation after a pong", pong("x"), stray);
        }
        fails(cases, "inside.text", "a text message inside a text message", text("Hel").unfinished(), text("bad"),
                continuation("lo"));
        fails(cases, "inside.binary", "a binary message inside a text message", text("Hel").unfinished(),
                binary(random(3)), continuation("lo"));
        fails(cases, "inside.text-in-binary", "a text message inside a binary message",
                binary(random(3)).unfinished(), text("bad"), continuation("lo"));
        fails(cases, "inside.unfinished", "the first fragment of a message inside a message",
                text("Hel").unfinished(), text("bad").unfinished(), continuation("lo"));
        fails(cases, "inside.empty", "an empty message inside a message", text("Hel").unfinished(), text(""),
                continuation("lo"));
        fails(cases, "inside.after-third", "a message after two fragments", text("Hel").unfinished(),
                continuation("lo").unfinished(), text("bad"));
        cases.script("inside.chopped-1", "a message inside a message, written byte by byte, fails with 1002", "§5.4",
                peer -> {
                    peer.sendChopped(1, text("Hel").unfinished(), text("bad"));
                    peer.fails(PROTOCOL_ERROR);
                });
    }

    private static void fails(Cases cases, String name, String what, Frame... frames) {
        cases.script(name, what + " fails with 1002, and nothing of it is echoed", "§5.4", peer -> {
            peer.send(frames);
            peer.fails(PROTOCOL_ERROR);
        });
    }

    private static void failsAfter(Cases cases, String name, String what, Frame echo, Frame... frames) {
        cases.script(name, what + ": the echo, then 1002", "§5.4", peer -> {
            peer.send(frames);
            peer.failsAfter(PROTOCOL_ERROR, echo);
        });
    }

    private static List<String> orders(Settings settings, int length) {
        int words = (int) Math.pow(LETTERS.length(), length);
        int step = settings.quick() && words > 100 ? 19 : 1;
        List<String> all = new ArrayList<>();
        for (int word = 0; word < words; word += step) {
            StringBuilder letters = new StringBuilder();
            for (int i = 0, rest = word; i < length; i++, rest /= LETTERS.length()) {
                letters.append(LETTERS.charAt(rest % LETTERS.length()));
            }
            all.add(letters.toString());
        }
        return all;
    }

    /** Sends the frames of a word and compares the reaction with a plain model of §5.4. */
    private static void order(Peer peer, String word) {
        List<Frame> frames = new ArrayList<>();
        List<Frame> echoes = new ArrayList<>();
        List<Frame> message = new ArrayList<>();
        int pings = 0;
        boolean broken = false;
        for (int i = 0; i < word.length(); i++) {
            char letter = word.charAt(i);
            String payload = letter + String.valueOf(i);
            Frame frame = switch (Character.toUpperCase(letter)) {
                case 'T' -> text(payload);
                case 'B' -> binary(payload.getBytes(US_ASCII));
                case 'C' -> continuation(payload);
                default -> ping(payload);
            };
            frames.add(Character.isLowerCase(letter) ? frame.unfinished() : frame);
            if (broken) {
                continue;
            }
            if (letter == 'P') {
                pings++;
                continue;
            }
            broken = message.isEmpty() == (Character.toUpperCase(letter) == 'C');
            message.add(frame);
            if (!broken && Character.isUpperCase(letter)) {
                echoes.add(Peer.whole(message.toArray(Frame[]::new)));
                message.clear();
            }
        }
        if (!broken) {
            frames.add(close(1000, ""));
        }
        peer.send(frames);
        conclude(peer, echoes, pings, broken);
    }

    private static void conclude(Peer peer, List<Frame> echoes, int pings, boolean broken) {
        int answered = 0;
        int pongs = 0;
        Event event = peer.next("expected the echoes, then the Close frame");
        while (!(event instanceof Event.Close || event instanceof Event.End)) {
            switch (event) {
                case Event.Message message -> {
                    if (answered == echoes.size()) {
                        throw new Failure("unexpected " + Frame.of(message.opcode(), message.payload()));
                    }
                    peer.match(echoes.get(answered++), message);
                }
                case Event.Pong pong -> pongs++;
                case Event.Violation violation -> throw new Failure(violation.what());
                default -> throw new IllegalStateException(event.toString());
            }
            event = peer.next("expected the echoes, then the Close frame");
        }
        if (pongs > pings) {
            throw new Failure(pings + " pings got " + pongs + " pongs");
        }
        if (broken) {
            peer.failed(PROTOCOL_ERROR, event);
        } else if (event instanceof Event.Close close && close.code() == 1000) {
            peer.ended();
        } else {
            throw new Failure("expected close 1000, got " + event);
        }
        if (!broken && answered < echoes.size()) {
            throw new Failure(
                    "of " + echoes.size() + " messages, " + answered + " were answered before the Close frame");
        }
        if (answered < echoes.size() || pongs < pings) {
            // §5.5.2, §5.5.3: only the most recent ping needs a pong, and none after a Close frame.
            peer.findings().nonStrict(broken
                    ? "good frames before the bad one were not answered"
                    : "of " + pings + " pings, " + pongs + " were answered before the Close frame");
        }
    }
}
