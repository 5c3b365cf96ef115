package dev.weft.internal.receive;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * All that a client sends in one life: numbered messages, whole or in fragments, with numbered pings and some pongs between
 * their frames, and an end. The seed decides what.
 */
final class PeerScript {
    /** How it ends. */
    enum End {
        /** A Close frame, after which nothing counts. */
        CLOSE,
        /** The end of the bytes, without a Close frame. */
        CUT,
        /** Bytes that have not been read are lost. */
        RESET,
        /** A frame without a mask. */
        VIOLATION
    }

    /** The largest payload of a control frame (RFC 6455 §5.5). */
    private static final int MOST_CONTROL = 125;
    private static final int TEXT = 0x1;
    private static final int BINARY = 0x2;
    private static final int CLOSE = 0x8;
    private static final int PING = 0x9;
    private static final int PONG = 0xa;
    private static final int FIN = 0x80;
    private static final int MASK = 0x80;

    /** A message: its payload, and where its frames begin and end. */
    record Sent(boolean text, byte[] payload, int begin, int end) {}

    private final Random random;
    private final End end;
    private final List<Sent> messages = new ArrayList<>();
    private final List<Integer> pingEnds = new ArrayList<>();
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final byte[] bytes;
    private final int dataEnd;

    /**
     * A script.
     *
     * @param busy   whether there are many messages, and all are short
     * @param frugal whether all frames have the same size, so that they often end where a buffer does
     */
    PeerScript(Random random, boolean busy, boolean frugal) {
        this.random = random;
        this.end = End.values()[random.nextInt(End.values().length)];
        int count = busy ? 400 : 1 + random.nextInt(40);
        int pingOneIn = 1 + random.nextInt(6);
        for (int i = 0; i < count; i++) {
            if (frugal) {
                addFrugal(i);
            } else {
                addMessage(i, busy ? random.nextInt(40) : length(), pingOneIn);
            }
        }
        perhapsControl(1);
        dataEnd = written.size();
        switch (end) {
            case CLOSE -> {
                frame(FIN | CLOSE, new byte[]{0x03, (byte) 0xe8});
                if (random.nextBoolean()) {
                    // §5.5.1: nothing counts after the Close frame.
                    frame(FIN | PING, ByteBuffer.allocate(4).putInt(Integer.MAX_VALUE).array());
                }
            }
            case VIOLATION -> written.writeBytes(new byte[]{(byte) (FIN | TEXT), 1, 'a'});
            case CUT, RESET -> {
            }
        }
        bytes = written.toByteArray();
    }

    private int length() {
        return switch (random.nextInt(20)) {
            case 0 -> random.nextInt(40_000);
            case 1, 2, 3 -> random.nextInt(5000);
            case 4, 5, 6, 7, 8, 9 -> random.nextInt(600);
            default -> random.nextInt(40);
        };
    }

    /** Frames of 16 bytes. */
    private void addFrugal(int number) {
        if (random.nextInt(8) == 0) {
            ping(10);
        }
        int begin = written.size();
        byte[] payload = payload(number, 10, false);
        frame(FIN | BINARY, payload);
        messages.add(new Sent(false, payload, begin, written.size()));
    }

    private void addMessage(int number, int length, int pingOneIn) {
        perhapsControl(pingOneIn);
        int begin = written.size();
        boolean text = random.nextBoolean();
        byte[] payload = payload(number, length, text);
        int opcode = text ? TEXT : BINARY;
        int at = 0;
        boolean last = false;
        for (int i = 0; !last; i++) {
            last = i == 4 || random.nextInt(3) > 0;
            int to = last ? length : at + random.nextInt(length - at + 1);
            byte[] fragment = java.util.Arrays.copyOfRange(payload, at, to);
            frame((last ? FIN : 0) | (i == 0 ? opcode : 0), fragment);
            if (!last) {
                perhapsControl(pingOneIn);
            }
            at = to;
        }
        messages.add(new Sent(text, payload, begin, written.size()));
    }

    private void perhapsControl(int pingOneIn) {
        while (random.nextInt(pingOneIn + 1) == 0) {
            if (random.nextInt(4) == 0) {
                frame(FIN | PONG, new byte[random.nextInt(MOST_CONTROL + 1)]);
            } else {
                ping(4 + (random.nextInt(3) == 0 ? random.nextInt(MOST_CONTROL - 3) : 0));
            }
        }
    }

    private void ping(int length) {
        frame(FIN | PING, ByteBuffer.allocate(length).putInt(pingEnds.size()).array());
        pingEnds.add(written.size());
    }

    private static byte[] payload(int number, int length, boolean text) {
        byte[] payload = new byte[length];
        for (int i = 0; i < length; i++) {
            int value = (number * 31 + i ^ i >>> 6) * 37;
            payload[i] = text ? (byte) ('a' + Math.floorMod(value, 26)) : (byte) value;
        }
        return payload;
    }

    private void frame(int first, byte[] payload) {
        written.write(first);
        if (payload.length < 126) {
            written.write(MASK | payload.length);
        } else if (payload.length < 1 << 16) {
            written.write(MASK | 126);
            written.writeBytes(ByteBuffer.allocate(2).putShort((short) payload.length).array());
        } else {
            written.write(MASK | 127);
            written.writeBytes(ByteBuffer.allocate(8).putLong(payload.length).array());
        }
        byte[] key = ByteBuffer.allocate(4).putInt(random.nextInt()).array();
        written.writeBytes(key);
        for (int i = 0; i < payload.length; i++) {
            written.write(payload[i] ^ key[i & 3]);
        }
    }

    End end() {
        return end;
    }

    List<Sent> messages() {
        return messages;
    }

    int pings() {
        return pingEnds.size();
    }

    /** How many pings end before this place, or there. */
    int pingsUpTo(long place) {
        int count = 0;
        while (count < pingEnds.size() && pingEnds.get(count) <= place) {
            count++;
        }
        return count;
    }

    /** The end of the first ping that ends after this place, or this place if there is none. */
    int nextPingEnd(int place) {
        int before = pingsUpTo(place);
        return before < pingEnds.size() ? pingEnds.get(before) : place;
    }

    byte[] bytes() {
        return bytes;
    }

    /** Where the last message or ping ends. */
    int dataEnd() {
        return dataEnd;
    }
}
