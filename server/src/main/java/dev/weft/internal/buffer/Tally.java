package dev.weft.internal.buffer;

/**
 * What one connection has received and sent, for a log. The received counts change on the thread that receives, the sent ones
 * under the sender's lock; other threads may see older ones, until the connection has ended.
 */
public final class Tally {
    private long receivedMessages;
    private long receivedBytes;
    private long sentMessages;
    private long sentBytes;

    void receivedMessages(int messages) {
        receivedMessages += messages;
    }

    void receivedBytes(int bytes) {
        receivedBytes += bytes;
    }

    void sent(int messages, int bytes) {
        sentMessages += messages;
        sentBytes += bytes;
    }

    /** The number of messages received. */
    public long receivedMessages() {
        return receivedMessages;
    }

    /** The number of bytes received. */
    public long receivedBytes() {
        return receivedBytes;
    }

    /** The number of messages sent. */
    public long sentMessages() {
        return sentMessages;
    }

    /** The number of bytes sent in frames. */
    public long sentBytes() {
        return sentBytes;
    }
}
