package dev.weft.internal.send;

import dev.weft.internal.close.ClosingHandshake;
import dev.weft.parser.Opcode;
import java.io.IOException;

/**
 * One turn of sending what waits in the outbox, oldest first: pongs, messages (unless one is being streamed), and the Close
 * frame. Entries that are added meanwhile wait for the next turn. Call with the sender's lock held.
 */
final class Drain {
    private final FrameSender sender;
    private final FrameBuffer buffer;
    private final Outbox outbox;
    private final ClosingHandshake closing;
    private final boolean wait;

    Drain(FrameSender sender, FrameBuffer buffer, Outbox outbox, ClosingHandshake closing, boolean wait) {
        this.sender = sender;
        this.buffer = buffer;
        this.outbox = outbox;
        this.closing = closing;
        this.wait = wait;
    }

    /**
     * Runs the turn.
     *
     * @return false if it ended early, because the network did not take everything and this thread may not wait or was
     *         interrupted
     */
    boolean run() throws IOException {
        boolean well = false;
        try {
            outbox.list().takeOver();
            boolean ready = catchUp();
            while (ready && buildNext()) {
                ready = catchUp();
            }
            well = true;
            return ready;
        } finally {
            if (!well) {
                // An accepted message is lost: the connection must end with this reason.
                try {
                    buffer.breakOff("an accepted message could not be sent", null);
                } finally {
                    outbox.end();
                }
            }
        }
    }

    /** Whether the network has taken everything, so that more can be built. */
    private boolean catchUp() throws IOException {
        if (buffer.isBehind()) {
            sender.flush(wait);
        }
        return !buffer.isBehind();
    }

    /** False if nothing is left that may be sent now. */
    private boolean buildNext() throws IOException {
        Outbox.Pong pong = outbox.takePongs();
        OutboxEntry entry = outbox.list().oldest();
        if (pong != null) {
            build(pong);
        } else if (entry != null && (!sender.isStreaming() || entry.isClose() || !closing.isOpen())) {
            buildOldest();
        } else {
            return false;
        }
        return true;
    }

    /** From now on, the entry is neither dropped nor replaced. Until now it may have been, even if it was the only one. */
    private void buildOldest() throws IOException {
        OutboxEntry claimed = outbox.list().claim();
        if (claimed != null) {
            build(claimed);
            outbox.remove(claimed);
        }
    }

    /** The oldest first; none after our Close frame (§5.5.1). */
    private void build(Outbox.Pong pong) throws IOException {
        if (!buffer.isClosed()) {
            if (pong.before() != null) {
                build(pong.before());
            }
            buffer.frame(true, 0, Opcode.PONG, pong.payload(), 0, pong.payload().length, wait);
        }
    }

    /** A message that may no longer be sent is dropped: the peer has closed, or a streamed message was cut off by our Close. */
    private void build(OutboxEntry entry) throws IOException {
        if (entry.isClose()) {
            buffer.close(entry.payload(), wait);
            sender.flush(wait);
        } else if (!sender.isStreaming() && !closing.isReceived()) {
            buffer.message(entry.opcode(), entry.payload(), entry.from(), entry.to(), entry.shared(), false, wait);
        }
    }
}
