package dev.weft.parser.deflate;

import dev.weft.parser.Role;

/**
 * The compressors and decompressors that all connections of a server, or of a client, share. Any thread.
 *
 * <p>A zlib state is large (200 KiB or so to compress, 40 KiB to decompress), and so no connection has one while it
 * waits: one is lent to it for the length of a message. What a connection keeps between messages is at most {@link
 * DeflateSettings#outgoingHistorySize()} bytes for one way, and its window's for the other; none without context
 * takeover.
 *
 * <pre>{@code
 * try (var codecs = new DeflateCodecs(settings)) {                // one for all connections
 *     MessageDeflater deflater = codecs.deflater(negotiated, Role.SERVER);
 *     deflater.input(message, 0, message.length, true);
 *     int length = deflater.output(payload, 0, payload.length);  // fewer than there is room for: that was all
 * }
 * }</pre>
 */
public final class DeflateCodecs implements AutoCloseable {
    private final DeflateSettings settings;
    private final DeflaterPool deflaters;
    private final InflaterPool inflaters;

    /** Creates no compressor yet. */
    public DeflateCodecs(DeflateSettings settings) {
        this.settings = settings;
        this.deflaters = new DeflaterPool(settings.level(), settings.maxIdleDeflaters());
        this.inflaters = new InflaterPool(settings.maxIdleInflaters());
    }

    /**
     * For the messages that go on one connection.
     *
     * @param negotiated what was negotiated
     * @param role      which end this is
     */
    public MessageDeflater deflater(NegotiatedDeflate negotiated, Role role) {
        return new MessageDeflater(deflaters, negotiated.maxWindowBits(role), !negotiated.noContextTakeover(role),
                settings.outgoingHistorySize());
    }

    /**
     * For the messages that come on one connection.
     *
     * @param negotiated what was negotiated
     * @param role      which end this is
     */
    public MessageInflater inflater(NegotiatedDeflate negotiated, Role role) {
        Role sender = role == Role.SERVER ? Role.CLIENT : Role.SERVER;
        return new MessageInflater(inflaters, negotiated.maxWindowBits(sender), !negotiated.noContextTakeover(sender));
    }

    /** Frees the native memory; that of codecs which are lent, when they come back. Connections can still go on. */
    @Override
    public void close() {
        deflaters.close();
        inflaters.close();
    }
}
