package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.TestKeys;
import dev.weft.attacks.Bystander;
import dev.weft.internal.transport.Transport;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.security.KeyManagementException;
import java.security.Provider;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What happens between accepting a connection and running its thread. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AdmissionTest {
    /** Requests to a poller, for some of which there is no memory. */
    private static final class ScarceQueue extends ConcurrentLinkedQueue<Runnable> {
        private static final long serialVersionUID = 1;
        private final AtomicInteger failures = new AtomicInteger();

        @Override
        public boolean add(Runnable request) {
            if (failures.getAndDecrement() > 0) {
                throw new OutOfMemoryError("test");
            }
            return super.add(request);
        }
    }

    @Test
    void errorsBeforeASessionStartsGiveItsSlotBack() throws Exception {
        LogCapture log = new LogCapture();
        ScarceQueue queue = new ScarceQueue();
        try (WebSocketServer server = Handlers.echoServer().transport(TransportKind.PARKING).maxConnections(2)
                .start()) {
            Object poller = ((List<?>) PrivateField.get(server.transports, "pollers")).getFirst();
            PrivateField.set(PrivateField.get(poller, "engine"), "requests", queue);
            for (int i = 0; i < 5; i++) {
                queue.failures.set(1);
                try (RawPeer peer = RawPeer.connect(server)) {
                    assertEquals(-1, peer.socket().getInputStream().read());
                } catch (SocketException e) {
                    // Closed by a reset.
                }
                Await.until("the slot is free", () -> server.connectionCount() == 0);
            }
            try (RawPeer one = RawPeer.openWhenThereIsRoom(server);
                    RawPeer other = RawPeer.openWhenThereIsRoom(server)) {
                Bystander.assertEchoes(one, "one");
                Bystander.assertEchoes(other, "other");
            }
        } finally {
            log.close();
        }
    }

    /** The first thing that a session allocates is its input, which asks the transport for this. */
    @Test
    void sessionThatFailsAtItsBeginningGivesItsSlotBack() throws Exception {
        LogCapture log = new LogCapture();
        UnreadTransport unread = new UnreadTransport("");
        Transport scarce = (Transport) Proxy.newProxyInstance(Transport.class.getClassLoader(),
                new Class<?>[]{Transport.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("hasRates")) {
                        throw new OutOfMemoryError("test");
                    }
                    return method.invoke(unread, arguments);
                });
        try (WebSocketServer server = Handlers.echoServer().maxConnections(1).start()) {
            server.admission().admit(scarce);
            Await.until("the slot is free", () -> server.connectionCount() == 0);
            assertTrue(unread.isClosed());
            try (RawPeer peer = RawPeer.openWhenThereIsRoom(server)) {
                Bystander.assertEchoes(peer, "next");
            }
        } finally {
            log.close();
        }
    }

    @Test
    void connectionThatFailsAtOnceIsLoggedWithItsReason() throws Exception {
        LogCapture log = new LogCapture();
        try (WebSocketServer server = Handlers.echoServer().start()) {
            SocketChannel closed = SocketChannel.open();
            closed.close();
            server.admission().admit(closed);
            assertTrue(log.lines(Level.FINE).contains("an accepted connection failed: " + new ClosedChannelException()),
                    log.lines(Level.FINE).toString());
            assertEquals(List.of(), log.thrown(Level.FINE));
        } finally {
            log.close();
        }
    }

    /** Makes engines as another context does, but not before it may. */
    private static final class SlowContext extends SSLContext {
        SlowContext(SSLContext context, CountDownLatch asked, CountDownLatch may) {
            super(new SSLContextSpi() {
                @Override
                protected void engineInit(KeyManager[] keys, TrustManager[] trust, SecureRandom random)
                        throws KeyManagementException {
                    context.init(keys, trust, random);
                }

                @Override
                protected SSLSocketFactory engineGetSocketFactory() {
                    return context.getSocketFactory();
                }

                @Override
                protected SSLServerSocketFactory engineGetServerSocketFactory() {
                    return context.getServerSocketFactory();
                }

                @Override
                protected SSLEngine engineCreateSSLEngine() {
                    if (Thread.currentThread().getName().startsWith("weft-acceptor")) {
                        asked.countDown();
                        boolean over = false;
                        while (!over) {
                            try {
                                over = may.await(1, TimeUnit.MINUTES);
                            } catch (InterruptedException e) {
                                // It goes on.
                            }
                        }
                    }
                    return context.createSSLEngine();
                }

                @Override
                protected SSLEngine engineCreateSSLEngine(String host, int port) {
                    return context.createSSLEngine(host, port);
                }

                @Override
                protected SSLSessionContext engineGetServerSessionContext() {
                    return context.getServerSessionContext();
                }

                @Override
                protected SSLSessionContext engineGetClientSessionContext() {
                    return context.getClientSessionContext();
                }
            }, new Provider("slow", "1", "") {
                private static final long serialVersionUID = 1;
            }, context.getProtocol());
        }
    }

    /** The system has taken it out of the queue: nobody else could serve it. */
    @Test
    void connectionThatIsAcceptedWhenADrainBeginsIsServed() throws Exception {
        try (ServerSocketChannel listener = ServerSocketChannel.open()
                .bind(new InetSocketAddress("127.0.0.1", 0));
                WebSocketServer server = Handlers.echoServer().start();
                RawPeer peer = RawPeer.connect((InetSocketAddress) listener.getLocalAddress())) {
            server.drain();
            server.admission().admit(listener.accept());
            try (RawPeer upgraded = peer.upgraded()) {
                Bystander.assertEchoes(upgraded, "late");
            }
        }
    }

    /** The acceptor is still busy with a connection when a shutdown has found none and ended. */
    @Test
    void lastConnectionOfAStoppedServerIsAborted() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch may = new CountDownLatch(1);
        WebSocketServer server = Handlers.echoServer().transport(TransportKind.BLOCKING)
                .handshakeTimeout(Duration.ofMinutes(1))
                .tls(new SlowContext(TestKeys.context(), asked, may)).start();
        try (RawPeer peer = RawPeer.connect(server.port())) {
            assertTrue(asked.await(10, TimeUnit.SECONDS));
            server.close();
            may.countDown();
            try {
                assertEquals(-1, peer.socket().getInputStream().read());
            } catch (SocketException e) {
                // Closed by a reset.
            }
            Await.until("it is over", () -> server.connectionCount() == 0);
        } finally {
            may.countDown();
        }
    }

    /** Sessions by their threads, where one that is removed is gone long before the call returns. */
    private static final class SlowlyRemovingMap extends ConcurrentHashMap<Object, Object> {
        private static final long serialVersionUID = 1;
        private final transient CountDownLatch removed = new CountDownLatch(1);
        private final transient CountDownLatch may = new CountDownLatch(1);

        @Override
        public Object remove(Object key) {
            Object value = super.remove(key);
            removed.countDown();
            boolean over = false;
            while (!over) {
                try {
                    over = may.await(1, TimeUnit.MINUTES);
                } catch (InterruptedException e) {
                    // It goes on.
                }
            }
            return value;
        }
    }

    @Test
    void serverThatHasStoppedCountsNoConnection() throws Exception {
        SlowlyRemovingMap slow = new SlowlyRemovingMap();
        WebSocketServer server = Handlers.echoServer().start();
        try {
            PrivateField.set(PrivateField.get(server, "sessions"), "byThread", slow);
            RawPeer.open(server).leave();
            assertTrue(slow.removed.await(10, TimeUnit.SECONDS));
            server.close();
            assertEquals(0, server.connectionCount());
        } finally {
            slow.may.countDown();
            server.close();
        }
    }

    @Test
    void stoppedServersAdmitNothing() throws IOException {
        WebSocketServer server = Handlers.echoServer().start();
        server.close();
        try (var listener = ServerSocketChannel.open().bind(null);
                var peer = SocketChannel.open(listener.getLocalAddress())) {
            assertTrue(peer.isConnected());
            var accepted = listener.accept();
            server.admission().admit(accepted);
            assertFalse(accepted.isOpen());
            assertEquals(0, server.connectionCount());
        }
    }
}
