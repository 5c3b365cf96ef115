package dev.weft.internal.receive;

import dev.weft.internal.time.ShortTimer;
import dev.weft.internal.time.TimeLimit;
import java.io.InterruptedIOException;

/** What the receiving side asks of its connection. Called by the thread that receives. */
public interface ReceiverOwner extends ControlFrames, StreamOwner {
    /** Whether messages may be sent: no Close frame was sent or received, and nothing broke. From any thread. */
    boolean isOpen();

    /**
     * Ends the connection: waits until our Close frame has been written, or cannot be, and shuts down the output.
     *
     * @throws InterruptedIOException if the thread was interrupted first, or the limit has passed
     */
    void completeClose(TimeLimit limit) throws InterruptedIOException;

    /** Cuts the connection off. Does not wait or throw, and needs no memory. From any thread. */
    void abort();

    /**
     * Ends the connection, which cannot continue: nothing more is sent or received. Does not wait or throw, and needs no
     * memory. From any thread.
     *
     * @param cause the error that is the reason
     */
    void breakOff(String why, Error cause);

    /** This thread has waited for the peer, so other threads could run. */
    void hasWaited();

    /** The timer that calls the reader ahead, and starts its threads. For any thread. */
    ShortTimer timer();

    /** The maximum number of bytes that are read ahead of the thread that receives. */
    int readAheadSize();

    /**
     * Called when this thread has found the connection's end while no thread received; it will call {@link #endAhead}. Does not
     * wait.
     */
    void takeEnd();

    /**
     * Called when the connection's end was found while no thread received, and is recorded: takes all steps that do not need a
     * receive. Waits, until the close deadline at most. On the thread that read ahead.
     */
    void endAhead();
}
