package dev.weft.internal.connection;

import dev.weft.internal.extension.Extension;

/**
 * What the opening handshake settled.
 *
 * @param target      the request's target
 * @param subprotocol what both ends agreed on, or {@code null}
 * @param attachment  what the handshake's policy left for the handler, or {@code null}
 * @param extension   what both ends agreed on, or {@code null}
 */
public record HandshakeResult(String target, String subprotocol, Object attachment, Extension extension) {}
