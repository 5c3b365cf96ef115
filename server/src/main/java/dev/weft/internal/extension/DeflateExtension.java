package dev.weft.internal.extension;

import dev.weft.ConnectionLimits;
import dev.weft.parser.FrameHeader;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Role;
import dev.weft.parser.deflate.DeflateCodecs;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.deflate.MessageDeflater;
import dev.weft.parser.deflate.MessageInflater;
import dev.weft.parser.deflate.NegotiatedDeflate;
import dev.weft.parser.deflate.SharedMessage;

/** permessage-deflate (RFC 7692) on one connection. */
public final class DeflateExtension implements Extension {
    private final DeflateSettings settings;
    private final MessageInflater inflater;
    private final Transform decoder;
    private final Encoder encoder;

    /** The extension as negotiated, of a connection with the default limits. */
    public DeflateExtension(NegotiatedDeflate negotiated, DeflateSettings settings, DeflateCodecs codecs, Role role) {
        this(negotiated, settings, codecs, role, ConnectionLimits.DEFAULT);
    }

    /**
     * The extension as negotiated.
     *
     * @param limits of the connection
     */
    public DeflateExtension(NegotiatedDeflate negotiated, DeflateSettings settings, DeflateCodecs codecs, Role role,
            ConnectionLimits limits) {
        this.settings = settings;
        this.inflater = codecs.inflater(negotiated, role);
        Transform decoder = new Decoder(inflater);
        this.decoder = limits.maxCompressionRatio() < ConnectionLimits.HIGHEST_COMPRESSION_RATIO
                ? new BoundedRatio(decoder, limits.maxCompressionRatio())
                : decoder;
        this.encoder = new Encoder(codecs.deflater(negotiated, role));
    }

    /** RFC 7692 §6: RSV1 is the "Per-Message Compressed" bit. */
    @Override
    public int rsv() {
        return FrameHeader.RSV1;
    }

    @Override
    public boolean transforms(int length) {
        return settings.compresses(length);
    }

    @Override
    public Transform decoder() {
        return decoder;
    }

    @Override
    public int decoderSize() {
        return inflater.heldSize();
    }

    @Override
    public Transform encoder() {
        return encoder;
    }

    @Override
    public boolean isNew(SharedMessage message) {
        return encoder.deflater.isNew(message);
    }

    @Override
    public byte[] share(SharedMessage message) {
        return encoder.deflater.share(message);
    }

    @Override
    public int prefetch() {
        return encoder.deflater.retainedSize();
    }

    private record Decoder(MessageInflater inflater) implements Transform {
        @Override
        public void input(byte[] array, int from, int to, boolean last) {
            inflater.input(array, from, to, last);
        }

        @Override
        public int output(byte[] target, int from, int to) throws ProtocolViolationException {
            return inflater.output(target, from, to);
        }

        @Override
        public void close() {
            inflater.close();
        }
    }

    private record Encoder(MessageDeflater deflater) implements Transform {
        @Override
        public void input(byte[] array, int from, int to, boolean last) {
            deflater.input(array, from, to, last);
        }

        @Override
        public int output(byte[] target, int from, int to) {
            return deflater.output(target, from, to);
        }

        @Override
        public void close() {
            deflater.close();
        }
    }
}
