package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.HandshakeRequest;
import dev.weft.TestKeys;
import dev.weft.WebSocketConnection;
import dev.weft.internal.transport.ChannelTransport;
import dev.weft.parser.http.Headers;
import dev.weft.parser.http.RequestHead;
import java.io.IOException;
import java.lang.reflect.Field;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The socket options of an endpoint take effect after the handshake. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EndpointSocketsTest {
    /** The options of a connection's socket; the system doubles or rounds the sizes of buffers. */
    private record Options(boolean tcpNoDelay, boolean keepAlive, int receiveBuffer, int sendBuffer) {}

    private final BlockingQueue<Options> seen = new LinkedBlockingQueue<>();

    private void look(WebSocketConnection ws) {
        try {
            Object transport = PrivateField.get(ws, "transport");
            if (!(transport instanceof ChannelTransport)) {
                transport = PrivateField.get(transport, "below");
            }
            Field field = ChannelTransport.class.getDeclaredField("channel");
            field.setAccessible(true);
            SocketChannel channel = (SocketChannel) field.get(transport);
            seen.add(new Options(channel.getOption(StandardSocketOptions.TCP_NODELAY),
                    channel.getOption(StandardSocketOptions.SO_KEEPALIVE),
                    channel.getOption(StandardSocketOptions.SO_RCVBUF),
                    channel.getOption(StandardSocketOptions.SO_SNDBUF)));
        } catch (ReflectiveOperationException | IOException e) {
            throw new AssertionError(e);
        }
    }

    private Options optionsAt(WebSocketServer server, String path) throws Exception {
        try (RawPeer peer = RawPeer.connect(server).text(RawPeer.request().replace("/chat", path))) {
            assertTrue(peer.readHead().startsWith("HTTP/1.1 101 "));
            return seen.poll(10, TimeUnit.SECONDS);
        }
    }

    @ParameterizedTest
    @CsvSource({"LOOPS,false", "PARKING,true", "BLOCKING,false"})
    void optionsOfAnEndpointHold(TransportKind transport, boolean tls) throws Exception {
        WebSocketServerBuilder builder = WebSocketServer.builder().transport(transport).handler(this::look)
                .sendBufferSize(40_000)
                .endpoint("/own", Endpoint.of(this::look).tcpNoDelay(false).keepAlive(true).receiveBufferSize(10_000)
                        .sendBufferSize(20_000))
                .endpoint("/servers", this::look);
        if (tls) {
            builder.tls(TestKeys.context());
        }
        try (WebSocketServer server = builder.start()) {
            Options servers = optionsAt(server, "/servers");
            assertEquals(servers, optionsAt(server, "/other"));
            assertTrue(servers.tcpNoDelay() && !servers.keepAlive(), servers::toString);
            assertTrue(servers.receiveBuffer() > 20_000 && servers.sendBuffer() > 40_000 - 1, servers::toString);
            Options own = optionsAt(server, "/own");
            assertTrue(!own.tcpNoDelay() && own.keepAlive(), own::toString);
            assertTrue(own.receiveBuffer() <= 20_000 && own.sendBuffer() <= 40_000, own::toString);
        }
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void optionsOfAnEndpointHoldForAdoptedChannels(TransportKind transport) throws Exception {
        InetSocketAddress anywhere = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (WebSocketServer server = WebSocketServer.builder().transport(transport)
                .endpoint("/own", Endpoint.of(this::look).tcpNoDelay(false).keepAlive(true).sendBufferSize(20_000))
                .start();
                ServerSocketChannel listener = ServerSocketChannel.open().bind(anywhere);
                RawPeer peer = RawPeer.connect(listener.socket().getLocalPort())) {
            HandshakeRequest request = HandshakeRequest.builder(new RequestHead("GET", "/own", Headers.EMPTY)).build();
            assertTrue(new ConnectionAdopter(server).adopt(AdoptedHandshake.of(request), listener.accept()));
            Options own = seen.poll(10, TimeUnit.SECONDS);
            assertTrue(!own.tcpNoDelay() && own.keepAlive() && own.sendBuffer() <= 40_000, own::toString);
            peer.leave();
        }
    }
}
