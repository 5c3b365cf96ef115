package dev.weft.bench.echo;

import dev.weft.parser.FrameWriter;
import dev.weft.parser.Opcode;
import dev.weft.parser.Role;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.Random;

/** What each {@link Visit} sends to a server and expects from it. */
final class VisitScript {
    private static final byte[] NORMAL = {0x03, (byte) 0xe8};

    private final InetSocketAddress address;
    private final byte[] request;
    private final byte[] message;
    private final byte[] reply;
    private final byte[] close;

    VisitScript(int port, int payloadLength) {
        byte[] payload = new byte[payloadLength];
        new Random(1).nextBytes(payload);
        this.address = Handshakes.address(port);
        this.request = Handshakes.request(port, "/");
        this.message = frame(Role.CLIENT, Opcode.BINARY, payload);
        this.reply = frame(Role.SERVER, Opcode.BINARY, payload);
        this.close = frame(Role.CLIENT, Opcode.CLOSE, NORMAL);
    }

    private static byte[] frame(Role role, Opcode opcode, byte[] payload) {
        byte[] bytes = new byte[payload.length + 14];
        int length = new FrameWriter(role).writeFrame(bytes, 0, true, 0, opcode, payload, 0, payload.length);
        return Arrays.copyOf(bytes, length);
    }

    InetSocketAddress address() {
        return address;
    }

    byte[] request() {
        return request;
    }

    byte[] message() {
        return message;
    }

    byte[] reply() {
        return reply;
    }

    byte[] close() {
        return close;
    }
}
