package dev.weft.client;

import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Optional;
import javax.net.ssl.SSLSession;

/**
 * Receives the bytes of one connection, for tools and for debugging: the opening handshake, then frames (RFC 6455
 * §5.2). With TLS, they are the bytes before encryption and after decryption.
 * <p>
 * The connection's threads call the listener, one at a time for each direction, and wait for it. If it throws an
 * exception, that is logged, and the listener is not called again.
 */
public interface WireListener {
    /**
     * The connection to the server is ready for the opening handshake. With a proxy, this is after the proxy has connected.
     *
     * @param tlsSession the TLS session, with its protocol and cipher suite; empty without TLS
     */
    default void connected(SocketAddress localAddress, SocketAddress remoteAddress, Optional<SSLSession> tlsSession) {}

    /**
     * These bytes are about to be sent. How they are split between calls has no meaning.
     *
     * @param bytes read-only, and valid only during the call
     */
    default void sent(ByteBuffer bytes) {}

    /**
     * These bytes have been received. How they are split between calls has no meaning.
     *
     * @param bytes read-only, and valid only during the call
     */
    default void received(ByteBuffer bytes) {}
}
