package dev.weft.bench.peers;

import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.ServerWebSocket;
import io.vertx.core.http.WebSocketFrame;
import java.util.LinkedHashSet;
import java.util.Set;

/** Vert.x: one event loop, single frames. */
public final class VertxPeer {
    private static final int UNWRITTEN = 4 << 20;

    /** Only the one event loop uses it. */
    private final Set<ServerWebSocket> subscribers = new LinkedHashSet<>();

    private VertxPeer() {}

    /** Serves over native epoll if it is available. */
    public static void main(String[] args) throws Exception {
        Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1).setPreferNativeTransport(true));
        HttpServerOptions options = new HttpServerOptions().setHost("127.0.0.1").setPort(Announcement.port(args))
                .setAcceptBacklog(Announcement.BACKLOG).setTcpNoDelay(true).setIdleTimeout(0)
                .setMaxWebSocketFrameSize(Announcement.MAX_MESSAGE)
                .setMaxWebSocketMessageSize(Announcement.MAX_MESSAGE)
                .setPerMessageWebSocketCompressionSupported(Announcement.DEFLATES)
                .setWebSocketAllowServerNoContext(true).setWebSocketPreferredClientNoContext(true)
                .setPerFrameWebSocketCompressionSupported(false);
        HttpServer server = vertx.createHttpServer(options).webSocketHandler(new VertxPeer()::serve).listen().await();
        Announcement.listening(server.actualPort(), args);
    }

    private void serve(ServerWebSocket socket) {
        socket.setWriteQueueMaxSize(UNWRITTEN);
        if (socket.path().equals(Announcement.BROADCAST_PATH)) {
            subscribers.add(socket);
            socket.closeHandler(ended -> subscribers.remove(socket));
            socket.textMessageHandler(text -> subscribers.forEach(each -> each.writeTextMessage(text)));
            socket.binaryMessageHandler(binary -> subscribers.forEach(each -> each.writeBinaryMessage(binary)));
        } else {
            socket.frameHandler(frame -> echo(socket, frame));
        }
    }

    private static void echo(ServerWebSocket socket, WebSocketFrame frame) {
        if (frame.isClose() || frame.isPing()) {
            return; // Vert.x answers them.
        }
        socket.writeFrame(frame);
        if (socket.writeQueueFull()) {
            socket.pause();
            socket.drainHandler(drained -> socket.resume());
        }
    }
}
