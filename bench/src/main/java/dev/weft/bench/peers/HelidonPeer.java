package dev.weft.bench.peers;

import io.helidon.common.buffers.BufferData;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.websocket.WsConfig;
import io.helidon.webserver.websocket.WsRouting;
import io.helidon.websocket.WsListener;
import io.helidon.websocket.WsSession;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/** Helidon: a virtual thread for each connection. */
public final class HelidonPeer {
    private HelidonPeer() {}

    /** Serves with virtual threads. */
    public static void main(String[] args) throws Exception {
        WebServer server = WebServer.builder().host("127.0.0.1").port(Announcement.port(args))
                .backlog(Announcement.BACKLOG).idleConnectionTimeout(Duration.ofHours(1))
                .connectionOptions(options -> options.tcpNoDelay(true))
                .addProtocol(WsConfig.builder().maxFrameLength(Announcement.MAX_MESSAGE).build())
                .addRouting(WsRouting.builder().endpoint("/", Echo::new)
                        .endpoint(Announcement.BROADCAST_PATH, Broadcast::new))
                .build().start();
        Announcement.listening(server.port(), args);
    }

    /** Echoes each part unchanged. */
    private static final class Echo implements WsListener {
        @Override
        public void onMessage(WsSession session, BufferData part, boolean last) {
            session.send(part, last);
        }

        @Override
        public void onMessage(WsSession session, String part, boolean last) {
            session.send(part, last);
        }
    }

    /**
     * Sends to all connections in turn, on the thread that received the message; only one thread at a time may use a session.
     */
    private static final class Broadcast implements WsListener {
        private static final ReentrantLock SENDING = new ReentrantLock();
        private static final Set<WsSession> SUBSCRIBERS = ConcurrentHashMap.newKeySet();

        @Override
        public void onOpen(WsSession session) {
            SUBSCRIBERS.add(session);
        }

        @Override
        public void onMessage(WsSession session, BufferData part, boolean last) {
            byte[] bytes = part.readBytes();
            sendToAll(each -> each.send(BufferData.create(bytes), last));
        }

        @Override
        public void onMessage(WsSession session, String part, boolean last) {
            sendToAll(each -> each.send(part, last));
        }

        private static void sendToAll(Consumer<WsSession> sending) {
            SENDING.lock();
            try {
                SUBSCRIBERS.forEach(sending);
            } finally {
                SENDING.unlock();
            }
        }

        @Override
        public void onClose(WsSession session, int status, String reason) {
            SUBSCRIBERS.remove(session);
        }

        @Override
        public void onError(WsSession session, Throwable cause) {
            SUBSCRIBERS.remove(session);
        }
    }
}
