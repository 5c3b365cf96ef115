package dev.weft.internal.send;

import dev.weft.OverflowPolicy.Action;
import dev.weft.SendResult;
import dev.weft.internal.close.ClosingHandshake;
import dev.weft.parser.Opcode;
import dev.weft.parser.deflate.SharedMessage;
import java.io.IOException;
import java.time.Duration;

/**
 * One attempt to send a message without waiting: it is written at once if nothing else is being sent, otherwise put in the
 * outbox.
 */
public final class SendAttempt {
    /** The key of a message that no later one overtakes: what waits before it is no longer replaced. */
    public static final Object FENCE = new Object();
    /** How long the write of a message may take before the peer counts as one that does not keep up. */
    private static final Duration SHORT = Duration.ofMillis(200);

    private final FrameSender sender;
    private final FrameBuffer buffer;
    private final SendLock lock;
    private final ClosingHandshake closing;
    private final SendServices services;

    SendAttempt(FrameSender sender, FrameBuffer buffer, SendLock lock, ClosingHandshake closing,
            SendServices services) {
        this.sender = sender;
        this.buffer = buffer;
        this.lock = lock;
        this.closing = closing;
        this.services = services;
    }

    /**
     * Makes the attempt.
     *
     * @param copied whether the array is the caller's: it is copied if the message has to wait
     * @return whether the message was sent or queued, and if not, why
     */
    public SendResult run(Opcode opcode, byte[] payload, int from, int to, boolean copied) {
        return run(null, opcode, payload, from, to, null, copied, false);
    }

    /**
     * Makes the attempt with a message that replaces the one that waits with the same key.
     *
     * @param copied as for {@link #run}
     */
    public SendResult runLatest(Object key, Opcode opcode, byte[] payload, boolean copied) {
        return run(key, opcode, payload, 0, payload.length, null, copied, false);
    }

    /**
     * Makes the attempt with a message for several connections.
     *
     * @param key  a message that waits with the same key is replaced; {@code null} for none; or {@link #FENCE}
     * @param more whether the caller makes another attempt at once: then this message may be held back
     */
    public SendResult run(Object key, Opcode opcode, SharedMessage message, boolean more) {
        return run(key, opcode, message.bytes(), 0, message.bytes().length, message, false, more);
    }

    private SendResult run(Object key, Opcode opcode, byte[] payload, int from, int to, SharedMessage shared,
            boolean copied, boolean more) {
        if (!closing.isOpen()) {
            return SendResult.CLOSED;
        }
        if (mayWaitInPart(to - from) && acquireIfClear()) {
            return send(opcode, payload, from, to, shared, more);
        }
        Outbox outbox = sender.ownOutbox();
        SendResult result = outbox.offer(new OutboxEntry(opcode, payload, from, to, shared, key), copied,
                keepsUp(outbox));
        if (result == SendResult.PEER_BEHIND && outbox.policy().action() == Action.DISCONNECT) {
            disconnect(outbox);
            return SendResult.CLOSED;
        }
        sender.sendWhatWaits();
        return result;
    }

    /** Takes the lock, without waiting, if a message could be sent at once; false if not. */
    private boolean acquireIfClear() {
        if (!sender.isClear() || !lock.tryLock()) {
            return false;
        }
        if (sender.isClear() && closing.isOpen()) {
            return true;
        }
        sender.release();
        return false;
    }

    /**
     * Lets the Close frame follow the frame that is being written: the peer does not read what waits before it. That is dropped
     * once no more is accepted, so what is sent has no gap.
     */
    private void disconnect(Outbox outbox) {
        if (closing.claim(outbox.policy().closeReason())) {
            services.pool().traffic().refusedSend(buffer.transport().place(), false);
            sender.close();
            outbox.dropMessages(true);
        }
    }

    /** Call with the lock held; this method releases it. */
    private SendResult send(Opcode opcode, byte[] payload, int from, int to, SharedMessage shared, boolean more) {
        try {
            boolean hold = more || services.hasNextFrame().test(Thread.currentThread());
            buffer.message(opcode, payload, from, to, shared, hold, false);
            if (hold) {
                sender.hold();
            } else {
                sender.flushNow();
            }
            return SendResult.ACCEPTED;
        } catch (IOException e) {
            // Already recorded as the reason for the connection's end.
            return SendResult.CLOSED;
        } finally {
            sender.release();
        }
    }

    /** If a part of a large message had to wait, it would exceed a budget that is already spent. */
    private boolean mayWaitInPart(int length) {
        return length <= FrameBuffer.COPIED || !services.pool().budget().isSpent();
    }

    /**
     * Whether a transport that cannot write without waiting has taken everything so far, or is just taking the last of it: the
     * writing thread may not yet have noticed that the peer has already read it.
     */
    private boolean keepsUp(Outbox outbox) {
        return !buffer.transport().writesWithoutWaiting() && !sender.isStreaming()
                && (sender.waitingBytes() == 0 || outbox.list().hasAtMostOne() && !sender.isStuck(SHORT));
    }
}
