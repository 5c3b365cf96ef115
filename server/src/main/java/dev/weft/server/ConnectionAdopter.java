package dev.weft.server;

import dev.weft.HandshakeRequest;
import dev.weft.internal.transport.StreamTransport;
import dev.weft.internal.transport.Transport;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.SocketChannel;
import java.util.Objects;

/**
 * Takes over connections of another HTTP server, so that its own connections and these have the same handlers, limits, deadlines
 * and shutdown. Any thread; never waits.
 */
public final class ConnectionAdopter {
    private final WebSocketServer server;

    /** Lets this server take over connections. */
    public ConnectionAdopter(WebSocketServer server) {
        this.server = Objects.requireNonNull(server);
    }

    /**
     * Takes over a connection whose handshake another HTTP server has answered with 101: it is served as if the server had
     * accepted it, by the endpoint at the request's path. Does not wait.
     *
     * @param channel connected, in blocking mode, without TLS; the server closes it
     * @return false if the server is full or shuts down: then the channel is closed
     * @throws IllegalArgumentException if there is no endpoint at the path, or it does not compress although the answer said so
     * @throws IllegalStateException    if the server speaks TLS: it would begin with a TLS handshake
     * @throws IOException              if the channel is not connected
     */
    public boolean adopt(AdoptedHandshake handshake, SocketChannel channel) throws IOException {
        Adoption adoption = adoption(handshake);
        return server.admission().adopt(plain(channel), adoption);
    }

    /**
     * Takes over a pair of blocking streams, otherwise as {@link #adopt(AdoptedHandshake, SocketChannel)}; TLS may be below them,
     * whatever the server speaks. The connection runs on a virtual thread of the JDK's scheduler, and a second one waits in a
     * read while the handler does not receive. A write is bounded by the write deadline as a whole.
     *
     * @param connection closes both streams, so that a thread that waits in a read or write is released: any thread may call
     *                   it, at any time, more than once, and it must not wait. Without that, no deadline holds
     * @throws IllegalArgumentException as the other method
     */
    public boolean adopt(AdoptedHandshake handshake, InputStream input, OutputStream output, Closeable connection) {
        Adoption adoption = adoption(handshake);
        HandshakeRequest request = handshake.request();
        return server.admission().adopt(new StreamTransport(input, output, connection, request.localAddress(),
                request.remoteAddress(), request.tlsSession().orElse(null)), adoption);
    }

    /**
     * Takes over a connection whose request another HTTP server has not answered: the server reads the rest of the request,
     * decides and answers it as if it had accepted the connection. Does not wait.
     *
     * @param channel     connected, in blocking mode, without TLS; the server closes it
     * @param alreadyRead begins with the request line; what the other server has read from there on, and not changed afterwards
     * @return false if the server is full or shuts down: then the channel is closed
     * @throws IllegalStateException if the server speaks TLS: it would begin with a TLS handshake
     * @throws IOException           if the channel is not connected
     */
    public boolean adopt(SocketChannel channel, byte[] alreadyRead) throws IOException {
        return server.admission().adopt(plain(channel), new Adoption(alreadyRead.clone(), null, null));
    }

    private Adoption adoption(AdoptedHandshake handshake) {
        ServedEndpoint endpoint = server.endpointTable().find(handshake.request().path()).orElseThrow(
                () -> new IllegalArgumentException("there is no endpoint at " + handshake.request().path()));
        return new Adoption(handshake.alreadyRead(), endpoint, handshake.result(endpoint));
    }

    private Transport plain(SocketChannel channel) throws IOException {
        if (server.tlsHandshakes().isPresent()) {
            throw new IllegalStateException("a server that speaks TLS cannot adopt a channel");
        }
        server.configuration().sockets().configure(channel);
        return server.transports.over(channel);
    }
}
