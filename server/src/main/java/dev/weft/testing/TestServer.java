package dev.weft.testing;

import dev.weft.ConnectionLimits;
import dev.weft.ConnectionTimeouts;
import dev.weft.internal.Bounds;
import dev.weft.internal.connection.HandshakeResult;
import dev.weft.internal.extension.DeflateExtension;
import dev.weft.internal.testing.ManualTime;
import dev.weft.internal.testing.MemoryConnections;
import dev.weft.internal.testing.MemoryServer;
import dev.weft.internal.testing.MemoryTransport;
import dev.weft.internal.testing.MemoryTransportFactory;
import dev.weft.internal.time.TimeLimit;
import dev.weft.parser.Role;
import dev.weft.parser.deflate.DeflateCodecs;
import dev.weft.parser.deflate.DeflateNegotiation;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.deflate.ExtensionHeader;
import dev.weft.server.Endpoint;
import dev.weft.server.ServerConfiguration;
import dev.weft.server.WebSocketHandler;
import dev.weft.server.WebSocketServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A server over memory, without a socket or a port. The handshake, the policy, the handler and the connections behave as those
 * of a {@link WebSocketServer} with the same configuration. Tests connect with {@link #open} and {@link #request}.
 * <p>
 * Deadlines and keepalive pings of the server's ends follow the server's own clock, which stands still until {@link #advance}
 * moves it. The client's ends send no pings and have no deadlines. Thread-safe.
 */
public final class TestServer implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(5);
    private static final int NETWORK_SIZE = 1 << 16;

    private final ManualTime time = new ManualTime();
    private final MemoryServer server;
    private final MemoryConnections clients;
    private final DeflateCodecs codecs = new DeflateCodecs(DeflateSettings.DEFAULT);

    private TestServer(ServerConfiguration configuration) {
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
     * A server with these settings, except those of the network. Does not wait.
     *
     * @throws IllegalArgumentException if the configuration has TLS
     */
    public static TestServer of(ServerConfiguration configuration) {
        return new TestServer(Objects.requireNonNull(configuration, "configuration"));
    }

    /** Connects to this path, like {@link TestRequest#open}. */
    public TestConnection open(String path) {
        return request(path).open();
    }

    /** A handshake to this path, to which more can be added. */
    public TestRequest request(String path) {
        return new TestRequest(this, path);
    }

    /** The number of the server's connections that have not ended. Does not wait. */
    public int connectionCount() {
        return server.connectionCount();
    }

    /**
     * Moves the clock of the server's ends: keepalive pings are sent and deadlines expire in the order in which they are due.
     * Does not wait for the duration. After each step in which the server had to start a thread, it waits about 30 ms for an
     * answer, or at most half a second. Only one thread at a time may call it.
     *
     * @param duration not negative, at most 20 days
     * @throws IllegalArgumentException if the duration is out of bounds
     */
    public void advance(Duration duration) {
        Bounds.check("duration", duration, Duration.ZERO, TimeLimit.LONGEST);
        server.advance(time, duration);
    }

    /** Aborts the clients' ends and shuts the server down. Interrupts a handler that does not end within half a second. */
    @Override
    public void close() {
        clients.close();
        server.close();
        codecs.close();
    }

    TestConnection open(TestRequest request) {
        MemoryTransport transport = connect(request);
        try {
            TestResponse response = answer(transport, request);
            if (response.status() != 101) {
                transport.close();
                throw new AssertionError("expected the server to accept " + request.target() + ", but it answered "
                        + response);
            }
            return new TestConnection(
                    clients.connect(Role.CLIENT, transport, result(request, response), response.rest()));
        } catch (IOException e) {
            transport.close();
            throw new AssertionError("the handshake of " + request.target() + " failed: " + e, e);
        }
    }

    TestResponse refusal(TestRequest request, int status) {
        MemoryTransport transport = connect(request);
        try {
            TestResponse response = answer(transport, request);
            if (response.status() != status) {
                throw new AssertionError("expected the server to refuse " + request.target() + " with " + status
                        + ", but it answered " + response);
            }
            return response;
        } catch (IOException e) {
            throw new AssertionError("the handshake of " + request.target() + " failed: " + e, e);
        } finally {
            transport.close();
        }
    }

    private MemoryTransport connect(TestRequest request) {
        MemoryTransport[] ends = FaultLink.pair(NETWORK_SIZE, request.address(), request.toServer(),
                request.toClient());
        time.watch(ends[0]);
        if (!server.accept(ends[0])) {
            throw new AssertionError("the server is closed, or has as many connections as it may");
        }
        return ends[1];
    }

    private static TestResponse answer(MemoryTransport transport, TestRequest request) throws IOException {
        transport.write(ByteBuffer.wrap(request.bytes()));
        return ResponseParts.read(transport, LIMIT);
    }

    private HandshakeResult result(TestRequest request, TestResponse response) {
        return new HandshakeResult(request.target(), null, null,
                response.headers().first("Sec-WebSocket-Protocol").orElse(null), null, extension(response));
    }

    private @Nullable DeflateExtension extension(TestResponse response) {
        List<String> values = response.headers().all("Sec-WebSocket-Extensions");
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
