package dev.weft.tools.conform.cases;

import static dev.weft.parser.CloseCode.PROTOCOL_ERROR;
import static dev.weft.tools.conform.cases.Payloads.ascii;
import static dev.weft.tools.conform.wire.Frame.continuation;
import static dev.weft.tools.conform.wire.Frame.ping;
import static dev.weft.tools.conform.wire.Frame.text;

import dev.weft.tools.conform.wire.Frame;
import java.util.List;

/** Reserved opcodes: 3 to 7 for data, 11 to 15 for control (RFC 6455 §5.2). */
final class Opcodes {
    private Opcodes() {}

    static void add(Cases cases) {
        for (int opcode : List.of(3, 4, 5, 6, 7, 11, 12, 13, 14, 15)) {
            alone(cases, opcode, "empty", Frame.of(opcode, new byte[0]));
            alone(cases, opcode, "payload", Frame.of(opcode, ascii(5)));
            alone(cases, opcode, "payload-125", Frame.of(opcode, ascii(125)));
            alone(cases, opcode, "payload-126", Frame.of(opcode, ascii(126)));
            alone(cases, opcode, "unfinished", Frame.of(opcode, ascii(5)).unfinished(), continuation("lo"));
            alone(cases, opcode, "inside", text("Hel").unfinished(), Frame.of(opcode, ascii(5)), continuation("lo"));
            cases.script(opcode + ".after-message", "a valid message, then opcode " + opcode + ": the echo, then 1002",
                    "§5.2", peer -> {
                        peer.send(text("good"), Frame.of(opcode, ascii(5)), ping("never answered"));
                        peer.failsAfter(PROTOCOL_ERROR, text("good"));
                    });
            cases.script(opcode + ".chopped-1", "a valid message and opcode " + opcode
                    + ", written byte by byte: the echo, then 1002", "§5.2", peer -> {
                        peer.sendChopped(1, text("good"), Frame.of(opcode, ascii(5)));
                        peer.failsAfter(PROTOCOL_ERROR, text("good"));
                    });
        }
    }

    private static void alone(Cases cases, int opcode, String name, Frame... frames) {
        cases.script(opcode + "." + name, "opcode " + opcode + " (" + name + "): fails with 1002", "§5.2", peer -> {
            peer.send(frames);
            peer.fails(PROTOCOL_ERROR);
        });
    }
}
