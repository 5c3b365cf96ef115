package dev.weft.parser;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/** A frame as tests see it, and its bytes, written in the simplest way (RFC 6455 §5.2). */
public record Frame(boolean fin, int rsv, int opcode, byte[] payload) {

    static Frame of(boolean fin, Opcode opcode, byte[] payload) {
        return new Frame(fin, 0, opcode.code(), payload);
    }

    /** Unmasked, as a server sends it. */
    byte[] bytes() {
        var out = new ByteArrayOutputStream();
        writeHead(out, 0);
        out.writeBytes(payload);
        return out.toByteArray();
    }

    /** Masked, as a client sends it. */
    byte[] bytes(byte[] key) {
        var out = new ByteArrayOutputStream();
        writeHead(out, 0x80);
        out.writeBytes(key);
        for (int i = 0; i < payload.length; i++) {
            out.write(payload[i] ^ key[i % 4]);
        }
        return out.toByteArray();
    }

    private void writeHead(ByteArrayOutputStream out, int mask) {
        int length = payload.length;
        out.write((fin ? 0x80 : 0) | rsv | opcode);
        if (length <= 125) {
            out.write(mask | length);
        } else if (length <= 65535) {
            out.write(mask | 126);
            out.write(length >> 8);
            out.write(length);
        } else {
            out.write(mask | 127);
            out.writeBytes(new byte[4]);
            out.write(length >> 24);
            out.write(length >> 16);
            out.write(length >> 8);
            out.write(length);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Frame f && fin == f.fin && rsv == f.rsv && opcode == f.opcode
                && Arrays.equals(payload, f.payload);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(payload);
    }

    @Override
    public String toString() {
        return (fin ? "FIN " : "") + "rsv " + Integer.toHexString(rsv) + " opcode " + opcode + " ["
                + Hex.string(payload) + "]";
    }
}
