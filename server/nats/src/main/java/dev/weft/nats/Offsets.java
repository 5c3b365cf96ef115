package dev.weft.nats;

import dev.weft.topics.BackplaneException;
import dev.weft.topics.BackplaneMessage;
import dev.weft.topics.Position;
import dev.weft.topics.TopicLimits;
import io.nats.client.Message;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The offsets of messages in the stream of messages, as this node knows them, and the epoch, which is another one when the
 * stream has begun again. For any thread, except where a method names one.
 */
final class Offsets {
    private static final Logger LOGGER = System.getLogger("dev.weft.nats");
    private static final String BEGUN_ANEW = "the stream of messages has begun anew";
    private static final String OFFSET = "Nats-Sequence";
    private static final String PREVIOUS_OFFSET = "Nats-Last-Sequence";

    private final String prefix;
    private final long size;
    private final int replicas;
    private final Runnable wentBack;
    private volatile Epoch epoch = new Epoch(0, 0);
    /** Whether a message had a lower offset than the one before. */
    private volatile boolean backwards;
    /** The stream as the supervisor has seen it last. */
    private Streams.@Nullable State seen;

    /** What this node knows of the offsets of one epoch. */
    private static final class Epoch {
        final long number;
        /** The highest offset that is known to be given: each later message gets a higher one. */
        final AtomicLong newest;
        /** Whether a later message has got a lower one: the server has lost the stream, and begun it again. */
        volatile boolean over;
        /** The offset of the message that has come last from the server. For the thread that receives. */
        long lastReceived;

        Epoch(long number, long newest) {
            this.number = number;
            this.newest = new AtomicLong(newest);
        }
    }

    /**
     * @param size     the maximum number of bytes of the stream
     * @param wentBack is run if a message has a lower offset than the one before: the supervisor should look
     */
    Offsets(String prefix, long size, int replicas, Runnable wentBack) {
        this.prefix = prefix;
        this.size = size;
        this.replicas = replicas;
        this.wentBack = wentBack;
    }

    long epoch() {
        return epoch.number;
    }

    /** For the supervisor: the connection is new. Makes the stream if there is none, or if it has begun again. */
    void begin(Streams streams, TopicLimits limits) {
        seen = prepare(streams, limits);
        epoch = new Epoch(seen.epoch(), seen.newest());
        backwards = false;
    }

    private Streams.State prepare(Streams streams, TopicLimits limits) {
        Streams.State before = seen;
        Streams.State found = streams.prepareMessages(limits, size, replicas);
        if (found.fragile() && before == null) {
            LOGGER.log(Level.WARNING,
                    "the stream \"{0}\" is in the memory of one server of a cluster: if that restarts, "
                            + "the histories of all topics are lost. Delete the stream, and set replicas to 3",
                    prefix);
        }
        boolean known = before != null && found.epoch() == before.epoch();
        if (known && (epoch.over || !found.continues(before))) {
            // Its offsets would be given twice in one epoch.
            streams.deleteMessages();
            found = streams.prepareMessages(limits, size, replicas);
        }
        return found;
    }

    /** For the supervisor: compares the stream with what was seen before. Returns whether messages may have been missed. */
    boolean mayHaveMissed(Streams streams) {
        boolean mayHave = backwards;
        backwards = false;
        Streams.State now = streams.messages();
        if (!now.continues(seen)) {
            throw BackplaneException.notDone(BEGUN_ANEW);
        }
        seen = now;
        epoch.newest.accumulateAndGet(now.newest(), Math::max);
        return mayHave;
    }

    /** Publishes a message. Waits for the server. */
    Position place(Streams streams, String topic, byte[] message) {
        Epoch current = epoch;
        long known = current.newest.get();
        long offset = streams.place(topic, message);
        if (offset <= known) {
            current.over = true;
            throw BackplaneException.uncertain(BEGUN_ANEW);
        }
        current.newest.accumulateAndGet(offset, Math::max);
        return Position.of(current.number, offset);
    }

    /** Whether the stream was found to have begun again when a message was published. */
    boolean isOver() {
        return epoch.over;
    }

    /** For the thread that receives: gives a message its position. */
    BackplaneMessage placed(BackplaneMessage received, Message message) {
        long offset = Long.parseLong(message.getHeaders().getFirst(OFFSET));
        long previous = Long.parseLong(message.getHeaders().getFirst(PREVIOUS_OFFSET));
        Epoch current = epoch;
        if (offset < current.lastReceived) {
            // Another node may have made the stream again, or a server has lost it.
            backwards = true;
            wentBack.run();
        }
        current.lastReceived = offset;
        return received.at(Position.of(current.number, offset), previous);
    }
}
