package dev.weft.bench.peers;

import dev.weft.MessageView;
import dev.weft.PreparedMessage;
import dev.weft.SendResult;
import dev.weft.WebSocketConnection;
import dev.weft.WebSocketHandler;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.server.TransportKind;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Weft, with borrowed views: neither copies nor allocates for a message that fits its read buffer. */
public final class WeftPeer {
    private final Set<WebSocketConnection> subscribers = ConcurrentHashMap.newKeySet();

    private WeftPeer() {}

    /** Serves over the default transport. */
    public static void main(String[] args) throws Exception {
        serve(args, TransportKind.LOOPS);
    }

    static void serve(String[] args, TransportKind transport) throws IOException, InterruptedException {
        serve(args, transport, new WeftPeer()::broadcast);
    }

    /** With a handler for the connections that broadcast. */
    static void serve(String[] args, TransportKind transport, WebSocketHandler broadcast)
            throws IOException, InterruptedException {
        EchoHandler echo = new EchoHandler();
        WebSocketServerBuilder builder = WebSocketServer.builder().port(Announcement.port(args)).transport(transport)
                .backlog(Announcement.BACKLOG).maxMessageSize(Announcement.MAX_MESSAGE)
                .endpoint(Announcement.BROADCAST_PATH, broadcast).handler(echo);
        WebSocketServer server = (Announcement.DEFLATES
                ? builder.deflate(DeflateSettings.builder().minMessageSize(0).build())
                : builder.noDeflate()).start();
        Announcement.listening(server.port(), args);
    }

    private void broadcast(WebSocketConnection connection) throws IOException {
        subscribers.add(connection);
        try {
            for (MessageView message = connection.receiveView(); message != null; message = connection.receiveView()) {
                PreparedMessage.of(message).broadcast(subscribers, (each, result) -> {
                    if (result == SendResult.PEER_BEHIND) {
                        each.abort();
                    }
                });
            }
        } finally {
            subscribers.remove(connection);
        }
    }
}
