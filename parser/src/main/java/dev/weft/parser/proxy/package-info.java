/**
 * What a proxy reports about the client of a connection: the header of the PROXY protocol, and the header fields
 * {@code Forwarded} (RFC 7239) and {@code X-Forwarded-For}; without I/O. Use these only if a trusted proxy has sent
 * them, because a client can send the same bytes.
 */
@NullMarked
package dev.weft.parser.proxy;

import org.jspecify.annotations.NullMarked;
