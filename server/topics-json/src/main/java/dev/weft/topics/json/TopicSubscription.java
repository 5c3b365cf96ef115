package dev.weft.topics.json;

import dev.weft.topics.Position;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A subscription of a {@link JsonTopicsClient}, over any number of connections, until {@link #unsubscribe}. For any thread; no
 * method waits.
 */
public final class TopicSubscription {
    private static final Logger LOGGER = System.getLogger("dev.weft.topics.json");

    private final JsonTopicsClient client;
    private final String topic;
    private final TopicOptions options;
    private final TopicListener listener;

    /** Written under the client's lock: the request that was sent last, whose answer begins the subscription. */
    private volatile long request;
    private volatile @Nullable Position position;
    private volatile boolean active;

    // Only for the thread that receives.
    private final TreeSet<String> members = new TreeSet<>();
    /** The number of members that the server has not listed. */
    private long unlisted;
    /** Whether it was ever active. */
    private boolean begun;
    /** The number of temporary refusals since it was last active. */
    private int refusals;

    TopicSubscription(JsonTopicsClient client, String topic, TopicOptions options, TopicListener listener) {
        this.client = client;
        this.topic = topic;
        this.options = options;
        this.listener = listener;
        this.position = options.since();
    }

    /** The topic, or the filter with wildcards. */
    public String topic() {
        return topic;
    }

    /**
     * The position from which to continue after the end of the connection. It is that of the last message that the
     * listener has processed and that is not a {@linkplain TopicMessage#isLatest() latest value}, or, without such a
     * message, the position after which the subscription began. An application that stores the position can continue
     * from there with {@link TopicOptions#since}. Before the subscription has begun, it is the position that
     * {@code since} has set, or empty. Always empty for a filter with wildcards.
     */
    public Optional<Position> position() {
        return Optional.ofNullable(position);
    }

    /** Whether the server sends messages now. */
    public boolean isActive() {
        return active;
    }

    /** Ends the subscription. A call of the listener that has begun may still run. A second call does nothing. */
    public void unsubscribe() {
        client.unsubscribe(this);
    }

    // For the client.

    long request() {
        return request;
    }

    ClientRequest.Subscribe begin(long id) {
        request = id;
        Position since = position;
        return new ClientRequest.Subscribe(id, topic, since, since == null ? options.last() : 0, options.presence());
    }

    void end() {
        active = false;
        request = 0;
    }

    boolean matches(String published) {
        return TopicFilter.matches(topic, published);
    }

    /** @param messages the number of messages from the history that follow */
    void subscribed(JsonObject answer, int messages) throws InvalidMessageException {
        // Except for the first time, messages are missing unless the server says that they follow.
        boolean missed = answer.has("recovered") ? !answer.bool("recovered") : begun;
        position = answer.has("position") ? answer.position("position") : null;
        begun = true;
        refusals = 0;
        active = true;
        tell(() -> listener.subscribed(messages));
        if (missed) {
            tell(listener::gap);
        }
    }

    void gap(JsonObject notice) throws InvalidMessageException {
        if (position != null) {
            position = notice.position("position");
        }
        tell(listener::gap);
    }

    void message(TopicMessage message) {
        if (!message.isLatest() && hasReached(message.position())) {
            // It was among the messages from the history, and has come again for a filter.
            return;
        }
        tell(() -> listener.message(message));
        if (position != null && !message.isLatest()) {
            position = message.position();
        }
    }

    private boolean hasReached(Position other) {
        Position own = position;
        return own != null && own.epoch() == other.epoch() && own.offset() >= other.offset();
    }

    void members(TopicMembers present) {
        members.clear();
        members.addAll(present.names());
        unlisted = present.count() - members.size();
        tellMembers();
    }

    /** A change that is in the list already may be told again. */
    void changed(String member, boolean present) {
        if (present ? members.add(member) : members.remove(member)) {
            tellMembers();
        } else if (!present && unlisted > 0) {
            unlisted--;
            tellMembers();
        }
    }

    private void tellMembers() {
        TopicMembers all = new TopicMembers(List.copyOf(members), (int) (members.size() + unlisted));
        tell(() -> listener.presence(all));
    }

    /** Counts a temporary refusal, and returns how many there were before it since the subscription was last active. */
    int refusedForNow() {
        return refusals++;
    }

    void refused(String code, String message) {
        end();
        tell(() -> listener.refused(code, message));
    }

    private void tell(Runnable call) {
        try {
            call.run();
        } catch (RuntimeException e) {
            LOGGER.log(Level.WARNING, "a listener of topic " + topic + " failed", e);
        }
    }

    @Override
    public String toString() {
        return "TopicSubscription[" + topic + ", position " + position + "]";
    }
}
