package dev.weft.tools.conform.cases;

import static dev.weft.tools.conform.cases.Payloads.ascii;
import static dev.weft.tools.conform.cases.Payloads.random;
import static dev.weft.tools.conform.wire.Frame.binary;
import static dev.weft.tools.conform.wire.Frame.continuation;
import static dev.weft.tools.conform.wire.Frame.ping;
import static dev.weft.tools.conform.wire.Frame.pong;
import static dev.weft.tools.conform.wire.Frame.text;

import dev.weft.tools.conform.wire.Frame;
import dev.weft.tools.conform.wire.Peer;
import java.util.List;

/** Frames in the same segment as the head of the opening handshake (RFC 6455 §4.1). */
final class FirstFrames {
    private FirstFrames() {}

    static void add(Cases cases) {
        first(cases, "text", List.of(text("Hello")), List.of(text("Hello")));
        first(cases, "three", List.of(text("one"), binary(random(300)), text("three")),
                List.of(text("one"), binary(random(300)), text("three")));
        first(cases, "ping", List.of(ping("first")), List.of(pong("first")));
        first(cases, "fragments", List.of(text("Hel").unfinished(), ping("p"), continuation("lo")),
                List.of(pong("p"), text("Hello")));
        first(cases, "64K", List.of(binary(random(65_536))), List.of(binary(random(65_536))));
        int[] cuts = {1, 2, 5, 6, 7, 50};
        cases.body("first-frames.half", "half a frame comes with the head, the rest later", "§4.1", cuts.length,
                subject -> {
                    byte[] bytes = text(ascii(100)).bytes(subject.side().other());
                    for (int cut : cuts) {
                        Peer peer = subject.openWithBytes(bytes, cut);
                        Framing.pause();
                        peer.sendBytes(bytes, cut, bytes.length);
                        peer.expect(text(ascii(100)));
                        peer.close();
                    }
                });
    }

    private static void first(Cases cases, String name, List<Frame> frames, List<Frame> answers) {
        cases.body("first-frames." + name, "frames in the same write as the head are answered (" + name + ")", "§4.1",
                subject -> {
                    Peer peer = subject.open(frames.toArray(Frame[]::new));
                    peer.expect(answers);
                    peer.close();
                });
    }
}
