package dev.weft.internal.connection;

import static dev.weft.internal.connection.ConnectionFixture.inThread;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.ConnectionClosedException;
import dev.weft.IncomingMessage;
import dev.weft.Message;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Any thread may receive, one at a time. */
@Timeout(20)
class ReceivingThreadsTest {
    /** Every way to receive. */
    private static List<Executable> receives(Connection connection) {
        return List.of(connection::receive, () -> connection.receive(Duration.ZERO), connection::receiveView,
                connection::receiveStream, connection::awaitClose);
    }

    private static void assertRefused(Executable action) {
        String message = assertThrows(IllegalStateException.class, action).getMessage();
        assertTrue(message.contains("another thread receives"), message);
    }

    @Test
    void anyThreadMayReceive() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            for (int i = 0; i < 20; i++) {
                String text = "m" + i;
                test.peer.sendText(text);
                FutureTask<Void> elsewhere = inThread(() -> {
                    assertEquals(new Message.Text(text), test.connection().receive());
                    return null;
                });
                elsewhere.get();
                test.peer.sendText(text);
                assertEquals(text, test.onOwner(() -> test.connection().receiveView().text()).get());
            }
        }
    }

    @Test
    void secondReceiverMustBeRefusedWithoutEffect() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            var first = test.onOwner(() -> test.connection().receive());
            test.awaitReading();
            for (Executable receive : receives(test.connection())) {
                assertRefused(receive);
            }
            test.peer.sendText("for the first");
            assertEquals(new Message.Text("for the first"), first.get());
        }
    }

    @Test
    void readingAStreamMustBeReceiving() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.peer.send("02 81 00000000 61");
            IncomingMessage stream = test.onOwner(() -> test.connection().receiveStream()).get();
            InputStream bytes = stream.inputStream();
            assertEquals('a', bytes.read(), "this thread may");
            var first = test.onOwner(stream::bytes);
            test.awaitReading();
            for (Executable receive : receives(test.connection())) {
                assertRefused(receive);
            }
            assertRefused(bytes::read);
            assertRefused(bytes::close);
            assertRefused(stream::bytes);
            test.peer.send("80 82 00000000 6263");
            assertArrayEquals(new byte[]{'b', 'c'}, first.get());
        }
    }

    /** Each thread continues where the previous one stopped; a thread that receives at the wrong moment is refused. */
    @Test
    void threadsThatTakeTurnsMustLoseNothing() throws Exception {
        int messages = 3000;
        Set<Integer> received = ConcurrentHashMap.newKeySet();
        AtomicInteger count = new AtomicInteger();
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            List<FutureTask<Void>> receivers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                receivers.add(inThread(() -> {
                    while (count.get() < messages) {
                        try {
                            test.connection().receive(Duration.ofMillis(1))
                                    .ifPresent(message -> {
                                        received.add(number(message));
                                        count.incrementAndGet();
                                    });
                        } catch (IllegalStateException e) {
                            LockSupport.parkNanos(1000);
                        }
                    }
                    return null;
                }));
            }
            for (int i = 0; i < messages; i++) {
                test.peer.sendText(Integer.toString(i));
            }
            for (FutureTask<Void> receiver : receivers) {
                receiver.get();
            }
        }
        assertEquals(messages, count.get());
        assertEquals(messages, received.size(), "each came once");
    }

    private static int number(Message message) {
        return Integer.parseInt(((Message.Text) message).text());
    }

    @Test
    void handlersEndMustEndTheReceivingOfOthers() throws Exception {
        CountDownLatch returns = new CountDownLatch(1);
        AtomicReference<FutureTask<Message>> other = new AtomicReference<>();
        CountDownLatch begun = new CountDownLatch(1);
        try (ConnectionFixture test = ConnectionFixture.start(connection -> {
            FutureTask<Message> receiving = new FutureTask<>(connection::receive);
            other.set(receiving);
            Thread.startVirtualThread(receiving);
            begun.countDown();
            returns.await();
        })) {
            begun.await();
            test.awaitReading();
            returns.countDown();
            test.peer.expect("88 02 03e8");
            assertFalse(other.get().isDone(), "it waits for what the peer has sent before its Close frame");
            test.peer.send("88 82 00000000 03e8").shutdownOutput();
            assertEquals("close", ConnectionFixture.word(other.get().get()));
            assertTrue(test.awaitEnd().clean());
            for (Executable receive : receives(test.connection())) {
                assertThrows(ConnectionClosedException.class, receive);
            }
            assertEquals(0, test.budget.taken());
        }
    }

    @Test
    void interruptOfTheEndMustFreeTheOtherReceiver() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        AtomicReference<Thread> owner = new AtomicReference<>();
        AtomicReference<FutureTask<Message>> other = new AtomicReference<>();
        try (ConnectionFixture test = ConnectionFixture.start(connection -> {
            owner.set(Thread.currentThread());
            FutureTask<Message> receiving = new FutureTask<>(connection::receive);
            other.set(receiving);
            Thread.startVirtualThread(receiving);
            begun.countDown();
        })) {
            begun.await();
            test.peer.expect("88 02 03e8");
            owner.get().interrupt();
            assertInstanceOf(IOException.class, assertThrows(ExecutionException.class, other.get()::get).getCause());
            assertFalse(test.awaitEnd().clean());
        }
    }

    /** Nobody would read ahead any more, or notice the peer's end. */
    @Test
    void lackOfMemoryAheadOfTheReceiverMustEndTheConnection() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            CountDownLatch over = new CountDownLatch(1);
            test.connection().onClose(status -> over.countDown());
            test.transport.runOutOfMemory();
            test.peer.send("89 80 00000000");
            over.await();
            assertFalse(test.connection().isOpen());
            assertThrows(ConnectionClosedException.class, () -> test.connection().receive());
        }
    }

    /** The valid one after it must not be taken for the peer's. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void invalidCloseFrameThatWasReadAheadMustFailTheReceiver(boolean afterData) throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.peer.send(afterData ? "81 81 00000000 61" : "").send("88 83 00000000 03e8ff")
                    .send("88 82 00000000 03e8");
            ConnectionFixture.awaitUntil(() -> !test.connection().isOpen());
            if (afterData) {
                assertEquals(new Message.Text("a"), test.onOwner(() -> test.connection().receive()).get());
            }
            FutureTask<Message> received = test.onOwner(() -> test.connection().receive());
            assertInstanceOf(ConnectionClosedException.class,
                    assertThrows(ExecutionException.class, received::get).getCause());
        }
    }
}
