package dev.weft.internal.receive;

import dev.weft.internal.time.ShortTimer;
import dev.weft.internal.time.TimeLimit;
import java.io.InterruptedIOException;

/** What the receiving side asks of its connection. Called by the thread that receives. */
public interface ReceiverOwner extends ControlFrames, StreamOwner {
    /**
     * The connection ends: waits until our Close frame has been written, or cannot be, and shuts down the output.
     *
     * @throws InterruptedIOException if the thread was interrupted first, or the limit has passed
     */
    void completeClose(TimeLimit limit) throws InterruptedIOException;

    /** Calls the reader ahead back, and starts its threads. Any thread. */
    ShortTimer timer();

    /** The maximum number of bytes that are read ahead of the thread that receives. */
    int readAheadSize();

    /** This thread has found the connection's end while no thread received, and will call {@link #endAhead}. Does not wait. */
    void takeEnd();

    /**
     * The connection's end was found while no thread received, and is noted: takes all steps that need not wait for a receive.
     * Waits, until the close deadline at most. On the thread that read ahead.
     */
    void endAhead();
}
