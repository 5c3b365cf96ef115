package dev.weft.bench.peers;

import jakarta.websocket.CloseReason;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.RemoteEndpoint;
import jakarta.websocket.Session;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Created by Tomcat for each connection. It receives messages in parts and joins them itself: for whole messages, Tomcat
 * reserves three buffers of the maximum message size for each connection.
 */
public final class TomcatEndpoint extends Endpoint {
    private static final Set<Session> SUBSCRIBERS = ConcurrentHashMap.newKeySet();
    private static final Lock BROADCAST = new ReentrantLock();

    private final ByteArrayOutputStream binary = new ByteArrayOutputStream(0);
    private final StringBuilder text = new StringBuilder();
    private Session session;
    private boolean broadcasts;

    /** Made by Tomcat. */
    public TomcatEndpoint() {}

    @Override
    public void onOpen(Session opened, EndpointConfig config) {
        session = opened;
        session.setMaxIdleTimeout(0);
        broadcasts = session.getRequestURI().getPath().equals(Announcement.BROADCAST_PATH);
        if (broadcasts) {
            SUBSCRIBERS.add(session);
        }
        // Not lambdas: Tomcat finds the type of the message by reflection.
        session.addMessageHandler(new MessageHandler.Partial<ByteBuffer>() {
            @Override
            public void onMessage(ByteBuffer part, boolean last) {
                receive(part, last);
            }
        });
        session.addMessageHandler(new MessageHandler.Partial<String>() {
            @Override
            public void onMessage(String part, boolean last) {
                receive(part, last);
            }
        });
    }

    @Override
    public void onClose(Session closed, CloseReason reason) {
        SUBSCRIBERS.remove(closed);
    }

    @Override
    public void onError(Session failed, Throwable cause) {
        SUBSCRIBERS.remove(failed);
    }

    private void receive(ByteBuffer part, boolean last) {
        ByteBuffer message = part;
        if (!last || binary.size() > 0) {
            byte[] bytes = new byte[part.remaining()];
            part.get(bytes);
            binary.writeBytes(bytes);
            if (!last) {
                return;
            }
            message = ByteBuffer.wrap(binary.toByteArray());
            binary.reset();
        }
        ByteBuffer bytes = message;
        send(each -> each.sendBinary(bytes.duplicate()));
    }

    private void receive(String part, boolean last) {
        String message = part;
        if (!last || !text.isEmpty()) {
            text.append(part);
            if (!last) {
                return;
            }
            message = text.toString();
            text.setLength(0);
        }
        String whole = message;
        send(each -> each.sendText(whole));
    }

    /**
     * Blocking: a session rejects a send while an earlier one is in progress, which is possible at any time with asynchronous
     * sends.
     */
    private void send(Message message) {
        try {
            if (broadcasts) {
                BROADCAST.lock();
                try {
                    for (Session each : SUBSCRIBERS) {
                        message.sendTo(each.getBasicRemote());
                    }
                } finally {
                    BROADCAST.unlock();
                }
            } else {
                message.sendTo(session.getBasicRemote());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The message to send. */
    private interface Message {
        void sendTo(RemoteEndpoint.Basic remote) throws IOException;
    }
}
