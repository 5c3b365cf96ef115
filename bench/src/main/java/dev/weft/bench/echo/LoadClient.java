package dev.weft.bench.echo;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;

/** One connection of a load: sends messages, and compares each reply with what was sent and when. */
final class LoadClient {
    private final LoadLoop loop;
    private final Messages messages;
    private final SocketChannel channel;
    private final SelectionKey key;
    private final ByteBuffer out;
    /** When each unanswered message was sent or due, by its number; a growing ring buffer. */
    private long[] stamps;
    private long expected;
    private long wanted;
    private long written;
    private long received;
    private long answered;
    private boolean reading = true;
    private long slowest;

    LoadClient(LoadLoop loop, Messages messages, SocketChannel channel, SelectionKey key) {
        this.loop = loop;
        this.messages = messages;
        this.channel = channel;
        this.key = key;
        this.out = messages.writer();
        this.stamps = new long[1];
    }

    /** Sends messages as soon as the socket accepts them; their latency counts from the stamp. */
    void send(int count, long stamp) throws IOException {
        for (int i = 0; i < count; i++) {
            expect(stamp);
        }
        boolean idle = !out.hasRemaining();
        wanted += count;
        if (idle) {
            write();
        }
    }

    /** Waits for a message that another connection sends. */
    void expect(long stamp) {
        if (expected - answered == stamps.length) {
            grow();
        }
        stamps[(int) (expected & stamps.length - 1)] = stamp;
        expected++;
    }

    private void grow() {
        long[] larger = new long[2 * stamps.length];
        for (long i = answered; i < expected; i++) {
            larger[(int) (i & larger.length - 1)] = stamps[(int) (i & stamps.length - 1)];
        }
        stamps = larger;
    }

    /** The number of replies that have not been received. */
    long missing() {
        return expected - answered;
    }

    /** The number of replies received. */
    long answered() {
        return answered;
    }

    /** The longest time of a reply since {@link #forgetSlowest()}. */
    long slowest() {
        return slowest;
    }

    void forgetSlowest() {
        slowest = 0;
    }

    /** Stops or resumes reading. */
    void reading(boolean wanted) {
        reading = wanted;
        updateInterest();
    }

    void ready() throws IOException {
        if (key.isWritable()) {
            write();
        }
        if (key.isReadable()) {
            read(Messages.READ_LENGTH);
        }
    }

    private void write() throws IOException {
        while (true) {
            if (!out.hasRemaining()) {
                if (wanted == written) {
                    break;
                }
                written += messages.point(out, written, wanted - written);
            }
            if (channel.write(out) == 0) {
                break;
            }
        }
        updateInterest();
    }

    private void updateInterest() {
        int interest = (reading ? SelectionKey.OP_READ : 0) | (out.hasRemaining() ? SelectionKey.OP_WRITE : 0);
        if (interest != key.interestOps()) {
            key.interestOps(interest);
        }
    }

    /** Reads once, and compares the bytes with the expected ones. */
    void read(int most) throws IOException {
        ByteBuffer in = loop.in();
        int count = channel.read(in.clear().limit(most));
        if (count < 0) {
            throw new IOException("the server ended a connection that waits for " + missing() + " replies");
        }
        byte[] bytes = loop.bytes();
        in.flip().get(bytes, 0, count);
        int replyLength = messages.replyLength();
        if (received + count > expected * replyLength) {
            throw new IOException("an unexpected reply: the server sent more than it received");
        }
        messages.check(bytes, count, received);
        received += count;
        long complete = received / replyLength;
        if (complete > answered) {
            answer((int) (complete - answered));
        }
    }

    private void answer(int count) throws IOException {
        long now = System.nanoTime();
        for (int i = 0; i < count; i++) {
            long stamp = stamps[(int) (answered & stamps.length - 1)];
            slowest = Math.max(slowest, now - stamp);
            answered++;
            loop.record(stamp, now);
        }
        loop.answered(this, count, now);
    }

    /** Ends the connection with a reset, which leaves no port waiting. */
    void close() {
        Handshakes.reset(channel);
    }
}
