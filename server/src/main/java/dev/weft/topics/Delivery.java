package dev.weft.topics;

import dev.weft.PreparedMessage;
import dev.weft.SendResult;
import dev.weft.internal.connection.BatchSender;
import dev.weft.internal.time.TurnQuota;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Sends one message to all subscribers of its topic. What fails for one of them does not keep it from the others. For one
 * thread, which holds the topic's lock.
 */
final class Delivery {
    /** Which value a message replaces: two topics may use the same keys. */
    private record Key(String topic, String key) {}

    private final Publication publication;
    private final @Nullable Object key;
    private final boolean more;
    /** The form of the message for each function that was called; empty if it failed. */
    private final Map<Function<Publication, PreparedMessage>, Optional<PreparedMessage>> forms = new IdentityHashMap<>(
            4);
    private int accepted;
    private int refused;

    /** @param more whether the next message of the topic follows at once */
    Delivery(Publication publication, boolean more) {
        this(publication, publication.key().map(it -> new Key(publication.topic(), it)).orElse(null), more);
    }

    private Delivery(Publication publication, @Nullable Object key, boolean more) {
        this.publication = publication;
        this.key = key;
        this.more = more;
    }

    /**
     * Delivers a message from the history, which replaces nothing. If it is the first one, no newer value is sent before it:
     * otherwise, an older value from the history would follow the newer one.
     */
    static Delivery ofHistory(Publication publication, boolean first, boolean more) {
        return new Delivery(publication, first ? BatchSender.FENCE : null, more);
    }

    /**
     * Sends to the subscribers of several sets. A connection that is in more than one of them gets the message once, as its
     * subscription in the first one says.
     */
    void run(List<SubscriberSet> sets) {
        SubscriberSet.forEachConnection(sets, it -> to(it, sets));
    }

    /** Sends to one subscriber. Returns the number of bytes to count with {@link TurnQuota}. */
    int to(Subscription subscription) {
        return to(subscription, List.of());
    }

    private int to(Subscription subscription, List<SubscriberSet> sets) {
        SendResult result = null;
        int bytes = TurnQuota.FRAME;
        try {
            PreparedMessage message = form(subscription.options().format());
            if (message == null) {
                subscription.fail();
            } else {
                bytes += message.length();
                result = subscription.send(message, key, more);
                if (!result.isAccepted()) {
                    refuse(result, subscription, sets);
                }
            }
        } catch (Throwable e) {
            // Probably without memory, so not even a gap can be reported to it.
            subscription.end();
            subscription.connection().abort();
            TopicFailures.failed("sending a message of topic", publication.topic(), e);
        }
        if (result == null || !result.isAccepted() && result != SendResult.CLOSED) {
            refused++;
        } else if (result.isAccepted()) {
            accepted++;
        }
        return bytes;
    }

    /** The other subscriptions of the connection miss the message, too. */
    private static void refuse(SendResult result, Subscription sent, List<SubscriberSet> sets) {
        for (SubscriberSet set : sets) {
            Subscription other = set.of(sent.connection());
            if (other != null && other != sent) {
                other.refused(result);
            }
        }
    }

    private @Nullable PreparedMessage form(Function<Publication, PreparedMessage> format) {
        Optional<PreparedMessage> known = forms.get(format);
        if (known == null) {
            known = apply(format);
            forms.put(format, known);
        }
        return known.orElse(null);
    }

    private Optional<PreparedMessage> apply(Function<Publication, PreparedMessage> format) {
        try {
            return Optional.of(Objects.requireNonNull(format.apply(publication), "the format returned null"));
        } catch (Throwable e) {
            TopicFailures.failed("the format of topic", publication.topic(), e);
            return Optional.empty();
        }
    }

    int accepted() {
        return accepted;
    }

    int refused() {
        return refused;
    }
}
