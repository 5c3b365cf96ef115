/**
 * HTTP/1.1 request heads, responses, and the opening handshake of RFC 6455 §4.2, without I/O.
 *
 * <p>{@link dev.weft.parser.http.RequestHeadParser} turns bytes into a {@link dev.weft.parser.http.RequestHead}.
 * {@link dev.weft.parser.http.OpeningHandshake} checks that head, and returns its answers as bytes.
 */
@NullMarked
package dev.weft.parser.http;

import org.jspecify.annotations.NullMarked;
