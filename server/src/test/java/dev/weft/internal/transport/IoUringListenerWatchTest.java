package dev.weft.internal.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.internal.loop.IdleEngine;
import dev.weft.internal.loop.Loops;
import dev.weft.internal.time.Failures;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What seldom happens to a listening socket over io_uring. The tests drive the engine. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class IoUringListenerWatchTest {
    private static final int MOST_OTHERS = 20;

    private Loops loops;
    private IoUringEngine engine;

    @BeforeEach
    void open() throws IOException {
        assumeTrue(Rings.obstacle().isEmpty(), () -> Rings.obstacle().orElseThrow());
        loops = new Loops("io-uring-listener-test", List.of(new IdleEngine()), (what, count, latest) -> {});
        engine = new IoUringEngine(Failures.toHandler("ring"), 0);
    }

    @AfterEach
    void close() {
        if (engine != null) {
            engine.close();
            loops.stop();
        }
    }

    private static ServerSocketChannel listen() throws IOException {
        return ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    }

    @Test
    void closedSocketMustNotTakeTheConnectionsOfTheNextOneWithItsNumber() throws Exception {
        ServerSocketChannel closed = listen();
        int number = Descriptors.of(closed);
        AcceptingSocket accepting = new AcceptingSocket(closed, engine, loops.scheduler(0), admitted -> {});
        accepting.start(() -> {});
        closed.close();
        ArrayDeque<ServerSocketChannel> others = new ArrayDeque<>();
        do {
            others.push(listen());
        } while (Descriptors.of(others.peek()) != number && others.size() < MOST_OTHERS);
        ServerSocketChannel next = others.peek();
        assertEquals(number, Descriptors.of(next));
        try (SocketChannel client = SocketChannel.open(next.getLocalAddress())) {
            // The requests of the start are made only now.
            engine.poll(() -> false);
            next.configureBlocking(false);
            try (SocketChannel accepted = next.accept()) {
                assertNotNull(accepted, client::toString);
            }
        } finally {
            for (ServerSocketChannel other : others) {
                other.close();
            }
        }
    }
}
