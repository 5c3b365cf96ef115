package dev.weft;

import java.io.IOException;
import java.time.Duration;

/**
 * The queue of a connection: the messages that {@code trySend} has accepted and that the network has not accepted yet.
 * Any thread may call any method at any time. Only {@link #flush} and {@link #barrier} wait, in the calling thread. Not
 * for applications to implement.
 * <p>
 * <b>The latest value.</b> A peer that reads slowly often needs only the latest value of each thing, such as a price.
 * {@code trySendLatest} queues at most one message for each key: a later one replaces the one that waits, in its place.
 * {@snippet class = "dev.weft.server.Snippets" region = "latest"} A value takes the place of the one that it replaces,
 * not the last place in the queue. So each key gets its turn however often it changes, the queue has at most one
 * message for each key, and the time to replace one does not depend on the length of the queue. But a value can arrive
 * before messages that the same thread sent between the two values. To keep their order, send without a key. A message
 * whose frame has been begun is no longer replaced.
 */
public interface SendQueue {
    /**
     * Tries to send a text message, as {@link WebSocketConnection#trySend(String)} does; if it has to wait, it replaces
     * the message that waits with the same key. If the replaced message was shorter and there is no room for the
     * difference, the {@link OverflowPolicy} applies; after a refusal, the earlier message still waits. A message with a
     * key counts 128 bytes more than its length. Never waits.
     *
     * @param key compared by {@code equals}; its {@code hashCode} and {@code equals} must be quick and must not wait. It
     *            is kept while its message waits.
     * @return whether the message was accepted, and if not, why
     * @throws IllegalArgumentException if the text has an unpaired surrogate; nothing is sent then
     */
    SendResult trySendLatest(Object key, String text);

    /**
     * Tries to send a binary message, otherwise as {@link #trySendLatest(Object, String)}. The array can be reused when
     * the method returns.
     */
    SendResult trySendLatest(Object key, byte[] binary);

    /**
     * Tries to send a message that is prepared for any number of connections, otherwise as {@link
     * #trySendLatest(Object, String)}.
     */
    SendResult trySendLatest(Object key, PreparedMessage message);

    /**
     * Waits until the network of this machine has accepted every message that was sent or queued before this call. The
     * peer may not have received them yet: see {@link #barrier}. Waits as {@link WebSocketConnection#send(String)} does:
     * if the network accepts nothing within the {@link ConnectionTimeouts#writeTimeout()}, the connection is aborted.
     *
     * @throws IllegalStateException          if this thread has a streamed message open on this connection
     * @throws ConnectionClosedException      if a Close frame was sent, or the connection has ended
     * @throws java.io.InterruptedIOException if this thread was interrupted while it waited
     * @throws IOException                    if an I/O error occurs
     */
    void flush() throws IOException;

    /**
     * Waits until the peer's WebSocket implementation has read every message that was sent or queued before this call:
     * sends a ping after them and waits for its pong (§5.5.2, §5.5.3). First waits until the ping has been sent, as
     * {@link #flush} does, and then no longer than the timeout. The peer's application may not have processed the
     * messages yet. Several threads may call this at the same time. A pong that answers no ping, or an earlier ping,
     * does not end the wait.
     *
     * @param timeout 1 ms to 20 days
     * @return the time from sending the ping to receiving the pong that answered it
     * @throws IllegalArgumentException       if the timeout is not within its bounds
     * @throws PingTimeoutException           if no pong was received in time; the connection stays open
     * @throws IllegalStateException          as {@link #flush}
     * @throws ConnectionClosedException      if a Close frame was sent or received, or the connection has ended
     * @throws java.io.InterruptedIOException if this thread was interrupted while it waited
     * @throws IOException                    if an I/O error occurs
     */
    Duration barrier(Duration timeout) throws IOException;

    /**
     * The number of bytes that wait for the peer: each message in the queue as {@link ConnectionLimits#maxQueuedSize()}
     * counts it, and the buffers of frames that the network has not accepted completely. 0 if nothing waits.
     */
    long queuedBytes();

    /**
     * The number of messages that this connection's {@link OverflowPolicy} has dropped. Messages that were refused do
     * not count, nor those that were lost because the connection ended.
     */
    long droppedMessages();

    /** The number of messages that waited and were replaced by a later one with the same key. */
    long replacedMessages();

    /**
     * Runs an action once, on its own virtual thread, as soon as the queue has drained: at most
     * {@link ConnectionLimits#queueLowWaterMark()} bytes are queued, or the connection has ended. Runs the action at
     * once if this is already so. Call this after a refusal to learn when to try again: the action runs exactly once,
     * whether the queue drains before or after the call. Several actions run in any order. An exception that an action
     * throws is passed to the uncaught exception handler of its thread.
     * <p>
     * A message may be refused again if it is longer than the difference between
     * {@link ConnectionLimits#maxQueuedSize()} and the low-water mark. With a mark of 0, one message of any length is
     * accepted after the queue has drained.
     */
    void onDrained(Runnable action);

    /**
     * Sets the policy of this connection, in place of that of its endpoint, for messages that are sent from now on.
     */
    void overflowPolicy(OverflowPolicy policy);
}
