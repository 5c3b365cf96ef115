package dev.weft.bench.conform;

import io.undertow.Handlers;
import io.undertow.Undertow;
import io.undertow.websockets.WebSocketProtocolHandshakeHandler;
import io.undertow.websockets.core.AbstractReceiveListener;
import io.undertow.websockets.core.BufferedBinaryMessage;
import io.undertow.websockets.core.BufferedTextMessage;
import io.undertow.websockets.core.WebSocketChannel;
import io.undertow.websockets.core.WebSockets;
import io.undertow.websockets.extensions.PerMessageDeflateHandshake;
import java.net.InetSocketAddress;
import javax.net.ssl.SSLContext;

/** An echo server made with Undertow; prints its address. */
public final class UndertowEcho extends AbstractReceiveListener {
    private static final long MAX_MESSAGE = 16 << 20;

    private UndertowEcho() {}

    /** Serves until it is killed. */
    public static void main(String[] args) {
        Undertow server = start(null);
        System.out.println("ws://127.0.0.1:" + port(server) + "/");
    }

    /** Starts a server on a free port, with TLS unless the context is {@code null}. */
    public static Undertow start(SSLContext tls) {
        WebSocketProtocolHandshakeHandler handler = Handlers.websocket((exchange, channel) -> {
            channel.getReceiveSetter().set(new UndertowEcho());
            channel.resumeReceives();
        });
        handler.addExtension(new PerMessageDeflateHandshake(false));
        Undertow.Builder builder = Undertow.builder().setHandler(handler);
        Undertow server = (tls == null
                ? builder.addHttpListener(0, "127.0.0.1")
                : builder.addHttpsListener(0, "127.0.0.1", tls)).build();
        server.start();
        return server;
    }

    /** The port of a server that was started. */
    public static int port(Undertow server) {
        return ((InetSocketAddress) server.getListenerInfo().getFirst().getAddress()).getPort();
    }

    @Override
    protected long getMaxTextBufferSize() {
        return MAX_MESSAGE;
    }

    @Override
    protected long getMaxBinaryBufferSize() {
        return MAX_MESSAGE;
    }

    @Override
    protected void onFullTextMessage(WebSocketChannel channel, BufferedTextMessage message) {
        WebSockets.sendText(message.getData(), channel, null);
    }

    @Override
    protected void onFullBinaryMessage(WebSocketChannel channel, BufferedBinaryMessage message) {
        var data = message.getData();
        try {
            WebSockets.sendBinary(WebSockets.mergeBuffers(data.getResource()), channel, null);
        } finally {
            data.free();
        }
    }
}
