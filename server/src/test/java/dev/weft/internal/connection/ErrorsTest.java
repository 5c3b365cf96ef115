package dev.weft.internal.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.CloseStatus;
import dev.weft.ConnectionClosedException;
import dev.weft.MessageType;
import dev.weft.OutgoingMessage;
import dev.weft.PreparedMessage;
import dev.weft.internal.time.Failures;
import dev.weft.internal.time.ShortTimer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An error in the middle of something, for example because memory is exhausted: the connection ends and leaves no gap. */
@Timeout(20)
class ErrorsTest {
    /** Something that a connection's user does. */
    @FunctionalInterface
    private interface Step {
        void on(Connection connection) throws Exception;
    }

    private static void assertOver(ConnectionFixture test) {
        assertFalse(test.connection().isOpen());
        assertThrows(ConnectionClosedException.class, () -> test.connection().send("later"));
    }

    // Sending

    @Test
    void partOfALargeFrameMustBeTheLastThingSent() throws Exception {
        for (int capacity : new int[]{64, 1 << 16}) {
            try (ConnectionFixture test = ConnectionFixture.with().capacity(capacity).start(null)) {
                test.transport.runOutOfMemoryWhileSending();
                assertThrows(OutOfMemoryError.class, () -> test.connection().trySend(new byte[100_000]));
                assertOver(test);
                assertEquals(1, test.transport.writes().size());
            }
        }
    }

    /** The next message would refer to bytes that the peer never got. */
    @Test
    void messageThatIsEncodedAndNotSentMustEndTheConnection() throws Exception {
        for (Step sending : List.<Step>of(connection -> connection.send(new byte[10]),
                connection -> connection.send(PreparedMessage.text("shared")),
                connection -> connection.trySend("tried"), ErrorsTest::sendStream)) {
            XorExtension extension = new XorExtension();
            try (ConnectionFixture test = ConnectionFixture.with().extension(extension).start(null)) {
                test.transport.runOutOfMemoryWhileSending();
                assertOverAfter(sending, test);
                assertEquals(0, test.transport.writes().size());
            }
        }
    }

    private static void sendStream(Connection connection) throws Exception {
        try (OutgoingMessage stream = connection.sendStream(MessageType.BINARY)) {
            stream.write(new byte[10]);
            stream.complete();
        }
    }

    private static void assertOverAfter(Step sending, ConnectionFixture test) {
        try {
            sending.on(test.connection());
        } catch (Exception | OutOfMemoryError e) {
            // Whichever reports the error.
        }
        assertOver(test);
    }

    // Receiving

    @Test
    void errorInAReceiveMustEndTheConnection() throws Exception {
        for (Step receiving : List.<Step>of(Connection::receive,
                connection -> connection.receive(Duration.ofMinutes(1)),
                Connection::receiveView, Connection::receiveStream, Connection::awaitClose)) {
            try (ConnectionFixture test = ConnectionFixture.with().parks().start(null)) {
                FutureTask<Void> received = test.onOwner(() -> {
                    receiving.on(test.connection());
                    return null;
                });
                assertBrokenWhileWaiting(test, received);
            }
        }
    }

    @Test
    void errorInAReadOfAStreamMustEndTheConnection() throws Exception {
        for (Step reading : List.<Step>of(connection -> connection.receiveStream().inputStream().readAllBytes(),
                connection -> connection.receiveStream().bytes(),
                connection -> connection.receiveStream().inputStream().close())) {
            try (ConnectionFixture test = ConnectionFixture.with().parks().start(null)) {
                FutureTask<Void> read = test.onOwner(() -> {
                    reading.on(test.connection());
                    return null;
                });
                test.peer.send("02 81 00000000 61");
                test.awaitReading();
                assertBrokenWhileWaiting(test, read);
            }
        }
    }

    /** The first byte of a frame is lost. */
    private static void assertBrokenWhileWaiting(ConnectionFixture test, FutureTask<Void> waiting) throws Exception {
        test.awaitReading();
        test.transport.runOutOfMemory();
        test.peer.sendText("lost");
        assertInstanceOf(OutOfMemoryError.class, assertThrows(ExecutionException.class, waiting::get).getCause());
        assertOver(test);
        FutureTask<?> next = test.onOwner(() -> test.connection().receive());
        assertInstanceOf(ConnectionClosedException.class,
                assertThrows(ExecutionException.class, next::get).getCause());
    }

    // The end

    @Test
    void errorInTheLastStepsMustNotKeepTheStatusFromBecomingFinal() throws Exception {
        XorExtension extension = new XorExtension();
        CompletableFuture<CloseStatus> end = new CompletableFuture<>();
        try (ConnectionFixture test = ConnectionFixture.with().extension(extension).parks()
                .start(connection -> connection.onClose(end::complete))) {
            test.peer.expect("88 02 03e8");
            test.awaitReading();
            test.transport.runOutOfMemory();
            test.peer.sendText("not the peer's Close frame").shutdownOutput();
            assertFalse(end.get().clean());
            test.awaitEnd();
            assertTrue(extension.isClosed());
            assertEquals(0, test.budget.taken());
        }
    }

    @Test
    void errorInTheEndOfTheReceivingSideMustNotKeepTheSendingSideFromEnding() throws Exception {
        XorExtension extension = new XorExtension();
        extension.failToClose(new OutOfMemoryError("test"));
        try (ConnectionFixture test = ConnectionFixture.with().extension(extension).start(null)) {
            test.returns();
            test.peer.send("88 80 00000000").shutdownOutput();
            test.awaitEnd();
            assertTrue(extension.isClosed());
        }
    }

    @Test
    void actionMustRunAlthoughNoThreadCouldBeStartedAtFirst() throws Exception {
        AtomicBoolean full = new AtomicBoolean();
        ShortTimer timer = new ShortTimer(task -> {
            if (full.get()) {
                throw new OutOfMemoryError("test");
            }
            task.run();
        }, Failures.toHandler("timer"));
        timer.start();
        try (ConnectionFixture test = ConnectionFixture.with().timer(timer).start(null)) {
            CompletableFuture<CloseStatus> end = new CompletableFuture<>();
            test.connection().onClose(end::complete);
            full.set(true);
            test.connection().abort();
            full.set(false);
            assertEquals(test.connection().known(), end.get());
        } finally {
            timer.stop();
        }
    }

    @Test
    void actionThatFailsMustNotKeepOthersFromRunning() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            AtomicBoolean ran = new AtomicBoolean();
            test.connection().closing.onFinal(() -> ran.set(true));
            test.connection().closing.onFinal(() -> {
                throw new OutOfMemoryError("test");
            });
            test.connection().closing.onFinal(() -> ran.set(ran.get()));
            test.connection().abort();
            assertTrue(ran.get());
            test.peer.expectEnd();
        }
    }

    /** As after an error for which there is no memory left to say so. */
    @Test
    void endWithoutAReasonMustHaveACause() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.connection().breakOff(null);
            assertTrue(test.connection().closeStatus().orElseThrow().failure().isPresent());
            assertOver(test);
        }
    }
}
