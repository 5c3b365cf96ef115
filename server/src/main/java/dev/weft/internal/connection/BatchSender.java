package dev.weft.internal.connection;

import dev.weft.PreparedMessage;
import dev.weft.SendResult;
import dev.weft.internal.Prefetch;
import dev.weft.internal.send.SendAttempt;
import org.jspecify.annotations.Nullable;

/** A connection to which several messages can be sent together. For any thread. */
public interface BatchSender extends Prefetch.Target {
    /** As the key of a message: what is sent after it takes no place before it. It replaces nothing itself. */
    Object FENCE = SendAttempt.FENCE;

    /**
     * Tries to send a message, in place of the one that waits with the same key, if there is a key. Does not wait.
     *
     * @param key  or {@link #FENCE}
     * @param more whether the caller sends this connection another message at once: then this one may be held back for a few
     *             milliseconds, to be written with that one
     */
    SendResult trySend(@Nullable Object key, PreparedMessage message, boolean more);
}
