package dev.weft.nats;

import io.nats.client.Connection;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Which subscriptions the server has refused, for example because the user has no permission. The client returns as if it had
 * subscribed, and reports the error later, on a thread of its own. For any thread.
 */
final class Refusals {
    private static final String FORBIDDEN = "Permissions Violation";
    private static final String TOO_MANY = "maximum subscriptions exceeded";

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // Guarded by the lock.
    private long reported;
    /** Why each subject that is being subscribed was refused; empty if it was not. */
    private final Map<String, String> attempts = new HashMap<>();

    /** A subject is about to be subscribed, by one thread at a time. {@link #end} must follow. */
    void begin(String subject) {
        lock.lock();
        try {
            attempts.put(subject, "");
        } finally {
            lock.unlock();
        }
    }

    void end(String subject) {
        lock.lock();
        try {
            attempts.remove(subject);
        } finally {
            lock.unlock();
        }
    }

    /** The server has reported an error. Returns whether it has refused something. */
    boolean reported(String error) {
        boolean tooMany = error.startsWith(TOO_MANY);
        boolean forbidden = error.startsWith(FORBIDDEN);
        lock.lock();
        try {
            reported++;
            if (tooMany || forbidden) {
                // Without a name, it may be any of those that are being subscribed.
                attempts.replaceAll(
                        (subject, why) -> tooMany || error.contains(" \"" + subject + "\"") ? error : why);
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        return tooMany || forbidden;
    }

    /**
     * Why the server has refused the subject, or {@code null}. Called when the client has received the answer to it; waits, no
     * longer than this, until the client has reported all errors that came before.
     */
    @Nullable
    String why(String subject, Connection connection, Duration longest) throws InterruptedException {
        long errors = connection.getStatistics().getErrs();
        long left = longest.toNanos();
        lock.lockInterruptibly();
        try {
            while (reported < errors && left > 0) {
                left = changed.awaitNanos(left);
            }
            String why = attempts.getOrDefault(subject, "");
            return why.isEmpty() ? null : why;
        } finally {
            lock.unlock();
        }
    }
}
