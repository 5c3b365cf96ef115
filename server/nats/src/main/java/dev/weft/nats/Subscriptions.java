package dev.weft.nats;

import dev.weft.topics.BackplaneException;
import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.MessageHandler;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The topics and filters to which this node is subscribed. For any thread, but only one at a time subscribes to the same filter,
 * or ends that.
 */
final class Subscriptions {
    private static final Logger LOGGER = System.getLogger("dev.weft.nats");

    private final Subjects subjects;
    private final Duration timeout;
    /** Is told why the server does not get what it is sent. */
    private final Consumer<String> lost;
    private final ReentrantLock lock = new ReentrantLock();
    // Guarded by the lock.
    private final Set<String> filters = new LinkedHashSet<>();
    private @Nullable Dispatcher dispatcher;

    /** Of the client. */
    private volatile Refusals refusals = new Refusals();

    Subscriptions(Subjects subjects, Duration timeout, Consumer<String> lost) {
        this.subjects = subjects;
        this.timeout = timeout;
        this.lost = lost;
    }

    /** There is another client, which knows nothing of them yet. Returns where it reports errors. */
    Refusals beginAnew() {
        Refusals made = new Refusals();
        lock.lock();
        try {
            dispatcher = null;
            refusals = made;
        } finally {
            lock.unlock();
        }
        return made;
    }

    /** The connection is new. Sends all that the client does not know yet. */
    void renew(Connection connection, MessageHandler receiver) {
        lock.lock();
        try {
            if (dispatcher == null) {
                dispatcher = connection.createDispatcher(receiver);
            }
            Dispatcher known = dispatcher;
            filters.forEach(each -> known.subscribe(subjects.channel(each)));
        } finally {
            lock.unlock();
        }
    }

    /**
     * Subscribes. Waits for the network and the server, no longer than the timeout.
     *
     * @param flush returns the connection when the server has done all that it was sent before, or throws BackplaneException, if
     *              that takes longer than the time that it is given
     */
    void add(String filter, Function<Duration, Connection> flush) {
        long end = System.nanoTime() + timeout.toNanos();
        Dispatcher known;
        lock.lock();
        try {
            filters.add(filter);
            known = dispatcher;
        } finally {
            lock.unlock();
        }
        String channel = subjects.channel(filter);
        Refusals current = refusals;
        current.begin(channel);
        try {
            if (known != null) {
                // Without the lock, since the client may wait for the network.
                subscribe(known, channel);
            }
            Connection connection = flush.apply(until(end));
            String refused = current.why(channel, connection, until(end));
            if (refused != null) {
                throw BackplaneException.notDone("NATS refuses the subscription: " + refused);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw BackplaneException.uncertain("interrupted while waiting for NATS", e);
        } finally {
            current.end(channel);
        }
    }

    private static Duration until(long end) {
        return Duration.ofNanos(Math.max(0, end - System.nanoTime()));
    }

    private void subscribe(Dispatcher known, String channel) {
        while (true) {
            try {
                Sending.send(() -> known.subscribe(channel));
                return;
            } catch (BackplaneException e) {
                // The client may believe that it has sent it.
                unsubscribe(known, channel);
                if (!e.isUncertain()) {
                    // After the next connection, what is still wanted is subscribed.
                    lost.accept(String.valueOf(e.getMessage()));
                    throw e;
                }
                // This thread was interrupted meanwhile: now it is known to be.
            }
        }
    }

    /** Ends a subscription. Waits only for the network. */
    void remove(String filter) {
        Dispatcher known;
        lock.lock();
        try {
            known = filters.remove(filter) ? dispatcher : null;
        } finally {
            lock.unlock();
        }
        if (known != null) {
            unsubscribe(known, subjects.channel(filter));
        }
    }

    private static void unsubscribe(Dispatcher known, String channel) {
        try {
            Sending.send(() -> known.unsubscribe(channel));
        } catch (BackplaneException e) {
            // What the server passes until the next connection is dropped.
            LOGGER.log(Level.DEBUG, "a subscription is not ended", e);
        }
    }
}
