package dev.weft.server;

import dev.weft.HandshakeRequest;
import dev.weft.internal.transport.StreamTransport;
import dev.weft.internal.transport.Transport;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SocketChannel;
import java.util.Objects;

/**
 * Takes over connections from another HTTP server, so that they share the handlers, limits, deadlines and shutdown of
 * this server's own connections. May be used by any thread; never waits.
 */
public final class ConnectionAdopter {
    private final WebSocketServer server;

    /** Creates an adopter that hands connections over to this server. */
    public ConnectionAdopter(WebSocketServer server) {
        this.server = Objects.requireNonNull(server);
    }

    /**
     * Takes over a connection whose handshake another HTTP server has answered with 101. The endpoint at the request's
     * path serves it, as if this server had accepted it. Does not wait.
     *
     * @param channel is connected, in blocking mode, without TLS. Unless this method throws, the server closes the
     *                channel, and no other code may use it from then on
     * @return false if the server is full, serves no new connections because of a drain, or shuts down, or if the
     *         client is over a limit of its address or a rate; the channel is then closed
     * @throws IllegalArgumentException if there is no endpoint at the path, or if the answer agreed to compression but the
     *                                  endpoint does not compress; the channel is left as it is
     * @throws IllegalStateException    if the server uses TLS, because it would begin with a TLS handshake; the channel is
     *                                  left as it is
     * @throws IOException              if the channel is not connected, or its options cannot be set; the channel is left as is
     */
    public boolean adopt(AdoptedHandshake handshake, SocketChannel channel) throws IOException {
        return adopt(channel, adoption(handshake));
    }

    /**
     * Takes over a pair of blocking streams, otherwise as {@link #adopt(AdoptedHandshake, SocketChannel)}. The streams
     * may use TLS, whether or not the server does. The connection runs on a virtual thread of the JDK's scheduler; a
     * second virtual thread waits in a read while the handler does not receive. The write deadline applies to a write
     * as a whole.
     *
     * @param connection closes both streams, which must release a thread that waits in a read or write. Its
     *                   {@code close} may be called by any thread, at any time, more than once, and must not wait. If
     *                   it does not do so, no deadline is enforced
     * @throws IllegalArgumentException as the other method
     */
    public boolean adopt(AdoptedHandshake handshake, InputStream input, OutputStream output, Closeable connection) {
        Adoption adoption = adoption(handshake);
        HandshakeRequest request = handshake.request();
        return server.admission().adopt(new StreamTransport(input, output, connection, request.localAddress(),
                request.remoteAddress(), request.tlsSession().orElse(null)), adoption);
    }

    /**
     * Takes over a connection whose request another HTTP server has not answered. The server reads the rest of the
     * request, decides about it and answers it, as if it had accepted the connection. Does not wait.
     *
     * @param channel     is connected, in blocking mode, without TLS; the server closes the channel, unless this method
     *                    throws
     * @param alreadyRead the bytes that the other server has read, from the request line on; they are copied
     * @return false in the same cases as {@link #adopt(AdoptedHandshake, SocketChannel)}
     * @throws IllegalStateException if the server uses TLS: it would begin with a TLS handshake; the channel is left as it is
     * @throws IOException           if the channel is not connected, or its options cannot be set; the channel is left as is
     */
    public boolean adopt(SocketChannel channel, byte[] alreadyRead) throws IOException {
        return adopt(channel, new Adoption(alreadyRead.clone(), null, null));
    }

    private Adoption adoption(AdoptedHandshake handshake) {
        ServedEndpoint endpoint = server.paths().endpoints().find(handshake.request().path()).orElseThrow(
                () -> new IllegalArgumentException("there is no endpoint at " + handshake.request().path()));
        return new Adoption(handshake.alreadyRead(), endpoint, handshake.result(endpoint));
    }

    private boolean adopt(SocketChannel channel, Adoption adoption) throws IOException {
        if (server.tlsHandshakes().isPresent()) {
            throw new IllegalStateException("a server that speaks TLS cannot adopt a channel");
        }
        server.configuration().sockets().configure(channel);
        Transport transport;
        try {
            transport = server.transports.over(channel);
            transport.keepToChannel();
        } catch (ClosedSelectorException e) {
            // The server has shut down, and with it the selectors that it does not share with others.
            channel.close();
            return false;
        }
        return server.admission().adopt(transport, adoption);
    }
}
