package dev.weft.internal.send;

/**
 * What happens to the frames that a sender has built and not yet written. Changed under the sender's lock.
 * <pre>
 *   IDLE ── built, and the next frame is expected ──▶ HELD
 *   HELD ── a frame that is not held, the next read, or the timer: flush ──▶ IDLE
 *   IDLE ── the network does not take it all, and the thread may not wait ──▶ DRAINING
 *   DRAINING ── a separate thread has written everything ──▶ IDLE
 *
 *   any ── Close frame built, or wire dead ──▶ nothing more is built ({@link dev.weft.internal.close.ClosingHandshake} says so)
 * </pre>
 * A thread that may wait for the network does so in IDLE, with the lock.
 */
enum SendState {
    /** Nothing is built, or the thread that has the lock writes it. */
    IDLE,
    /** Frames are held back for the next write; the timer watches. */
    HELD,
    /** A separate thread writes what the network did not accept at once. */
    DRAINING
}
