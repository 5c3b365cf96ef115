package dev.weft.internal.receive;

import dev.weft.CloseReason;
import java.io.IOException;

/** What the receiving side asks of the rest of its connection. Called by the thread that receives. */
public interface ControlFrames {
    /**
     * Answers a ping (RFC 6455 §5.5.2).
     *
     * @param more whether the next frame has arrived, so that this answer may be written together with the next one
     */
    void answerPing(byte[] array, int from, int to, boolean more) throws IOException;

    /** Processes the peer's pong, which may answer pings of this end (§5.5.3). Does not wait. */
    void pong(byte[] array, int from, int to);

    /** Notes the peer's Close frame and answers it (§5.5.1). */
    void answerClose(CloseReason reason) throws IOException;

    /** Sends the frames that are held back, because this thread is about to wait for the peer. */
    void flush() throws IOException;
}
