package dev.weft.bench.echo;

import dev.weft.parser.FrameWriter;
import dev.weft.parser.Opcode;
import dev.weft.parser.Role;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

/**
 * The messages of a load, as the bytes of the requests and of the replies. They form a cycle of different messages, so that a
 * lost, duplicated or misplaced reply is detected at the first byte that differs.
 */
final class Messages {
    /** The maximum size of a read, and so of a comparison. */
    static final int READ_LENGTH = 1 << 18;

    private static final int CYCLE_OF_SMALL = 16;
    private static final int CYCLE_OF_LARGE = 2;
    private static final int LARGE = 1 << 13;
    private static final int LONGEST_HEADER = 14;

    private final int cycle;
    private final int batch;
    private final int requestLength;
    private final int replyLength;
    /** The cycle, followed by its beginning again, as long as one write or read may extend beyond the end. */
    private final ByteBuffer requests;
    private final byte[] replies;

    private Messages(byte[][] requests, byte[][] replies, int batch) {
        this.cycle = requests.length;
        this.batch = batch;
        this.requestLength = requests[0].length;
        this.replyLength = replies[0].length;
        byte[] all = repeat(requests, (cycle + batch) * requestLength);
        this.requests = ByteBuffer.allocateDirect(all.length).put(all).flip();
        this.replies = repeat(replies, cycle * replyLength + READ_LENGTH);
    }

    /**
     * Messages that an echo server sends back unchanged.
     *
     * @param opcode text or binary
     * @param batch  the maximum number of messages in one write
     */
    static Messages echoed(Opcode opcode, int payloadLength, int batch) {
        int cycle = payloadLength < LARGE ? CYCLE_OF_SMALL : CYCLE_OF_LARGE;
        byte[][] requests = new byte[cycle][];
        byte[][] replies = new byte[cycle][];
        Random random = new Random(1);
        for (int i = 0; i < cycle; i++) {
            byte[] payload = new byte[payloadLength];
            random.nextBytes(payload);
            for (int j = 0; opcode == Opcode.TEXT && j < payloadLength; j++) {
                payload[j] = (byte) ('a' + (payload[j] & 0xf));
            }
            requests[i] = frame(Role.CLIENT, opcode, payload);
            replies[i] = frame(Role.SERVER, opcode, payload);
        }
        return new Messages(requests, replies, batch);
    }

    private static byte[] frame(Role role, Opcode opcode, byte[] payload) {
        byte[] bytes = new byte[payload.length + LONGEST_HEADER];
        int length = new FrameWriter(role).writeFrame(bytes, 0, true, 0, opcode, payload, 0, payload.length);
        return Arrays.copyOf(bytes, length);
    }

    private static byte[] repeat(byte[][] messages, int length) {
        byte[] all = new byte[length];
        int each = messages[0].length;
        for (int at = 0, i = 0; at < length; at += each, i = (i + 1) % messages.length) {
            System.arraycopy(messages[i], 0, all, at, Math.min(each, length - at));
        }
        return all;
    }

    int replyLength() {
        return replyLength;
    }

    /** A connection's own view of the requests, with nothing to write yet. */
    ByteBuffer writer() {
        return requests.duplicate().limit(0);
    }

    /** Points a writer at as many of the next {@code wanted} messages as fit in one write. Returns their number. */
    int point(ByteBuffer writer, long first, long wanted) {
        int count = (int) Math.min(batch, wanted);
        int from = (int) (first % cycle) * requestLength;
        writer.limit(from + count * requestLength).position(from);
        return count;
    }

    /**
     * Compares what was read.
     *
     * @param received the number of bytes of replies received before
     */
    void check(byte[] read, int count, long received) throws IOException {
        int from = (int) (received % ((long) cycle * replyLength));
        int differs = Arrays.mismatch(read, 0, count, replies, from, from + count);
        if (differs >= 0) {
            long at = received + differs;
            throw new IOException("a wrong reply: byte " + at % replyLength + " of reply " + at / replyLength
                    + " is " + (read[differs] & 0xff) + ", not " + (replies[from + differs] & 0xff));
        }
    }
}
