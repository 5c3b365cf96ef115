package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Message;
import dev.weft.MessageType;
import dev.weft.TestKeys;
import dev.weft.WebSocketConnection;
import dev.weft.internal.connection.Connection;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A handler that waits in a method of Weft must be released when its connection's closing handshake is complete, or its peer
 * has disconnected: at once, and not by a deadline. All deadlines here are longer than the test.
 */
@ParameterizedClass
@CsvSource({"PARKING, false", "PARKING, true", "PARKING_PLATFORM, false", "BLOCKING, false", "BLOCKING, true"})
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ReleaseByCloseTest {
    private static final Duration LONG = Duration.ofMinutes(10);
    /** More than the network buffers for a peer that does not read. */
    private static final byte[] LARGE = new byte[1 << 20];

    /** The operations in which a handler waits. */
    enum Wait {
        RECEIVE {
            @Override
            void begin(WebSocketConnection ws, Others others) throws IOException {
                assertTrue(ws.receive() instanceof Message.Close);
            }
        },
        RECEIVE_VIEW {
            @Override
            void begin(WebSocketConnection ws, Others others) throws IOException {
                assertEquals(null, ws.receiveView());
            }
        },
        RECEIVE_STREAM {
            @Override
            void begin(WebSocketConnection ws, Others others) throws IOException {
                assertEquals(null, ws.receiveStream());
            }
        },
        /** Between two fragments. */
        READ("0181 00000000 61") {
            @Override
            void begin(WebSocketConnection ws, Others others) throws IOException {
                ws.receiveStream().inputStream().readAllBytes();
            }
        },
        /** Between two fragments. */
        READ_TEXT("0181 00000000 61") {
            @Override
            void begin(WebSocketConnection ws, Others others) throws IOException {
                ws.receiveStream().text();
            }
        },
        SEND {
            @Override
            void begin(WebSocketConnection ws, Others others) throws IOException {
                ws.send(LARGE);
            }
        },
        WRITE {
            @Override
            void begin(WebSocketConnection ws, Others others) throws IOException {
                ws.sendStream(MessageType.BINARY, body -> body.write(LARGE));
            }
        },
        /** Another thread is in the middle of a message. */
        SEND_AFTER_ANOTHER {
            @Override
            void prepare(WebSocketConnection ws, Others others) {
                others.start(() -> ws.send(LARGE));
                Await.until("it waits for the network", () -> ((Connection) ws).heldBytes() > 0);
            }

            @Override
            void begin(WebSocketConnection ws, Others others) throws IOException {
                ws.send("after it");
            }
        },
        /** Another thread has a streamed message open and does nothing. */
        SEND_AFTER_A_STREAM {
            @Override
            void prepare(WebSocketConnection ws, Others others) {
                others.openStream(ws);
            }

            @Override
            void begin(WebSocketConnection ws, Others others) throws IOException {
                ws.send("after it");
            }
        },
        /** Another thread has a streamed message open and does nothing. */
        SEND_STREAM_AFTER_A_STREAM {
            @Override
            void prepare(WebSocketConnection ws, Others others) {
                others.openStream(ws);
            }

            @Override
            void begin(WebSocketConnection ws, Others others) throws IOException {
                ws.sendStream(MessageType.TEXT).close();
            }
        },
        /** Another thread has a streamed message open and does nothing. */
        RECEIVE_BESIDE_A_STREAM {
            @Override
            void prepare(WebSocketConnection ws, Others others) {
                others.openStream(ws);
            }

            @Override
            void begin(WebSocketConnection ws, Others others) throws IOException {
                ws.receive();
            }
        };

        private final String before;

        Wait() {
            this("");
        }

        Wait(String before) {
            this.before = before;
        }

        /** What others do before. */
        void prepare(WebSocketConnection ws, Others others) {}

        abstract void begin(WebSocketConnection ws, Others others) throws IOException;

        boolean isForTheNetwork() {
            return this == SEND || this == WRITE || this == SEND_AFTER_ANOTHER;
        }
    }

    /** What a thread beside the handler does, which may fail with the connection. */
    private interface Action {
        void run() throws Exception;
    }

    /** Other threads that use the connection. */
    private static final class Others {
        private final CountDownLatch over = new CountDownLatch(1);

        void start(Action action) {
            Thread.startVirtualThread(() -> {
                try {
                    action.run();
                } catch (Exception e) {
                    // The connection is over.
                }
            });
        }

        private void awaitEnd() {
            try {
                over.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }

        /** Returns when it is open. */
        void openStream(WebSocketConnection ws) {
            CountDownLatch open = new CountDownLatch(1);
            start(() -> {
                ws.sendStream(MessageType.BINARY, body -> {
                    open.countDown();
                    awaitEnd();
                });
            });
            try {
                open.await();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    private final TransportKind transport;
    private final boolean tls;
    private final Others others = new Others();
    private final BlockingQueue<WebSocketConnection> opened = new LinkedBlockingQueue<>();
    private final BlockingQueue<Object> released = new LinkedBlockingQueue<>();
    private volatile Thread handler;
    private volatile boolean begins;

    ReleaseByCloseTest(TransportKind transport, boolean tls) {
        this.transport = transport;
        this.tls = tls;
    }

    private WebSocketServer start(Wait wait) throws IOException {
        WebSocketServerBuilder builder = WebSocketServer.builder().transport(transport).handler(ws -> {
            handler = Thread.currentThread();
            opened.add(ws);
            try {
                wait.prepare(ws, others);
                begins = true;
                wait.begin(ws, others);
                released.add("returned");
            } catch (Throwable e) {
                released.add(e);
                throw e;
            }
        }).sendBufferSize(8192).messageTimeout(LONG).writeTimeout(LONG).streamTimeout(LONG).closeTimeout(LONG)
                .pingInterval(LONG).shutdownGrace(LONG);
        return (tls ? builder.tls(TestKeys.context()) : builder).start();
    }

    /** Returns when the handler waits. */
    private WebSocketConnection awaitWaiting(Wait wait, RawPeer peer) throws Exception {
        peer.hex(wait.before);
        WebSocketConnection ws = opened.poll(10, TimeUnit.SECONDS);
        Await.until("the handler waits", () -> begins && (handler.getState() == Thread.State.WAITING
                || handler.getState() == Thread.State.TIMED_WAITING));
        if (wait.isForTheNetwork()) {
            Await.until("it waits for the network", () -> ((Connection) ws).heldBytes() > 0);
        }
        return ws;
    }

    /** Reads up to the Close frame, whose code is this, answers it and leaves. */
    private static void answerClose(RawPeer peer, String code) throws IOException {
        String frame = peer.readFrame();
        while (!frame.startsWith("88")) {
            frame = peer.readFrame();
        }
        assertTrue(frame.startsWith("8802 " + code), frame);
        peer.hex("8882 00000000 " + code).leave();
    }

    private void assertReleased(WebSocketServer server) throws InterruptedException {
        Object outcome = released.poll(10, TimeUnit.SECONDS);
        assertTrue(outcome != null, "the handler still waits");
        assertTrue(outcome.equals("returned") || outcome instanceof IOException, outcome::toString);
        Await.until("the connection is over", () -> server.connectionCount() == 0);
        others.over.countDown();
    }

    @ParameterizedTest
    @EnumSource
    void waitMustEndWhenThePeerHasAnsweredOurCloseAndLeft(Wait wait) throws Exception {
        try (WebSocketServer server = start(wait); RawPeer peer = RawPeer.open(server)) {
            awaitWaiting(wait, peer).close();
            answerClose(peer, "03e8");
            assertReleased(server);
        }
    }

    @ParameterizedTest
    @EnumSource
    void waitMustEndWhenThePeerHasAnsweredAShutdown(Wait wait) throws Exception {
        try (WebSocketServer server = start(wait); RawPeer peer = RawPeer.open(server)) {
            WebSocketConnection ws = awaitWaiting(wait, peer);
            Thread shutdown = Thread.ofPlatform().daemon().start(server::close);
            Await.until("the server has closed it", () -> !ws.isOpen());
            answerClose(peer, "03e9");
            assertReleased(server);
            shutdown.join();
        }
    }

    /** Its Close frame is not seen by a handler that sends, but its end is. */
    @ParameterizedTest
    @EnumSource(names = {"SEND", "WRITE", "SEND_AFTER_ANOTHER"})
    void networkWaitMustEndWhenThePeerCloses(Wait wait) throws Exception {
        try (WebSocketServer server = start(wait); RawPeer peer = RawPeer.open(server)) {
            awaitWaiting(wait, peer).close();
            peer.hex(RawPeer.CLOSE_1000).leave();
            assertReleased(server);
        }
    }
}
