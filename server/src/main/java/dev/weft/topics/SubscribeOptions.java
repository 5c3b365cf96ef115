package dev.weft.topics;

import dev.weft.PreparedMessage;
import dev.weft.internal.Bounds;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How to subscribe: with which message the subscription begins, and in which form messages are sent. Immutable: each
 * method returns a copy in which one option is changed; {@link #since} and {@link #last} replace each other.
 */
public final class SubscribeOptions {
    /** Sends only messages that are published from now on, in the form in which they were published. */
    public static final SubscribeOptions DEFAULT = new SubscribeOptions(null, 0, Publication::message, null, true,
            null);

    private final @Nullable Position since;
    private final int last;
    private final Function<Publication, PreparedMessage> format;
    private final @Nullable Function<Subscription, PreparedMessage> greeting;
    private final boolean closesWhenBehind;
    private final @Nullable Function<Gap, PreparedMessage> gapNotice;

    private SubscribeOptions(@Nullable Position since, int last, Function<Publication, PreparedMessage> format,
            @Nullable Function<Subscription, PreparedMessage> greeting, boolean closesWhenBehind,
            @Nullable Function<Gap, PreparedMessage> gapNotice) {
        this.since = since;
        this.last = last;
        this.format = format;
        this.greeting = greeting;
        this.closesWhenBehind = closesWhenBehind;
        this.gapNotice = gapNotice;
    }

    /**
     * First sends everything that was published after the message at this position, if the topic still has all of these
     * messages: {@link Subscription#recovery()} says whether it has. Not for a filter with wildcards.
     */
    public SubscribeOptions since(Position position) {
        return new SubscribeOptions(Objects.requireNonNull(position), 0, format, greeting, closesWhenBehind, gapNotice);
    }

    /** First sends the newest messages that the topic still has: at most this many, 1 or more. Not for a filter with wildcards. */
    public SubscribeOptions last(int messages) {
        Bounds.check("last", messages, 1, Integer.MAX_VALUE);
        return new SubscribeOptions(null, messages, format, greeting, closesWhenBehind, gapNotice);
    }

    /**
     * Sends each message in the form that this function gives it, for example with its topic and position. If several
     * subscriptions of a connection match, the most exact one sets the form ({@link Topics}). All
     * subscriptions with the same function object share the result. The function is called by the thread that
     * publishes, must not wait, and must not use these topics. If it throws, or returns {@code null}, the connections
     * of these subscriptions are closed with 1011; all other subscribers get the message.
     */
    public SubscribeOptions format(Function<Publication, PreparedMessage> function) {
        return new SubscribeOptions(since, last, Objects.requireNonNull(function), greeting, closesWhenBehind,
                gapNotice);
    }

    /**
     * Before anything else, sends the message that this function makes of the subscription, for example with its
     * {@link Subscription#recovery()} and {@link Subscription#start()}. Older messages may still wait for another
     * subscription of the connection. A latest value that is published after the greeting does not replace one of these
     * older messages, but is sent after the greeting. The function must not wait, and must not use these topics. An
     * exception that it throws reaches the caller of {@code subscribe}, and the connection is not subscribed.
     */
    public SubscribeOptions greeting(Function<Subscription, PreparedMessage> function) {
        return new SubscribeOptions(since, last, format, Objects.requireNonNull(function), closesWhenBehind, gapNotice);
    }

    /**
     * Whether a connection that refuses a message, because its peer is behind or memory is short, is closed with 1013,
     * so that its client reconnects and asks for the messages that it has missed. True by default. If false, the
     * message is left out, and {@link Subscription#missed()} counts it. If several subscriptions of the connection match
     * the message, it is closed if one of them says so. A message that a connection's own
     * {@link dev.weft.OverflowPolicy} drops does not count as refused.
     */
    public SubscribeOptions closesWhenBehind(boolean closes) {
        return new SubscribeOptions(since, last, format, greeting, closes, gapNotice);
    }

    /**
     * If messages are lost for good between this node and the {@link Backplane}, sends the message that this function
     * makes of the gap, and then the messages after the gap. If a topic has a gap, a connection with several such
     * subscriptions to it gets one notice. The function must not wait, and must not use these topics.
     * If it throws, the connection is closed with 1011. Without such a function, the connection is closed with 1013 if
     * {@link #closesWhenBehind} is true, so that its client reconnects and gets a {@link Recovery}.
     */
    public SubscribeOptions gapNotice(Function<Gap, PreparedMessage> function) {
        return new SubscribeOptions(since, last, format, greeting, closesWhenBehind, Objects.requireNonNull(function));
    }

    @Nullable
    Position since() {
        return since;
    }

    int last() {
        return last;
    }

    Function<Publication, PreparedMessage> format() {
        return format;
    }

    @Nullable
    Function<Subscription, PreparedMessage> greeting() {
        return greeting;
    }

    boolean closesWhenBehind() {
        return closesWhenBehind;
    }

    @Nullable
    Function<Gap, PreparedMessage> gapNotice() {
        return gapNotice;
    }
}
