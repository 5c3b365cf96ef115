package dev.weft.topics;

import dev.weft.PreparedMessage;
import dev.weft.SendResult;
import dev.weft.WebSocketConnection;
import dev.weft.internal.connection.BatchSender;
import dev.weft.parser.CloseCode;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A connection's subscription to a topic, or to all topics that match a filter. It ends with the connection. For any thread; no
 * method waits.
 */
public final class Subscription {
    private final WebSocketConnection connection;
    private final String filter;
    private final List<String> levels;
    private final SubscribeOptions options;
    private final AtomicLong missed = new AtomicLong();
    private volatile Recovery recovery = Recovery.NOT_REQUESTED;
    private volatile Position start = new Position(0, 0);
    private volatile Position after = start;
    private volatile int replayed;
    private volatile boolean active;

    Subscription(WebSocketConnection connection, String filter, List<String> levels, SubscribeOptions options) {
        this.connection = connection;
        this.filter = filter;
        this.levels = levels;
        this.options = options;
    }

    /** The connection to which messages are sent. */
    public WebSocketConnection connection() {
        return connection;
    }

    /** The topic, or the filter with wildcards. */
    public String filter() {
        return filter;
    }

    /** Whether the subscription begins with the messages since the position that was given. */
    public Recovery recovery() {
        return recovery;
    }

    /**
     * The position of the last message that was published before this subscription began, or 0:0 if the filter has
     * wildcards. Unless {@link #recovery()} is {@link Recovery#IMPOSSIBLE}, a client that asked for the messages that
     * it has missed gets those up to this position, and then all messages after it.
     */
    public Position start() {
        return start;
    }

    /**
     * The position after which messages are sent: {@link #start()}, or an earlier one if this subscription begins with messages
     * from the history.
     */
    public Position after() {
        return after;
    }

    /** The number of messages from the history with which this subscription begins. */
    public int replayed() {
        return replayed;
    }

    /** Whether messages are still sent. */
    public boolean isActive() {
        return active;
    }

    /**
     * The number of messages that the connection refused, or dropped at once by its {@link dev.weft.OverflowPolicy}. If several
     * subscriptions of the connection match such a message, each of them counts it. Each {@link Gap} without a notice counts as
     * one.
     */
    public long missed() {
        return missed.get();
    }

    List<String> levels() {
        return levels;
    }

    SubscribeOptions options() {
        return options;
    }

    /** Sends the greeting. Nothing else is sent before. Messages from the history follow, up to the last one. */
    void begin(Recovery result, Position last, List<Publication> history) {
        recovery = result;
        start = last;
        replayed = history.size();
        after = history.isEmpty() ? last : before(history.getFirst().position());
        Function<Subscription, PreparedMessage> greeting = options.greeting();
        PreparedMessage first = greeting == null ? null : greeting.apply(this);
        active = true;
        if (first != null) {
            send(first, BatchSender.FENCE, replayed > 0);
        }
    }

    private Position before(Position first) {
        Position since = options.since();
        return since != null ? since : new Position(first.epoch(), first.offset() - 1);
    }

    void end() {
        active = false;
    }

    /** Ends the connection, because a function of the application has failed. */
    void fail() {
        end();
        connection.close(CloseCode.INTERNAL_ERROR, "");
    }

    /**
     * Sends a message, in place of one with the same key that still waits. If the connection refuses it, does what the options
     * say.
     *
     * @param more whether another message follows at once, so that this one may be written with that one
     */
    SendResult send(PreparedMessage message, @Nullable Object key, boolean more) {
        SendResult result = trySend(message, key, more);
        if (!result.isAccepted()) {
            refused(result);
        }
        return result;
    }

    /** The connection has refused a message that this subscription matches. */
    void refused(SendResult result) {
        missed.incrementAndGet();
        if (result != SendResult.DROPPED && options.closesWhenBehind()) {
            end();
            connection.close(CloseCode.TRY_AGAIN_LATER, "too slow");
        }
    }

    private SendResult trySend(PreparedMessage message, @Nullable Object key, boolean more) {
        if (connection instanceof BatchSender sender) {
            return sender.trySend(key, message, more);
        }
        return key == null || key == BatchSender.FENCE
                ? connection.trySend(message)
                : connection.queue().trySendLatest(key, message);
    }

    /** Messages are lost between this node and the broker. */
    void tell(Gap gap) {
        Function<Gap, PreparedMessage> notice = options.gapNotice();
        if (notice != null) {
            try {
                send(notice.apply(gap), BatchSender.FENCE, false);
            } catch (Throwable e) {
                TopicFailures.failed("the notice of a gap of topic", gap.topic(), e);
                fail();
            }
            return;
        }
        missed.incrementAndGet();
        if (options.closesWhenBehind()) {
            end();
            connection.close(CloseCode.TRY_AGAIN_LATER, "messages were lost");
        }
    }

    @Override
    public String toString() {
        return "Subscription[" + filter + ", connection " + connection.id() + "]";
    }
}
