package dev.weft.internal.extension;

import dev.weft.parser.CloseCode;
import dev.weft.parser.ProtocolViolationException;

/**
 * A decoder that refuses what a peer has compressed by more than a ratio. Each compressed byte allows as many plain ones as the
 * ratio; what is left of them is saved, up to {@link #SAVED}, which a connection also has at its beginning: a short message, or
 * one like those before it, may be far smaller than its plain form.
 */
final class BoundedRatio implements Extension.Transform {
    private static final int SAVED = 1 << 16;

    private final Extension.Transform decoder;
    private final int ratio;
    /** The number of plain bytes that are allowed now. */
    private long allowed = SAVED;

    BoundedRatio(Extension.Transform decoder, int ratio) {
        this.decoder = decoder;
        this.ratio = ratio;
    }

    @Override
    public void input(byte[] array, int from, int to, boolean last) throws ProtocolViolationException {
        allowed = Math.min(allowed, SAVED) + (long) ratio * (to - from);
        decoder.input(array, from, to, last);
    }

    @Override
    public int output(byte[] target, int from, int to) throws ProtocolViolationException {
        int count = decoder.output(target, from, to);
        allowed -= count;
        if (allowed < 0) {
            // Not 1009: the message may well be shorter than the limit of its size.
            throw ProtocolViolationException.overLimit(CloseCode.POLICY_VIOLATION, "10.4", "maxCompressionRatio",
                    "messages are compressed by more than maxCompressionRatio " + ratio);
        }
        return count;
    }

    @Override
    public void close() {
        decoder.close();
    }
}
