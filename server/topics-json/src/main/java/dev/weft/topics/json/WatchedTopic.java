package dev.weft.topics.json;

import dev.weft.PreparedMessage;
import dev.weft.SendResult;
import dev.weft.WebSocketConnection;
import dev.weft.parser.CloseCode;
import dev.weft.topics.Subscription;
import dev.weft.topics.TopicException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The connections that watch one topic, and the members that they have been told. All have been told the same ones, so a change
 * is the difference to those, no matter which node reports it:
 * <ul>
 * <li>A member that joins or leaves on this node is told at once.</li>
 * <li>When anything has changed elsewhere, or may have, a virtual thread reads the members, and what is different is told. It reads
 * them a moment later, then not again for a pause, and if that fails, until it succeeds. It exists only as long as there is
 * something to read.</li>
 * </ul>
 * What is read may be older than what this node is told meanwhile, and that may be older than what is read, if the thread that
 * tells it was held up. So events of this node count more than a read during which they come, and for a while after other nodes
 * have changed something, another read follows them.
 * <p>
 * For any thread. Nothing waits for a broker or a peer under the lock.
 */
final class WatchedTopic {
    private static final Logger LOGGER = System.getLogger("dev.weft.topics.json");
    /** The pause is doubled after each failure in a row, up to this many times. */
    private static final int MOST_DOUBLINGS = 4;

    private final PresenceWatch watch;
    private final String name;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition earlier = lock.newCondition();
    // Guarded by the lock.
    /** Those that watch, with their subscriptions: who is no longer subscribed is told nothing more. */
    private final Map<WebSocketConnection, Subscription> connections = new LinkedHashMap<>();
    /** The members that all connections have been told; {@code null} until they are read for the first time. */
    private @Nullable Set<String> told;
    /** Whether nobody watches any more, for good: the next one needs another object. */
    private boolean over;

    /** Whether the thread exists. */
    private boolean reader;
    /** Whether to read, at this time; the rest are times of {@link System#nanoTime()}, too. */
    private boolean due;
    private long dueAt;
    private long lastRead;
    private long unsettledUntil;
    private int failures;
    /** While the thread reads: what this node is told. */
    private @Nullable Map<String, Boolean> meanwhile;

    WatchedTopic(PresenceWatch watch, String name) {
        this.watch = watch;
        this.name = name;
        this.lastRead = System.nanoTime() - watch.pause().toNanos();
        this.unsettledUntil = lastRead;
    }

    /** Begins to tell a connection, for as long as this subscription is active. Returns false if this is over. */
    boolean add(Subscription subscription) {
        lock.lock();
        try {
            if (over) {
                return false;
            }
            connections.put(subscription.connection(), subscription);
            if (told != null) {
                send(subscription, watch.list(name, told));
            } else if (!due && meanwhile == null) {
                readAt(System.nanoTime());
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Returns whether nobody watches any more. */
    boolean remove(WebSocketConnection connection) {
        lock.lock();
        try {
            connections.remove(connection);
            over |= connections.isEmpty();
            if (over) {
                earlier.signalAll();
            }
            return over;
        } finally {
            lock.unlock();
        }
    }

    /** A member has joined or left on this node. */
    void changed(String member, boolean present) {
        lock.lock();
        try {
            if (meanwhile != null) {
                meanwhile.put(member, present);
            }
            if (System.nanoTime() - unsettledUntil < 0) {
                readSoon();
            }
            if (told != null && told.contains(member) != present) {
                tell(member, present);
            }
        } catch (Throwable e) {
            readSoon();
            throw e;
        } finally {
            lock.unlock();
        }
    }

    /** Members may have joined or left elsewhere. */
    void changed() {
        lock.lock();
        try {
            unsettledUntil = System.nanoTime() + 2 * watch.pause().toNanos();
            readSoon();
        } finally {
            lock.unlock();
        }
    }

    private void readSoon() {
        long soon = System.nanoTime() + watch.delay().toNanos();
        long afterPause = lastRead + watch.pause().toNanos();
        readAt(soon - afterPause > 0 ? soon : afterPause);
    }

    /** At this time, or earlier if that is planned. */
    private void readAt(long time) {
        if (due && time - dueAt >= 0) {
            return;
        }
        if (!reader) {
            // It waits for the lock. Without memory, this fails, and the next event tries again.
            Thread.ofVirtual().name("weft-presence-read").start(this::run);
            reader = true;
        }
        due = true;
        dueAt = time;
        earlier.signalAll();
    }

    // The thread.

    private void run() {
        boolean goesOn = true;
        while (goesOn) {
            try {
                goesOn = awaitTurn();
                if (goesOn) {
                    take(watch.read(name));
                }
            } catch (Throwable e) {
                failed(e);
            }
        }
    }

    /** Returns whether there is something to read. */
    private boolean awaitTurn() throws InterruptedException {
        lock.lock();
        try {
            long left;
            while (due && !over && (left = dueAt - System.nanoTime()) > 0) {
                earlier.awaitNanos(left);
            }
            if (due && !over) {
                meanwhile = new HashMap<>();
                due = false;
            } else {
                reader = false;
            }
            return reader;
        } finally {
            lock.unlock();
        }
    }

    private void take(Collection<String> read) {
        lock.lock();
        try {
            lastRead = System.nanoTime();
            failures = 0;
            if (told == null) {
                unsettledUntil = lastRead + watch.pause().toNanos();
                PreparedMessage list = watch.list(name, read);
                told = new TreeSet<>(read);
                connections.values().forEach(each -> send(each, list));
            }
            Set<String> members = new TreeSet<>(read);
            meanwhile.forEach((member, present) -> {
                if (present) {
                    members.add(member);
                } else {
                    members.remove(member);
                }
            });
            tellDifferences(members);
            if (!meanwhile.isEmpty()) {
                readSoon();
            }
            meanwhile = null;
        } finally {
            lock.unlock();
        }
    }

    private void tellDifferences(Set<String> members) {
        List<String> gone = new ArrayList<>(told);
        gone.removeAll(members);
        gone.forEach(each -> tell(each, false));
        members.stream().filter(each -> !told.contains(each)).forEach(each -> tell(each, true));
    }

    private void failed(Throwable failure) {
        lock.lock();
        try {
            meanwhile = null;
            lastRead = System.nanoTime();
            readAt(lastRead + (watch.pause().toNanos() << Math.min(failures++, MOST_DOUBLINGS)));
        } finally {
            lock.unlock();
        }
        try {
            LOGGER.log(failure instanceof TopicException ? Level.DEBUG : Level.WARNING,
                    "the members of topic " + name + " cannot be read", failure);
        } catch (Throwable e) {
            // Memory is exhausted, or the log fails.
        }
    }

    // Telling.

    private void tell(String member, boolean present) {
        PreparedMessage message = Envelope.change(name, member, present);
        if (present) {
            told.add(member);
        } else {
            told.remove(member);
        }
        connections.values().forEach(each -> send(each, message));
    }

    /** Who misses one change has the wrong members from then on: it has to come back. */
    private static void send(Subscription subscription, PreparedMessage message) {
        if (!subscription.isActive()) {
            return;
        }
        WebSocketConnection connection = subscription.connection();
        SendResult result = connection.trySend(message);
        if (!result.isAccepted() && result != SendResult.CLOSED) {
            connection.close(CloseCode.TRY_AGAIN_LATER, "too slow");
        }
    }
}
