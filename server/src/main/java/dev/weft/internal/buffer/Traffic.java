package dev.weft.internal.buffer;

import dev.weft.internal.time.DurationCounts;
import java.util.concurrent.atomic.AtomicLongArray;
import org.jspecify.annotations.Nullable;

/**
 * Counts the messages and bytes of all connections of a server or client, and what happens to messages. Each place where
 * threads run, such as a loop, has counters of its own, so that a message changes nothing that all loops share; without places,
 * threads are spread over some. For any thread; does not wait or allocate.
 */
public final class Traffic {
    /** Without places. */
    private static final int STRIPES = 16;
    /** In numbers of counters: those of two places share no cache line, nor two lines that are fetched together. */
    private static final int LENGTH = 64;
    private static final int FIRST = 16;

    private static final int RECEIVED_MESSAGES = FIRST;
    private static final int RECEIVED_BYTES = FIRST + 1;
    private static final int SENT_MESSAGES = FIRST + 2;
    private static final int SENT_BYTES = FIRST + 3;
    private static final int PLAIN_SENT = FIRST + 4;
    private static final int COMPRESSED_SENT = FIRST + 5;
    private static final int PLAIN_RECEIVED = FIRST + 6;
    private static final int COMPRESSED_RECEIVED = FIRST + 7;
    private static final int PEER_BEHIND = FIRST + 8;
    private static final int SERVER_FULL = FIRST + 9;
    private static final int DROPPED_MESSAGES = FIRST + 10;
    private static final int REPLACED_MESSAGES = FIRST + 11;

    private final int places;
    private final AtomicLongArray[] counters;
    private final DurationCounts latency;
    /** Counts the same for one connection; {@code null} if these are not one connection's. */
    private final @Nullable Tally tally;

    /** Nothing yet, for threads that run at places; their number may be 0. */
    Traffic(int places) {
        this.places = places;
        this.counters = new AtomicLongArray[places == 0 ? STRIPES : places];
        for (int i = 0; i < counters.length; i++) {
            counters[i] = new AtomicLongArray(LENGTH);
        }
        this.latency = new DurationCounts();
        this.tally = null;
    }

    private Traffic(Traffic shared, Tally tally) {
        this.places = shared.places;
        this.counters = shared.counters;
        this.latency = shared.latency;
        this.tally = tally;
    }

    /** The same counters, for one connection whose messages and bytes are also counted by themselves. */
    Traffic with(Tally ofConnection) {
        return new Traffic(this, ofConnection);
    }

    /** What one connection has received and sent; {@code null} if these are the counters of all. */
    public @Nullable Tally tally() {
        return tally;
    }

    /** The peer has sent this number of messages; one that is read as a stream counts when it begins. */
    public void receivedMessages(int place, int messages) {
        add(place, RECEIVED_MESSAGES, messages);
        if (tally != null) {
            tally.receivedMessages(messages);
        }
    }

    /** These bytes were read from the network. */
    public void receivedBytes(int place, int bytes) {
        add(place, RECEIVED_BYTES, bytes);
        if (tally != null) {
            tally.receivedBytes(bytes);
        }
    }

    /** These bytes were written to the network, with the end of this number of messages. */
    public void sent(int place, int messages, int bytes) {
        if (messages > 0) {
            add(place, SENT_MESSAGES, messages);
        }
        add(place, SENT_BYTES, bytes);
        if (tally != null) {
            tally.sent(messages, bytes);
        }
    }

    /** Bytes of messages were compressed to fewer, or more. */
    public void compressed(int place, int plain, int compressed) {
        add(place, PLAIN_SENT, plain);
        add(place, COMPRESSED_SENT, compressed);
    }

    /** Compressed bytes of messages were received, or plain ones recovered from them. */
    public void decompressed(int place, int compressed, int plain) {
        add(place, COMPRESSED_RECEIVED, compressed);
        add(place, PLAIN_RECEIVED, plain);
    }

    /** A message was not sent because too much waits already: for its peer, or for all peers together. */
    public void refusedSend(int place, boolean all) {
        add(place, all ? SERVER_FULL : PEER_BEHIND, 1);
    }

    /** The times between pings and their pongs. */
    public DurationCounts latency() {
        return latency;
    }

    /** A message was dropped because its queue was full. */
    public void dropped() {
        add(-1, DROPPED_MESSAGES, 1);
    }

    /** A later message with the same key took the place of a message that waited. */
    public void replaced() {
        add(-1, REPLACED_MESSAGES, 1);
    }

    private void add(int place, int counter, int count) {
        int index = place >= 0 && place < places
                ? place
                : (int) (Thread.currentThread().threadId() % counters.length);
        counters[index].getAndAdd(counter, count);
    }

    /** The number of messages received so far. */
    public long receivedMessages() {
        return sum(RECEIVED_MESSAGES);
    }

    /** The number of bytes received so far. */
    public long receivedBytes() {
        return sum(RECEIVED_BYTES);
    }

    /** The number of messages sent so far. */
    public long sentMessages() {
        return sum(SENT_MESSAGES);
    }

    /** The number of bytes sent so far. */
    public long sentBytes() {
        return sum(SENT_BYTES);
    }

    /** The number of bytes of messages before they were compressed, so far. */
    public long plainBytesSent() {
        return sum(PLAIN_SENT);
    }

    /** The number of bytes of messages after they were compressed, so far. */
    public long compressedBytesSent() {
        return sum(COMPRESSED_SENT);
    }

    /** The number of bytes of compressed messages received, after they were decompressed, so far. */
    public long plainBytesReceived() {
        return sum(PLAIN_RECEIVED);
    }

    /** The number of bytes of compressed messages received, so far. */
    public long compressedBytesReceived() {
        return sum(COMPRESSED_RECEIVED);
    }

    /** The number of messages that were not sent because too much waited for their peer, so far. */
    public long refusedForPeer() {
        return sum(PEER_BEHIND);
    }

    /** The number of messages that were not sent because too much waited in all, so far. */
    public long refusedForServer() {
        return sum(SERVER_FULL);
    }

    /** The number of messages that were dropped because their queue was full. */
    public long droppedMessages() {
        return sum(DROPPED_MESSAGES);
    }

    /** The number of waiting messages that a later one with the same key has replaced. */
    public long replacedMessages() {
        return sum(REPLACED_MESSAGES);
    }

    private long sum(int counter) {
        long sum = 0;
        for (AtomicLongArray each : counters) {
            sum += each.get(counter);
        }
        return sum;
    }
}
