package dev.weft.testing;

import dev.weft.ConnectionLimits;
import dev.weft.ConnectionTimeouts;
import dev.weft.WebSocketHandler;
import dev.weft.internal.Bounds;
import dev.weft.internal.connection.HandshakeResult;
import dev.weft.internal.extension.DeflateExtension;
import dev.weft.internal.testing.ManualTime;
import dev.weft.internal.testing.MemoryConnections;
import dev.weft.internal.testing.MemoryServer;
import dev.weft.internal.testing.MemoryTransport;
import dev.weft.internal.testing.MemoryTransportFactory;
import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.transport.TlsBuffers;
import dev.weft.internal.transport.TlsTransport;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.Role;
import dev.weft.parser.deflate.DeflateCodecs;
import dev.weft.parser.deflate.DeflateNegotiation;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.deflate.ExtensionHeader;
import dev.weft.parser.http.Headers;
import dev.weft.parser.http.ResponseHead;
import dev.weft.server.DrainSettings;
import dev.weft.server.Endpoint;
import dev.weft.server.ServerConfiguration;
import dev.weft.server.WebSocketServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * A server over memory, without a socket or a port. The handshake, TLS, the policy, the handlers and the connections behave as
 * those of a {@link WebSocketServer} with the same configuration. Tests connect with {@link #open} and {@link #request}.
 * <p>
 * Deadlines and keepalive pings of the server's ends follow the server's own clock, which moves only when a test calls
 * {@link #advance}. The client's ends send no pings and have no deadlines. Thread-safe.
 */
public final class TestServer implements AutoCloseable {
    private static final int NETWORK_SIZE = 1 << 16;
    private static final int HTTPS_PORT = 443;

    private final ManualTime time = new ManualTime();
    private final boolean usesTls;
    private final MemoryServer server;
    private final MemoryConnections clients;
    /** The number of accepted handshakes. The server's threads may not have opened all these connections yet. */
    private final AtomicLong opened = new AtomicLong();
    private final DeflateCodecs codecs = new DeflateCodecs(DeflateSettings.DEFAULT);

    private TestServer(ServerConfiguration configuration) {
        usesTls = configuration.tls().isPresent();
        try {
            server = MemoryServer.Access.open(configuration, new MemoryTransportFactory(time));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        clients = new MemoryConnections(time, ConnectionLimits.DEFAULT, ConnectionTimeouts.DEFAULT);
    }

    /** A server with this handler at every path and default settings. Does not wait. */
    public static TestServer of(WebSocketHandler handler) {
        return of(WebSocketServer.builder().handler(handler).build());
    }

    /** A server with this endpoint, including its policy, at this path. Does not wait. */
    public static TestServer of(String path, Endpoint endpoint) {
        return of(WebSocketServer.builder().endpoint(path, endpoint).build());
    }

    /**
     * A server with these settings, except those of the network. If they include TLS, a request needs {@link TestRequest#tls}.
     * Does not wait.
     */
    public static TestServer of(ServerConfiguration configuration) {
        return new TestServer(Objects.requireNonNull(configuration, "configuration"));
    }

    /** Connects to this path, like {@link TestRequest#open}. */
    public TestConnection open(String path) {
        return request(path).open();
    }

    /**
     * Returns a request for this path, to be completed and sent by the test: an opening handshake, or a plain HTTP
     * request.
     */
    public TestRequest request(String path) {
        return new TestRequest(this, path);
    }

    /** The number of the server's connections that have not ended. Does not wait. */
    public int connectionCount() {
        return server.connectionCount();
    }

    /**
     * Moves the clock of the server's ends: keepalive pings are sent and deadlines expire in the order in which they
     * are due. First waits, at most half a second, until the server's end of each connection is open. Does not wait for
     * the duration. After each step in which the server had to start a thread, it waits about 30 ms for an answer, or
     * at most half a second. Only one thread at a time may call this method.
     *
     * @param duration not negative, at most 20 days
     * @throws IllegalArgumentException if the duration is out of bounds
     */
    public void advance(Duration duration) {
        Bounds.check("duration", duration, Duration.ZERO, TimeLimit.LONGEST);
        server.awaitOpened(opened.get());
        server.advance(time, duration);
    }

    /**
     * Drains the server, like {@link WebSocketServer#drain(DrainSettings)}. The times of the settings follow the
     * server's clock. Waits at first as {@link #advance} does, and then, at most half a second, until the steps that
     * are due at once have been taken.
     */
    public void drain(DrainSettings settings) {
        Objects.requireNonNull(settings, "settings");
        server.awaitOpened(opened.get());
        server.drain(settings);
    }

    /** Aborts the clients' ends and shuts the server down. Interrupts a handler that does not end within half a second. */
    @Override
    public void close() {
        clients.close();
        server.close();
        codecs.close();
    }

    TestConnection open(TestRequest request) {
        try (TestExchange exchange = connect(request)) {
            ResponseHead head = exchange.send(request.handshake());
            if (head.status() != 101) {
                throw new AssertionError("expected the server to accept " + request.target() + ", but it answered "
                        + exchange.read(head, "GET"));
            }
            opened.incrementAndGet();
            return exchange.upgrade(new HandshakeResult(request.target(), null, null,
                    head.headers().first("Sec-WebSocket-Protocol").orElse(null), null, extension(head.headers())));
        }
    }

    TestResponse refusal(TestRequest request, int status) {
        TestResponse response = answer(request, "GET", request.handshake());
        if (response.status() != status) {
            throw new AssertionError("expected the server to refuse " + request.target() + " with " + status
                    + ", but it answered " + response);
        }
        return response;
    }

    TestResponse answer(TestRequest request, String method, byte[] bytes) {
        try (TestExchange exchange = connect(request)) {
            return exchange.read(exchange.send(bytes), method);
        }
    }

    private TestExchange connect(TestRequest request) {
        if (usesTls && request.tls().isEmpty()) {
            throw new IllegalStateException("the server uses TLS: the request needs tls(context)");
        }
        MemoryTransport[] ends = FaultLink.pair(NETWORK_SIZE, request.address(), request.toServer(),
                request.toClient());
        Transport client = request.tls().<Transport>map(context -> overTls(ends[1], context, request.hostName()))
                .orElse(ends[1]);
        time.watch(ends[0]);
        if (!server.accept(ends[0])) {
            throw new AssertionError("the server is closed");
        }
        return new TestExchange(request.target(), clients, client);
    }

    private Transport overTls(Transport plain, SSLContext context, String host) {
        SSLEngine engine = context.createSSLEngine(host, HTTPS_PORT);
        engine.setUseClientMode(true);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        engine.setSSLParameters(parameters);
        return new TlsTransport(plain, engine,
                new TlsBuffers(engine.getSession().getPacketBufferSize(), clients.budget()));
    }
    private @Nullable DeflateExtension extension(Headers response) {
        List<String> values = response.all("Sec-WebSocket-Extensions");
        if (values.isEmpty()) {
            return null;
        }
        if (ExtensionHeader.parse(values) instanceof ExtensionHeader.Valid valid) {
            return new DeflateExtension(DeflateNegotiation.agreed(valid.entries()), DeflateSettings.DEFAULT, codecs,
                    Role.CLIENT);
        }
        throw new AssertionError("malformed extensions in the server's response: " + values);
    }
}
