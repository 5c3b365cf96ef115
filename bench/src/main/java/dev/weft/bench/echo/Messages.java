package dev.weft.bench.echo;

import dev.weft.bench.deflate.Corpus;
import dev.weft.parser.FrameWriter;
import dev.weft.parser.Opcode;
import dev.weft.parser.Role;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

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

    /** The extension that is offered for compressed replies. Without it, a reply would depend on those before it. */
    static final String OFFER = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    private static final int CANDIDATES = 200;
    /** RFC 7692 §7.2.2: what the receiver appends. */
    private static final byte[] TAIL = {0, 0, (byte) 0xff, (byte) 0xff};
    /** RFC 6455 §5.2: the length that says that 16 bits with the length follow. */
    private static final int LENGTH_16 = 126;

    private final String extension;
    private final int cycle;
    private final int batch;
    private final int requestLength;
    private final int replyLength;
    /** The cycle, followed by its beginning again, as long as one write or read may extend beyond the end. */
    private final ByteBuffer requests;
    private final byte[] replies;

    private Messages(String extension, byte[][] requests, byte[][] replies, int batch) {
        this.extension = extension;
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
        return new Messages("", requests, replies, batch);
    }

    /**
     * Text messages that a server compresses and sends back, each by itself and so always in the same way: asks the server for
     * the replies, checks that they are compressed, and takes messages whose replies have the same length.
     *
     * @param path where the server sends a message back to who sent it
     */
    static Messages deflated(int port, String path, int payloadLength, int batch) throws IOException {
        Map<Integer, List<byte[][]>> byLength = new HashMap<>();
        byte[][] candidates = Corpus.messages(payloadLength);
        SocketChannel channel = Handshakes.open(port, path, OFFER, 0);
        try {
            for (byte[] payload : Arrays.copyOf(candidates, CANDIDATES)) {
                byte[] request = frame(Role.CLIENT, Opcode.TEXT, payload);
                channel.write(ByteBuffer.wrap(request));
                byte[] reply = readDeflated(channel.socket().getInputStream(), payload);
                byLength.computeIfAbsent(reply.length, key -> new ArrayList<>()).add(new byte[][]{request, reply});
            }
        } finally {
            Handshakes.reset(channel);
        }
        List<byte[][]> most = byLength.values().stream().max(Comparator.comparingInt(List::size)).orElseThrow();
        List<byte[][]> taken = most.subList(0, Math.min(CYCLE_OF_SMALL, most.size()));
        return new Messages(OFFER, taken.stream().map(each -> each[0]).toArray(byte[][]::new),
                taken.stream().map(each -> each[1]).toArray(byte[][]::new), batch);
    }

    /** Reads a frame of less than 64 KiB, which must be this payload, compressed. */
    private static byte[] readDeflated(InputStream in, byte[] payload) throws IOException {
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        frame.write(in.readNBytes(2));
        byte[] start = frame.toByteArray();
        int length = start.length < 2 ? 0 : start[1];
        if (length == LENGTH_16) {
            byte[] longer = in.readNBytes(2);
            frame.write(longer);
            length = (longer[0] & 0xff) << 8 | longer[1] & 0xff;
        }
        byte[] compressed = in.readNBytes(length);
        frame.write(compressed);
        byte[] result = new byte[payload.length + 1];
        Inflater inflater = new Inflater(true);
        try {
            byte[] whole = Arrays.copyOf(compressed, length + TAIL.length);
            System.arraycopy(TAIL, 0, whole, length, TAIL.length);
            inflater.setInput(whole);
            int count = inflater.inflate(result);
            if (start[0] != (byte) 0xc1 || !Arrays.equals(Arrays.copyOf(result, count), payload)) {
                throw new IOException(
                        "a reply is not compressed, or wrong: " + HexFormat.of().formatHex(frame.toByteArray()));
            }
        } catch (DataFormatException e) {
            throw new IOException("a reply cannot be decompressed", e);
        } finally {
            inflater.end();
        }
        return frame.toByteArray();
    }

    /** The extension to offer to the server; empty for none. */
    String extension() {
        return extension;
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
