package dev.weft.topics;

import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Sends one message to all subscribers of its topic. For one thread, which holds the topic's lock. */
final class Delivery {
    private static final Logger LOGGER = System.getLogger("dev.weft.topics");
    /** After this many subscribers, other threads have their turn. */
    private static final int SLICE = 256;

    /** Which value a message replaces: two topics may use the same keys. */
    private record Key(String topic, String key) {}

    private final Publication publication;
    private final @Nullable Key key;
    private final Map<Function<Publication, PreparedMessage>, PreparedMessage> formatted = new IdentityHashMap<>(4);
    private int accepted;
    private int refused;

    Delivery(Publication publication, @Nullable String key) {
        this.publication = publication;
        this.key = key == null ? null : new Key(publication.topic(), key);
    }

    /** Sends to the subscribers of several sets, and once to a connection that is in more than one of them. */
    void run(List<SubscriberSet> sets) {
        Set<WebSocketConnection> served = sets.size() > 1 ? new HashSet<>() : null;
        int count = 0;
        for (SubscriberSet set : sets) {
            for (Subscription each : set.snapshot()) {
                if (each.isActive() && (served == null || served.add(each.connection()))) {
                    to(each);
                    if (++count % SLICE == 0) {
                        Thread.yield();
                    }
                }
            }
        }
    }

    /** Sends to one subscriber. */
    void to(Subscription subscription) {
        PreparedMessage message = formatted(subscription);
        if (message != null && subscription.send(message, key)) {
            accepted++;
        } else {
            refused++;
        }
    }

    private @Nullable PreparedMessage formatted(Subscription subscription) {
        Function<Publication, PreparedMessage> format = subscription.options().format();
        PreparedMessage message = formatted.get(format);
        if (message == null) {
            try {
                message = format.apply(publication);
                formatted.put(format, message);
            } catch (RuntimeException e) {
                LOGGER.log(Level.WARNING, "a message of topic " + publication.topic() + " has no form for "
                        + subscription, e);
                subscription.end();
                subscription.connection().close(1011, "");
            }
        }
        return message;
    }

    int accepted() {
        return accepted;
    }

    int refused() {
        return refused;
    }
}
