package dev.weft.conform.cases;

import static dev.weft.conform.cases.Payloads.hex;
import static dev.weft.conform.cases.Payloads.join;
import static dev.weft.conform.wire.Frame.binary;
import static dev.weft.conform.wire.Frame.continuation;
import static dev.weft.conform.wire.Frame.ping;
import static dev.weft.conform.wire.Frame.pong;
import static dev.weft.conform.wire.Frame.text;
import static dev.weft.parser.CloseCode.INVALID_FRAME_PAYLOAD_DATA;

import dev.weft.conform.wire.Event;
import dev.weft.conform.wire.Frame;
import dev.weft.conform.wire.Peer;
import dev.weft.conform.wire.Server;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Text is UTF-8, the whole of it and nothing else, and what is not is refused at its first octet (RFC 6455 §8.1). */
final class Utf8 {
    private static final byte[] BEFORE = hex("ceba e1bdb9 cf83 f09fa7b5");
    private static final byte[] AFTER = hex("41 e7b994 c3a4");

    private Utf8() {}

    static void add(Cases cases) {
        MalformedText.VALID.forEach((name, octets) -> valid(cases, name, hex(octets)));
        MalformedText.INVALID.forEach((name, octets) -> invalid(cases, name, hex(octets.replace("|", "")),
                hex(octets.substring(0, octets.indexOf('|'))).length));
        MalformedText.TRUNCATED.forEach((name, octets) -> truncated(cases, name, hex(octets)));
        special(cases);
    }

    // ---- valid text

    private static void valid(Cases cases, String name, byte[] octets) {
        byte[] all = join(BEFORE, octets, AFTER);
        cases.script("valid." + name, "valid text, whole, cut in frames at every octet, and written octet by octet",
                "§8.1", peer -> {
                    peer.echoes(text(octets));
                    peer.echoes(text(all));
                    for (int cut = 0; cut <= octets.length; cut++) {
                        peer.echoes(text(octets).cutAt(cut));
                    }
                    peer.echoes(text(all).cutAt(IntStream.range(1, all.length).toArray()));
                    peer.sendChopped(1, text(all));
                    peer.expect(text(all));
                    peer.sendChopped(1, text(all).fragments(1).toArray(Frame[]::new));
                    peer.expect(text(all));
                    peer.close();
                });
    }

    // ---- invalid text: "good" octets of the sequence could be valid, the next cannot

    private static void invalid(Cases cases, String name, byte[] octets, int good) {
        byte[] all = join(BEFORE, octets, AFTER);
        int bad = BEFORE.length + good;
        cases.body("invalid." + name + ".whole", "invalid text, alone, with text around it, and as the second message, "
                + "fails with 1007", "§8.1", server -> {
                    fails(server.open(), text(octets));
                    fails(server.open(), text(all));
                    Peer peer = server.open();
                    peer.send(text("good"), text(all));
                    peer.failsAfter(INVALID_FRAME_PAYLOAD_DATA, text("good"));
                });
        cases.body("invalid." + name + ".chopped-1", "invalid text, written octet by octet, fails with 1007", "§8.1",
                server -> {
                    Peer peer = server.open();
                    peer.sendChopped(1, text(all));
                    peer.fails(INVALID_FRAME_PAYLOAD_DATA);
                });
        cases.body("invalid." + name + ".fragments",
                "invalid text, cut in two frames at every octet, and a frame to an "
                        + "octet, fails with 1007",
                "§8.1", server -> server.forEach(
                        IntStream.rangeClosed(0, octets.length).boxed().toList(), (cut, part) -> {
                            if (cut < octets.length) {
                                fails(part.open(), text(all).cutAt(BEFORE.length + cut));
                            } else {
                                fails(part.open(), text(all).fragments(1).toArray(Frame[]::new));
                            }
                        }));
        cases.body("invalid." + name + ".dribbled", "invalid text inside one frame fails with 1007 at the first bad "
                + "octet, before the rest of the frame is sent", "§8.1", server -> dribbled(server, all, bad));
        cases.body("invalid." + name + ".unfinished", "invalid text in a first fragment fails with 1007 before the last"
                + " one is sent", "§8.1", server -> unfinished(server, all, bad));
    }

    private static void fails(Peer peer, Frame... frames) {
        peer.send(frames);
        peer.fails(INVALID_FRAME_PAYLOAD_DATA);
    }

    private static void dribbled(Server server, byte[] all, int bad) {
        Peer peer = server.open();
        byte[] octets = text(all).octets();
        int header = octets.length - all.length;
        peer.sendOctets(octets, 0, header + bad);
        Framing.pause();
        peer.sendOctets(octets, header + bad, header + bad + 1);
        failsEarly(peer, "refuses bad text only when its frame is whole",
                () -> peer.sendOctets(octets, header + bad + 1, octets.length));
    }

    private static void unfinished(Server server, byte[] all, int bad) {
        Peer peer = server.open();
        Frame[] frames = text(all).cutAt(bad + 1);
        peer.send(frames[0]);
        failsEarly(peer, "refuses bad text only when its message is whole", () -> peer.send(frames[1]));
    }

    /** §8.1 does not say when a server must notice, so late is weak and not wrong. */
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

    private static void truncated(Cases cases, String name, byte[] octets) {
        byte[] all = join(BEFORE, octets);
        cases.body("truncated." + name, "text that ends inside a code point, whole, in fragments, with an empty last "
                + "fragment, and octet by octet, fails with 1007", "§8.1", server -> {
                    fails(server.open(), text(octets));
                    fails(server.open(), text(all));
                    fails(server.open(), text(all).cutAt(all.length));
                    fails(server.open(), text(all).fragments(1).toArray(Frame[]::new));
                    Peer peer = server.open();
                    peer.sendChopped(1, text(all));
                    peer.fails(INVALID_FRAME_PAYLOAD_DATA);
                    // The next message's octets must not complete it.
                    peer = server.open();
                    peer.send(text(all), text(Arrays.copyOf(hex("808080"), 4 - octets.length)));
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
                + "frames, with pings of any octets between", "§8.1", peer -> {
                    peer.send(text(hex("ce")).unfinished(), ping(hex("ff")), continuation(hex("ba e1")).unfinished(),
                            ping(hex("80")), continuation(hex("bdb9")), binary(hex("ce")), text(hex("41")));
                    peer.expect(text(hex("ceba e1bdb9")), pong(hex("ff")), pong(hex("80")), binary(hex("ce")),
                            text("A"));
                    peer.close();
                });
        cases.script("all-code-points", "every code point there is, 4,382,592 octets in messages of about 64 KiB, is "
                + "echoed", "§8.1", peer -> {
                    for (Frame message : allCodePoints(peer.settings().quick() ? 17 : 1)) {
                        peer.echoes(message);
                    }
                    peer.close();
                });
        cases.body("invalid-after-64K",
                "a bad octet after 65,536 good ones in one frame, dribbled: fails with 1007 before "
                        + "the rest is sent",
                "§8.1", server -> {
                    byte[] good = Payloads.ascii(65_536);
                    dribbled(server, join(good, hex("ff"), good), good.length);
                });
        cases.body("invalid-everywhere", "a bad octet at each of the first 70 places of a frame of text", "§8.1",
                server -> server.forEach(IntStream.range(0, 70).boxed().toList(), (at, part) -> {
                    byte[] octets = Payloads.ascii(100);
                    octets[at] = (byte) 0xff;
                    fails(part.open(), text(octets));
                }));
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
