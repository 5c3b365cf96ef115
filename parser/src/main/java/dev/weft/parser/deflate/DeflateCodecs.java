package dev.weft.parser.deflate;

import dev.weft.parser.Role;

/**
 * The compressors and decompressors that all connections of a server, or of a client, share. For any thread.
 *
 * <p>A zlib state is large (about 200 KiB to compress, 40 KiB to decompress), so a waiting connection holds none: a connection
 * borrows one for the duration of a message. Between messages a connection keeps at most {@link
 * DeflateSettings#outgoingHistorySize()} bytes for outgoing messages, and at most its window for incoming ones. Without context
 * takeover it keeps nothing.
 *
 * <pre>{@code
 * try (var codecs = new DeflateCodecs(settings)) {                // one for all connections
 *     MessageDeflater deflater = codecs.deflater(negotiated, Role.SERVER);
 *     deflater.input(message, 0, message.length, true);
 *     int length = deflater.output(payload, 0, payload.length);  // fewer than the room: no output is left
 * }
 * }</pre>
 */
public final class DeflateCodecs implements AutoCloseable {
    private final DeflateSettings settings;
    private final DeflaterPool deflaters;
    private final InflaterPool inflaters;

    /** Does not create a compressor before it is needed. */
    public DeflateCodecs(DeflateSettings settings) {
        this.settings = settings;
        this.deflaters = new DeflaterPool(settings.level(), settings.maxIdleDeflaters());
        this.inflaters = new InflaterPool(settings.maxIdleInflaters());
    }

    /**
     * Returns a compressor for the outgoing messages of one connection.
     *
     * @param negotiated what was negotiated
     * @param role      which end this is
     */
    public MessageDeflater deflater(NegotiatedDeflate negotiated, Role role) {
        return new MessageDeflater(deflaters, negotiated.maxWindowBits(role), !negotiated.noContextTakeover(role),
                settings.outgoingHistorySize());
    }

    /**
     * Returns a decompressor for the incoming messages of one connection.
     *
     * @param negotiated what was negotiated
     * @param role      which end this is
     */
    public MessageInflater inflater(NegotiatedDeflate negotiated, Role role) {
        Role sender = role == Role.SERVER ? Role.CLIENT : Role.SERVER;
        return new MessageInflater(inflaters, negotiated.maxWindowBits(sender), !negotiated.noContextTakeover(sender));
    }

    /**
     * Frees the native memory. The memory of borrowed codecs is freed when they are returned. Connections can still be
     * used.
     */
    @Override
    public void close() {
        deflaters.close();
        inflaters.close();
    }
}
