package dev.weft.internal.connection;

import dev.weft.internal.extension.Extension;

/**
 * The result of the opening handshake.
 *
 * @param target      the request's target
 * @param subprotocol the subprotocol that was agreed, or {@code null}
 * @param attachment  the object that the handshake policy attached for the handler, or {@code null}
 * @param extension   the extension that was agreed, or {@code null}
 */
public record HandshakeResult(String target, String subprotocol, Object attachment, Extension extension) {}
