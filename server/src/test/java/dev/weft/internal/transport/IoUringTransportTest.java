package dev.weft.internal.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.internal.loop.ConnectionScheduler;
import dev.weft.internal.loop.IdleEngine;
import dev.weft.internal.loop.Loops;
import dev.weft.internal.time.Failures;
import dev.weft.internal.stress.LittleStack;
import dev.weft.server.Await;
import dev.weft.server.PrivateField;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What seldom happens to a transport over io_uring. The tests drive its engines, and decide what the system answers. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class IoUringTransportTest {
    /** A ring that calls the methods of a real one, or what a test has put in the place of one. */
    private static final class ChangedRing {
        /** In the place of a method of the ring. */
        @FunctionalInterface
        interface Method {
            Object call(Object... arguments) throws Exception;
        }

        private final Ring ring;
        private final Map<String, Method> replacements = new HashMap<>();
        private int receives;

        ChangedRing(IoUringEngine engine) throws ReflectiveOperationException {
            Ring real = (Ring) PrivateField.get(engine, "ring");
            ring = (Ring) Proxy.newProxyInstance(Ring.class.getClassLoader(), new Class<?>[]{Ring.class},
                    (proxy, method, arguments) -> {
                        String name = method.getName();
                        receives += name.equals("receive") ? 1 : 0;
                        try {
                            return replacements.containsKey(name)
                                    ? replacements.get(name).call(arguments)
                                    : method.invoke(real, arguments);
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        }
                    });
            PrivateField.set(engine, "ring", ring);
        }

        void replace(String name, Method with) {
            replacements.put(name, with);
        }

        void restore() {
            replacements.clear();
        }
    }

    private final List<Throwable> failures = new ArrayList<>();
    private Loops loops;
    private ConnectionScheduler scheduler;
    private IoUringEngine engine;
    private ChangedRing changed;
    private ServerSocketChannel listener;
    private SocketChannel peer;
    private IoUringTransport transport;

    @BeforeEach
    void open() throws Exception {
        assumeTrue(Rings.obstacle().isEmpty(), () -> Rings.obstacle().orElseThrow());
        loops = new Loops("io-uring-transport-test", List.of(new IdleEngine()), (what, count, latest) -> {});
        scheduler = loops.scheduler(0);
        engine = newEngine();
        changed = new ChangedRing(engine);
        listener = ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        peer = SocketChannel.open(listener.getLocalAddress());
        transport = engine.register(listener.accept(), scheduler);
        poll(engine);
    }

    private IoUringEngine newEngine() throws IOException {
        return new IoUringEngine(new Failures("ring", (what, count, latest) -> failures.add(latest)), 0);
    }

    @AfterEach
    void close() throws IOException {
        if (engine != null) {
            changed.restore();
            engine.close();
            loops.stop();
            peer.close();
            listener.close();
        }
    }

    private static void poll(IoUringEngine polled) {
        try {
            polled.poll(() -> false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The engine from which a connection is moved would repeat the receive when that is done, and read later bytes first. */
    @Test
    void movedReceiveMustNotBeRepeatedForLackOfABuffer() throws Exception {
        IoUringEngine other = newEngine();
        ChangedRing ofOther = new ChangedRing(other);
        FutureTask<Integer> read = new FutureTask<>(() -> transport.read(ByteBuffer.allocate(10)));
        Thread.ofPlatform().daemon().start(read);
        Await.until("a receive is in progress", () -> {
            poll(engine);
            return changed.receives == 1;
        });
        changed.replace("result", arguments -> SocketErrors.ENOBUFS);
        engine.move(1, other, scheduler, () -> {});
        Await.until("it was moved", () -> {
            poll(engine);
            return transport.isAt(other);
        });
        changed.restore();
        poll(other);
        assertEquals(1, ofOther.receives);
        peer.write(ByteBuffer.allocate(1));
        Await.until("the byte was read", () -> {
            poll(other);
            return read.isDone();
        });
        assertEquals(1, read.get());
        poll(engine);
        poll(other);
        assertEquals(1, ofOther.receives);
        transport.close();
        other.close();
        assertEquals(List.of(), failures);
    }

    /** The engine may receive meanwhile what would be read: the reader would get later bytes first. */
    @Test
    void socketMustNotBeReadWhileAReceiveIsRequested() throws Exception {
        int size = engine.buffers().size();
        FutureTask<Boolean> waiting = new FutureTask<>(transport::awaitReadable);
        Thread.ofPlatform().daemon().start(waiting);
        Await.until("a receive is in progress", () -> {
            poll(engine);
            return changed.receives == 1;
        });
        peer.write(ByteBuffer.allocate(size + 10));
        Await.until("the reader is woken", () -> {
            poll(engine);
            return waiting.isDone();
        });
        // As if the receive were one that an earlier wait had left: when it ends, the reader that begins to wait may find none in
        // progress, and request one, before it is woken.
        PrivateField.set(PrivateField.get(transport, "reader"), "receiving", true);
        transport.request(IoUringTransport.RECEIVE);
        ByteBuffer target = ByteBuffer.allocate(size + 20);
        assertEquals(size, transport.readNow(target));
        Await.until("the rest is read", () -> {
            poll(engine);
            try {
                return transport.readNow(target) == 10;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        assertEquals(List.of(), failures);
    }

    /** A part of the bytes that the peer gets twice would look like what follows them. */
    @Test
    void closeMustSendOnlyWhatWasNotSentBefore() throws Exception {
        List<Long> addresses = new ArrayList<>();
        List<Integer> lengths = new ArrayList<>();
        changed.replace("sendAtOnce", arguments -> {
            addresses.add((Long) arguments[1]);
            lengths.add((Integer) arguments[2]);
            return addresses.size();
        });
        changed.replace("isSubmitted", arguments -> false);
        changed.replace("send", arguments -> {
            throw new IOException("the system takes no requests");
        });
        transport.write(ByteBuffer.allocate(100));
        poll(engine);
        assertEquals(List.of(100), lengths);
        assertThrows(IOException.class, () -> transport.completed(changed.ring, IoUringTransport.SEND, 40));
        transport.fail();
        poll(engine);
        assertEquals(List.of(100, 60), lengths);
        assertEquals(40, addresses.get(1) - addresses.get(0));
        transport.completed(changed.ring, IoUringTransport.SEND, SocketErrors.EAGAIN);
        assertEquals(List.of(), failures);
    }

    /** Of a send that the system has taken, nothing else reports the end: the connection would look as if it was sending. */
    @Test
    void engineMustNotWaitBeforeAllSendsAreSubmitted() throws Exception {
        changed.replace("enter", arguments -> {
            // For lack of memory, the system takes no requests this once.
            changed.restore();
            return null;
        });
        transport.write(ByteBuffer.wrap(new byte[]{7}));
        engine.poll(() -> true);
        poll(engine);
        assertTrue(((IoUringWriter) PrivateField.get(transport, "writer")).isIdle());
        ByteBuffer received = ByteBuffer.allocate(10);
        assertEquals(1, peer.read(received));
        assertEquals(7, received.get(0));
    }

    /** The thread that asks first adds the connection to the engine's list; if it fails to, the next one must. */
    @Test
    void closeMustBeServedAfterARequestThatFoundNoStack() throws Exception {
        transport.request(IoUringTransport.RETRY);
        for (int i = 0; i < 20; i++) {
            closeAfter(asking -> asking.request(IoUringTransport.RETRY));
        }
        assertEquals(List.of(), failures);
    }

    @Test
    void closeMustBeServedAfterOneThatFoundNoStack() throws Exception {
        transport.close();
        awaitSockets(0);
        for (int i = 0; i < 20; i++) {
            closeAfter(IoUringTransport::close);
        }
        assertEquals(List.of(), failures);
    }

    /** Closes a connection after this was tried with little stack. */
    private void closeAfter(Consumer<IoUringTransport> tried) throws Exception {
        int before = engine.size();
        try (SocketChannel other = SocketChannel.open(listener.getLocalAddress())) {
            IoUringTransport closed = engine.register(listener.accept(), scheduler);
            poll(engine);
            LittleStack.run(() -> {
                tried.accept(closed);
                return null;
            });
            closed.close();
            awaitSockets(before);
            assertEquals(-1, other.read(ByteBuffer.allocate(1)));
        }
    }

    private void awaitSockets(int count) {
        Await.until(count + " sockets", () -> {
            poll(engine);
            return engine.size() == count;
        });
    }

    /** It calls the system with a descriptor and memory. */
    @Test
    void closeMustReleaseNothingThatAWakeUpInProgressUses() throws Exception {
        List<String> ends = new ArrayList<>();
        changed.replace("wakeUp", arguments -> null);
        changed.replace("close", arguments -> ends.add("close"));
        changed.replace("abandon", arguments -> ends.add("abandon"));
        FutureTask<Void> polling = new FutureTask<>(() -> {
            engine.poll(() -> true);
            return null;
        });
        Thread.ofPlatform().daemon().start(polling);
        Await.until("the engine waits", engine::isWaiting);
        engine.wakeUp();
        peer.write(ByteBuffer.allocate(1));
        polling.get();
        engine.close();
        assertEquals(List.of("abandon"), ends);
        changed.restore();
        changed.ring.close();
    }

    @Test
    void wakeUpOfAnAbandonedRingMustReachNothingElse() throws Exception {
        Ring ring = Rings.open(2, 4, 2, 16);
        ring.abandon();
        List<SocketChannel> later = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            later.add(SocketChannel.open(listener.getLocalAddress()));
            later.add(listener.accept());
        }
        ring.wakeUp();
        for (SocketChannel channel : later) {
            channel.configureBlocking(false);
            assertEquals(0, channel.read(ByteBuffer.allocate(10)));
        }
        for (SocketChannel channel : later) {
            channel.close();
        }
    }
}
