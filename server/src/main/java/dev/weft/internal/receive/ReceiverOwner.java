package dev.weft.internal.receive;

import java.io.IOException;

/** What the receiving side asks of its connection. Called by the thread that receives. */
public interface ReceiverOwner extends ControlFrames, StreamOwner {
    /**
     * The peer's Close frame was received: waits until ours has been written, or cannot be, and shuts down the output.
     *
     * @throws java.io.InterruptedIOException if the thread was interrupted first
     */
    void completeClose() throws IOException;
}
