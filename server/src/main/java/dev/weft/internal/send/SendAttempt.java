package dev.weft.internal.send;

import dev.weft.SendResult;
import dev.weft.parser.Opcode;
import java.io.IOException;

/** One attempt to send a message without waiting: it is written if nothing is in the way, otherwise put in the outbox. */
final class SendAttempt {
    private final FrameSender sender;
    private final FrameBuffer buffer;
    private final SendServices services;

    SendAttempt(FrameSender sender, FrameBuffer buffer, SendServices services) {
        this.sender = sender;
        this.buffer = buffer;
        this.services = services;
    }

    /** Makes the attempt; the array is copied if it is the caller's and the message has to wait. */
    SendResult run(Opcode opcode, byte[] payload, int from, int to, boolean copied) {
        if (mayWaitInPart(to - from) && sender.acquireIfClear()) {
            return send(opcode, payload, from, to);
        }
        SendResult result = sender.ownOutbox().offer(opcode, payload, from, to, copied, keepsUp());
        sender.sendWhatWaits();
        return result;
    }

    /** Under the lock, which this method releases. */
    private SendResult send(Opcode opcode, byte[] payload, int from, int to) {
        try {
            buffer.message(opcode, payload, from, to, false);
            if (services.hasNextFrame().test(Thread.currentThread())) {
                sender.hold();
            } else {
                sender.flushNow();
            }
            return SendResult.ACCEPTED;
        } catch (IOException e) {
            // Noted as the connection's end.
            return SendResult.CLOSED;
        } finally {
            sender.release();
        }
    }

    /** If a part of a large message had to wait, it would exceed a budget that is already spent. */
    private boolean mayWaitInPart(int length) {
        return length <= FrameBuffer.COPIED || !services.pool().budget().isSpent();
    }

    /** Whether a transport that cannot write without waiting has taken everything so far. */
    private boolean keepsUp() {
        return !buffer.transport().writesWithoutWaiting() && !sender.isStreaming() && sender.waitingBytes() == 0;
    }
}
