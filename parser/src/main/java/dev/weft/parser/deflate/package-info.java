/**
 * permessage-deflate (RFC 7692) without I/O: the extension's negotiation, and the compression of messages.
 *
 * <p>{@link dev.weft.parser.deflate.ExtensionHeader} reads the header, {@link dev.weft.parser.deflate.DeflateNegotiation}
 * makes, accepts and checks offers, and {@link dev.weft.parser.deflate.DeflateCodecs} creates a
 * {@link dev.weft.parser.deflate.MessageDeflater} and a {@link dev.weft.parser.deflate.MessageInflater} for each
 * connection from what was negotiated.
 */
@NullMarked
package dev.weft.parser.deflate;

import org.jspecify.annotations.NullMarked;
