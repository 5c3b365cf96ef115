package dev.weft.internal.send;

import dev.weft.OverflowPolicy;
import dev.weft.parser.Opcode;
import java.io.IOException;
import java.util.function.Supplier;

/** What the application may do with the messages that wait without a thread, and ask about them. For any thread. */
public final class QueuedMessages {
    private final FrameSender sender;
    private final FrameBuffer buffer;

    QueuedMessages(FrameSender sender, FrameBuffer buffer) {
        this.sender = sender;
        this.buffer = buffer;
    }

    /** Waits until the network has taken every message that was accepted before, and the frames that are held back. */
    public void flush() throws IOException {
        sender.acquire();
        try {
            sender.awaitTurn();
            sender.flushAndWait();
        } finally {
            sender.release();
        }
    }

    /** Sends a ping after every message that was accepted before; gets the payload under the lock. Waits. */
    public void ping(Supplier<byte[]> payload) throws IOException {
        sender.acquire();
        try {
            sender.awaitTurn();
            byte[] bytes = payload.get();
            buffer.frame(true, 0, Opcode.PING, bytes, 0, bytes.length, true);
            sender.flushAndWait();
        } finally {
            sender.release();
        }
    }

    /** Bytes that wait for the peer, counted in the budget. Does not wait. */
    public long bytes() {
        return sender.waitingBytes();
    }

    /** The number of messages that the policy has dropped. Does not wait. */
    public long dropped() {
        return sender.outbox().dropped();
    }

    /** The number of messages that a later one with the same key has replaced. Does not wait. */
    public long replaced() {
        return sender.outbox().replaced();
    }

    /** Sets what happens to a message for which there is no room. Does not wait. */
    public void policy(OverflowPolicy policy) {
        sender.ownOutbox().policy(policy);
    }

    /** Runs an action once, on its own thread, when few bytes wait, or the connection has ended. Does not wait. */
    public void onDrained(Runnable action) {
        sender.ownOutbox().onDrained(action);
    }
}
