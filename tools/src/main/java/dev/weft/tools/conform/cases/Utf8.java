package dev.weft.tools.conform.cases;

import static dev.weft.parser.CloseCode.INVALID_FRAME_PAYLOAD_DATA;
import static dev.weft.tools.conform.cases.Payloads.hex;
import static dev.weft.tools.conform.cases.Payloads.join;
import static dev.weft.tools.conform.wire.Frame.binary;
import static dev.weft.tools.conform.wire.Frame.continuation;
import static dev.weft.tools.conform.wire.Frame.ping;
import static dev.weft.tools.conform.wire.Frame.pong;
import static dev.weft.tools.conform.wire.Frame.text;

import dev.weft.tools.conform.wire.Event;
import dev.weft.tools.conform.wire.Frame;
import dev.weft.tools.conform.wire.Peer;
import dev.weft.tools.conform.wire.Subject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** All text must be UTF-8, and invalid text is refused at its first invalid byte (RFC 6455 §8.1). */
final class Utf8 {
    private static final byte[] BEFORE = hex("ceba e1bdb9 cf83 f09fa7b5");
    private static final byte[] AFTER = hex("41 e7b994 c3a4");

    private Utf8() {}

    static void add(Cases cases) {
        MalformedText.VALID.forEach((name, bytes) -> valid(cases, name, hex(bytes)));
        MalformedText.INVALID.forEach((name, bytes) -> invalid(cases, name, hex(bytes.replace("|", "")),
                hex(bytes.substring(0, bytes.indexOf('|'))).length));
        MalformedText.TRUNCATED.forEach((name, bytes) -> truncated(cases, name, hex(bytes)));
        special(cases);
    }

    // ---- valid text

    private static void valid(Cases cases, String name, byte[] bytes) {
        byte[] all = join(BEFORE, bytes, AFTER);
        cases.script("valid." + name, "valid text, whole, cut in frames at every byte, and written byte by byte",
                "§8.1", peer -> {
                    peer.echoes(text(bytes));
                    peer.echoes(text(all));
                    for (int cut = 0; cut <= bytes.length; cut++) {
                        peer.echoes(text(bytes).cutAt(cut));
                    }
                    peer.echoes(text(all).cutAt(IntStream.range(1, all.length).toArray()));
                    peer.sendChopped(1, text(all));
                    peer.expect(text(all));
                    peer.sendChopped(1, text(all).fragments(1).toArray(Frame[]::new));
                    peer.expect(text(all));
                    peer.close();
                });
    }

    // ---- invalid text: the first `good` bytes of the sequence can begin valid text, the next byte cannot

    private static void invalid(Cases cases, String name, byte[] bytes, int good) {
        byte[] all = join(BEFORE, bytes, AFTER);
        int bad = BEFORE.length + good;
        cases.body("invalid." + name + ".whole", "invalid text, alone, with text around it, and as the second message, "
                + "fails with 1007", "§8.1", 3, subject -> {
                    fails(subject.open(), text(bytes));
                    fails(subject.open(), text(all));
                    Peer peer = subject.open();
                    peer.send(text("good"), text(all));
                    peer.failsAfter(INVALID_FRAME_PAYLOAD_DATA, text("good"));
                });
        cases.body("invalid." + name + ".chopped-1", "invalid text, written byte by byte, fails with 1007", "§8.1",
                subject -> {
                    Peer peer = subject.open();
                    peer.sendChopped(1, text(all));
                    peer.fails(INVALID_FRAME_PAYLOAD_DATA);
                });
        cases.each("invalid." + name + ".fragments",
                "invalid text, cut in two frames at every byte, and a frame to an "
                        + "byte, fails with 1007",
                "§8.1", settings -> IntStream.rangeClosed(0, bytes.length).boxed().toList(), (cut, part) -> {
                    if (cut < bytes.length) {
                        fails(part.open(), text(all).cutAt(BEFORE.length + cut));
                    } else {
                        fails(part.open(), text(all).fragments(1).toArray(Frame[]::new));
                    }
                });
        cases.body("invalid." + name + ".dribbled", "invalid text inside one frame fails with 1007 at the first bad "
                + "byte, before the rest of the frame is sent", "§8.1", subject -> dribbled(subject, all, bad));
        cases.body("invalid." + name + ".unfinished", "invalid text in a first fragment fails with 1007 before the last"
                + " one is sent", "§8.1", subject -> unfinished(subject, all, bad));
    }

    private static void fails(Peer peer, Frame... frames) {
        peer.send(frames);
        peer.fails(INVALID_FRAME_PAYLOAD_DATA);
    }

    private static void dribbled(Subject subject, byte[] all, int bad) {
        Peer peer = subject.open();
        byte[] bytes = peer.bytes(List.of(text(all)));
        int header = bytes.length - all.length;
        peer.sendBytes(bytes, 0, header + bad);
        Framing.pause();
        peer.sendBytes(bytes, header + bad, header + bad + 1);
        failsEarly(peer, "refuses invalid text only when its frame is complete",
                () -> peer.sendBytes(bytes, header + bad + 1, bytes.length));
    }

    private static void unfinished(Subject subject, byte[] all, int bad) {
        Peer peer = subject.open();
        Frame[] frames = text(all).cutAt(bad + 1);
        peer.send(frames[0]);
        failsEarly(peer, "refuses invalid text only when its message is complete", () -> peer.send(frames[1]));
    }

    /** §8.1 does not say when a program must detect this, so a late failure is weak but not wrong. */
    static void failsEarly(Peer peer, String otherwise, Runnable rest) {
        Event event = peer.poll();
        if (event == null) {
            peer.findings().nonStrict(otherwise);
            rest.run();
            event = peer.next("expected close " + INVALID_FRAME_PAYLOAD_DATA);
        }
        peer.failed(INVALID_FRAME_PAYLOAD_DATA, event);
    }

    // ---- text that ends inside a code point

    private static void truncated(Cases cases, String name, byte[] bytes) {
        byte[] all = join(BEFORE, bytes);
        cases.body("truncated." + name, "text that ends inside a code point, whole, in fragments, with an empty last "
                + "fragment, and byte by byte, fails with 1007", "§8.1", 6, subject -> {
                    fails(subject.open(), text(bytes));
                    fails(subject.open(), text(all));
                    fails(subject.open(), text(all).cutAt(all.length));
                    fails(subject.open(), text(all).fragments(1).toArray(Frame[]::new));
                    Peer peer = subject.open();
                    peer.sendChopped(1, text(all));
                    peer.fails(INVALID_FRAME_PAYLOAD_DATA);
                    // The bytes of the next message must not complete the sequence.
                    peer = subject.open();
                    peer.send(text(all), text(Arrays.copyOf(hex("808080"), 4 - bytes.length)));
                    peer.fails(INVALID_FRAME_PAYLOAD_DATA);
                });
    }

    // ---- the rest

    private static void special(Cases cases) {
        cases.script("binary-is-free", "a binary message need not be text", "§5.6", peer -> {
            peer.echoes(binary(hex("80 ff c0 80 ed a0 80 f4 90 80 80 ce")));
            peer.close();
        });
        cases.script("state-is-per-message", "valid messages whose ends and beginnings are cut inside sequences of "
                + "frames, with pings of any bytes between", "§8.1", peer -> {
                    peer.send(text(hex("ce")).unfinished(), ping(hex("ff")), continuation(hex("ba e1")).unfinished(),
                            ping(hex("80")), continuation(hex("bdb9")), binary(hex("ce")), text(hex("41")));
                    peer.expect(text(hex("ceba e1bdb9")), pong(hex("ff")), pong(hex("80")), binary(hex("ce")),
                            text("A"));
                    peer.close();
                });
        cases.script("all-code-points", "every code point, 4,382,592 bytes in messages of about 64 KiB, is "
                + "echoed", "§8.1", peer -> {
                    for (Frame message : allCodePoints(peer.settings().quick() ? 17 : 1)) {
                        peer.echoes(message);
                    }
                    peer.close();
                });
        cases.body("invalid-after-64K",
                "a bad byte after 65,536 good ones in one frame, dribbled: fails with 1007 before "
                        + "the rest is sent",
                "§8.1", subject -> {
                    byte[] good = Payloads.ascii(65_536);
                    dribbled(subject, join(good, hex("ff"), good), good.length);
                });
        cases.each("invalid-everywhere", "a bad byte at each of the first 70 places of a frame of text", "§8.1",
                settings -> IntStream.range(0, 70).boxed().toList(), (at, part) -> {
                    byte[] bytes = Payloads.ascii(100);
                    bytes[at] = (byte) 0xff;
                    fails(part.open(), text(bytes));
                });
    }

    private static List<Frame> allCodePoints(int step) {
        List<Frame> messages = new ArrayList<>();
        StringBuilder message = new StringBuilder();
        for (int codePoint = 0; codePoint <= Character.MAX_CODE_POINT; codePoint += step) {
            if (codePoint < Character.MIN_SURROGATE || codePoint > Character.MAX_SURROGATE) {
                message.appendCodePoint(codePoint);
            }
            if (message.length() >= 32_000) {
                messages.add(text(message.toString()));
                message.setLength(0);
            }
        }
        messages.add(text(message.toString()));
        return messages;
    }
}
