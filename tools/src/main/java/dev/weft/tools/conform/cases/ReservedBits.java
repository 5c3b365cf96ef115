package dev.weft.tools.conform.cases;

import static dev.weft.parser.CloseCode.PROTOCOL_ERROR;
import static dev.weft.tools.conform.cases.Payloads.ascii;
import static dev.weft.tools.conform.wire.Frame.binary;
import static dev.weft.tools.conform.wire.Frame.close;
import static dev.weft.tools.conform.wire.Frame.continuation;
import static dev.weft.tools.conform.wire.Frame.ping;
import static dev.weft.tools.conform.wire.Frame.pong;
import static dev.weft.tools.conform.wire.Frame.text;

import dev.weft.tools.conform.wire.Frame;

/** RSV bits that no negotiated extension uses (RFC 6455 §5.2). */
final class ReservedBits {
    private ReservedBits() {}

    static void add(Cases cases) {
        for (int bits = 1; bits <= 7; bits++) {
            int rsv = bits << 4;
            alone(cases, bits, "text", text("Hello").rsv(rsv));
            alone(cases, bits, "text-empty", text("").rsv(rsv));
            alone(cases, bits, "binary", binary(ascii(300)).rsv(rsv));
            alone(cases, bits, "ping", ping("Hello").rsv(rsv));
            alone(cases, bits, "pong", pong("").rsv(rsv));
            alone(cases, bits, "close", close(1000, "").rsv(rsv));
            alone(cases, bits, "first-fragment", text("Hel").unfinished().rsv(rsv), continuation("lo"));
            alone(cases, bits, "continuation", text("Hel").unfinished(), continuation("lo").rsv(rsv));
            alone(cases, bits, "ping-inside", text("Hel").unfinished(), ping("").rsv(rsv), continuation("lo"));
            cases.script(bits + ".after-message", "a valid message, then RSV bits " + bits
                    + ": the echo, then 1002", "§5.2", peer -> {
                        peer.send(text("good"), text("bad").rsv(rsv), ping("never answered"));
                        peer.failsAfter(PROTOCOL_ERROR, text("good"));
                    });
            cases.script(bits + ".chopped-1", "a valid message and one with RSV bits " + bits
                    + ", written byte by byte: the echo, then 1002", "§5.2", peer -> {
                        peer.sendChopped(1, text("good"), text("bad").rsv(rsv));
                        peer.failsAfter(PROTOCOL_ERROR, text("good"));
                    });
        }
    }

    private static void alone(Cases cases, int bits, String name, Frame... frames) {
        cases.script(bits + "." + name, "RSV bits " + bits + " set (" + name + "): fails with 1002", "§5.2", peer -> {
            peer.send(frames);
            peer.fails(PROTOCOL_ERROR);
        });
    }
}
