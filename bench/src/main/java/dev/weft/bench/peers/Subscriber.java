package dev.weft.bench.peers;

import dev.weft.MessageView;
import dev.weft.WebSocketConnection;
import java.io.IOException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * A connection that gets broadcasts: a bounded queue and a virtual thread that sends what is in it. A send blocks while
 * its peer does not read, so whoever sent to all in turn would wait for the slowest.
 */
final class Subscriber {
    /** More than this behind, and the peer is given up. */
    private static final int MOST_WAITING = 1024;

    private final WebSocketConnection connection;
    private final BlockingQueue<Post> waiting = new ArrayBlockingQueue<>(MOST_WAITING);
    private final Thread sender;

    Subscriber(WebSocketConnection connection) {
        this.connection = connection;
        this.sender = Thread.startVirtualThread(this::send);
    }

    void deliver(Post post) {
        if (!waiting.offer(post)) {
            connection.abort();
        }
    }

    void end() {
        sender.interrupt();
    }

    private void send() {
        try {
            while (true) {
                Post post = waiting.take();
                connection.send(post.type, post.octets, 0, post.octets.length);
            }
        } catch (InterruptedException | IOException e) {
            // The connection is over, as its handler knows by itself.
        }
    }

    /** One message to all. */
    record Post(MessageView.Type type, byte[] octets) {}
}
