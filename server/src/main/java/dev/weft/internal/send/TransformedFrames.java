package dev.weft.internal.send;

import dev.weft.internal.buffer.Traffic;
import dev.weft.internal.extension.Extension;
import dev.weft.internal.time.TurnQuota;
import dev.weft.parser.Opcode;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.deflate.SharedMessage;
import java.io.IOException;
import java.util.Arrays;

/**
 * Builds the frames of messages that the extension transforms. Passes an encoder no more than the bytes of one turn at a time,
 * since encoding megabytes takes long. Use it with the sender's lock held.
 */
final class TransformedFrames {
    private static final int OVERHEAD = 64;

    private final FrameBuffer buffer;
    private final Extension extension;
    private final SendLock lock;
    private final Traffic traffic;

    TransformedFrames(FrameBuffer buffer, Extension extension, SendLock lock, Traffic traffic) {
        this.buffer = buffer;
        this.extension = extension;
        this.lock = lock;
        this.traffic = traffic;
    }

    /** Builds a whole message as one frame. */
    void message(Opcode opcode, byte[] payload, int from, int to, boolean wait) throws IOException {
        try {
            byte[] encoded = new byte[Math.max(OVERHEAD, to - from)];
            int length = 0;
            int at = from;
            do {
                int end = turn(at, to);
                extension.encoder().input(payload, at, end, end == to);
                while (true) {
                    length += extension.encoder().output(encoded, length, encoded.length);
                    if (length < encoded.length) {
                        break;
                    }
                    encoded = Arrays.copyOf(encoded, 2 * encoded.length);
                }
                lock.spend(TurnQuota.DEFLATED * (end - at), wait);
                at = end;
            } while (at < to);
            count(to - from, length);
            buffer.frame(true, extension.rsv(), opcode, encoded, 0, length, wait);
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    /** Builds a message for several connections as one frame. */
    void message(Opcode opcode, SharedMessage message, boolean wait) throws IOException {
        try {
            byte[] plain = message.bytes();
            boolean isNew = extension.isNew(message);
            byte[] encoded = extension.share(message);
            if (isNew) {
                lock.spend(TurnQuota.DEFLATED * Math.min(plain.length, TurnQuota.BYTES), wait);
            }
            if (encoded != plain) {
                count(plain.length, encoded.length);
            }
            buffer.frame(true, encoded == plain ? 0 : extension.rsv(), opcode, encoded, 0, encoded.length, wait);
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    /**
     * Builds a piece of a message in fragments: as one frame or several, or as none if the extension has no output yet.
     *
     * @return the opcode of the next fragment
     */
    Opcode piece(boolean fin, Opcode opcode, byte[] payload, int from, int to, boolean wait) throws IOException {
        try {
            Opcode next = opcode;
            int at = from;
            do {
                int end = turn(at, to);
                next = pieceOfTurn(fin && end == to, next, payload, at, end, wait);
                lock.spend(TurnQuota.DEFLATED * (end - at), wait);
                at = end;
            } while (at < to);
            return next;
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    /** The end of a turn that begins at this position. */
    private static int turn(int from, int to) {
        return from + Math.min(to - from, TurnQuota.BYTES);
    }

    private Opcode pieceOfTurn(boolean fin, Opcode opcode, byte[] payload, int from, int to, boolean wait)
            throws IOException, ProtocolViolationException {
        // With room for bytes that do not compress, so that one output empties the encoder.
        byte[] encoded = new byte[(to - from) + (to - from) / 8 + OVERHEAD];
        extension.encoder().input(payload, from, to, fin);
        Opcode next = opcode;
        int plain = to - from;
        int count;
        do {
            count = extension.encoder().output(encoded, 0, encoded.length);
            count(plain, count);
            plain = 0;
            boolean last = count < encoded.length;
            if (count > 0 || fin && last) {
                // RSV bits are set on the first fragment only (RFC 7692 §6).
                buffer.frame(fin && last, next == Opcode.CONTINUATION ? 0 : extension.rsv(), next, encoded, 0, count,
                        wait);
                next = Opcode.CONTINUATION;
            }
        } while (count == encoded.length);
        return next;
    }

    private void count(int plain, int compressed) {
        traffic.compressed(buffer.transport().place(), plain, compressed);
    }

    /**
     * Ends the connection after the encoder has failed part-way, or the frame of what it has encoded could not be built, for
     * example because memory is exhausted: its state no longer matches the peer's decoder.
     */
    private IOException failed(Throwable e) {
        if (e instanceof IOException failure) {
            // A write failed, which is already recorded as the reason for the connection's end.
            return failure;
        }
        IOException reason = buffer.breakOff("a message could not be encoded", e);
        if (e instanceof ProtocolViolationException) {
            throw new IllegalStateException(
                    "the encoder reported a violation by the peer, but it never processes the peer's bytes", e);
        }
        return reason;
    }
}
