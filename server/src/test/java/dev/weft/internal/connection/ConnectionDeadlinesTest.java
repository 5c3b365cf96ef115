package dev.weft.internal.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.ConnectionClosedException;
import dev.weft.ConnectionTimeouts;
import dev.weft.Message;
import dev.weft.MessageType;
import dev.weft.OutgoingMessage;
import dev.weft.SendResult;
import dev.weft.internal.connection.ConnectionFixture.Handler;
import dev.weft.internal.transport.Transport;
import dev.weft.server.PrivateField;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The sweeper's effect on a connection whose peer is silent, slow or does not read. The clock is moved by hand. */
@Timeout(20)
class ConnectionDeadlinesTest {
    private static final List<Handler> DEPTHS = List.of(ConnectionFixture.ECHO, ConnectionFixture.ECHO_VIEWS,
            ConnectionFixture.ECHO_STREAMS);
    private static final ConnectionTimeouts TIMEOUTS = ConnectionFixture.TIMEOUTS;
    private static final Duration LITTLE = Duration.ofMillis(1);

    private static void assertTimedOut(String setting, ConnectionFixture test) throws InterruptedException {
        String message = assertInstanceOf(TimeoutException.class, test.awaitEnd().failure().orElseThrow()).getMessage();
        assertTrue(message.contains(setting), message);
    }

    /** Expects a ping with Weft's own payload. */
    private static void expectPing(TestPeer peer) throws IOException {
        TestPeer.Frame frame = peer.readFrame();
        assertEquals(0x89, frame.firstByte());
        assertEquals(8, frame.payload().length);
    }

    @Test
    void silenceMustCauseAPingAndMoreSilenceTheEnd() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(ConnectionFixture.ECHO)) {
            test.awaitReading();
            test.pass(TIMEOUTS.pingInterval().minus(LITTLE));
            test.pass(LITTLE);
            expectPing(test.peer);
            test.pass(TIMEOUTS.pongTimeout().minus(LITTLE));
            test.pass(LITTLE);
            test.peer.expectEnd();
            assertTimedOut("pongTimeout", test);
            assertInstanceOf(ConnectionClosedException.class, test.thrown());
            assertEquals(1, test.transport.writes().size(), "one ping");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"8a 80 00000000", "8a", "81 80 00000000", "89 80 00000000", "82 83 00000000"})
    void anyBytesAreASignOfLife(String sign) throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(ConnectionFixture.ECHO)) {
            test.awaitReading();
            test.pass(TIMEOUTS.pingInterval());
            expectPing(test.peer);
            test.pass(TIMEOUTS.pongTimeout().minus(LITTLE));
            test.peer.send(sign);
            test.awaitReading();
            test.pass(TIMEOUTS.pongTimeout());
            test.peer.send("8a");
            test.awaitReading();
            assertTrue(test.connection().known().failure().isEmpty());
        }
    }

    /** The peer of a handler that polls now and then, for example between looks at its own queue, may be dead. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void silenceMustGoOnWhileReceivesRunOutOfTime(boolean answers) throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(connection -> {
            while (connection.receive(LITTLE).isEmpty()) {}
        })) {
            test.pass(TIMEOUTS.pingInterval());
            lookUntil(test, () -> test.transport.writes().size() == 1);
            expectPing(test.peer);
            test.pass(TIMEOUTS.pongTimeout().minus(LITTLE));
            assertTrue(test.connection().isOpen());
            if (answers) {
                test.peer.send("8a 80 00000000");
                test.awaitReading();
                test.pass(TIMEOUTS.pongTimeout());
                test.awaitReading();
                test.pass(Duration.ZERO);
                assertTrue(test.connection().isOpen());
            } else {
                test.pass(LITTLE);
                lookUntil(test, () -> !test.connection().isOpen());
                assertTimedOut("pongTimeout", test);
            }
        }
    }

    /** The sweeper may look while the handler is between two receives, and then does nothing. */
    private static void lookUntil(ConnectionFixture test, BooleanSupplier condition) throws InterruptedException {
        ConnectionFixture.awaitUntil(() -> {
            test.pass(Duration.ZERO);
            return condition.getAsBoolean();
        });
    }

    @Test
    void bytesPutThePingOff() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(ConnectionFixture.ECHO)) {
            for (int i = 0; i < 3; i++) {
                test.awaitReading();
                test.pass(TIMEOUTS.pingInterval().minus(LITTLE));
                test.peer.send("8a 80 00000000");
            }
            test.awaitReading();
            assertEquals(0, test.transport.writes().size());
        }
    }

    /** A peer whose message is late gets no ping: nothing else would end the connection. */
    @Test
    void lateMessageMustEndTheConnectionIfItCannotBeReported() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(ConnectionFixture.ECHO)) {
            test.peer.send("81 83 00000000 61");
            test.awaitReading();
            Transport scarce = (Transport) Proxy.newProxyInstance(Transport.class.getClassLoader(),
                    new Class<?>[]{Transport.class}, (proxy, method, arguments) -> {
                        if (method.getName().equals("remoteAddress")) {
                            throw new OutOfMemoryError("test");
                        }
                        return method.invoke(test.transport, arguments);
                    });
            PrivateField.set(test.connection(), "transport", scarce);
            test.pass(TIMEOUTS.messageTimeout());
            test.peer.expectEnd();
            assertInstanceOf(OutOfMemoryError.class, test.awaitEnd().failure().orElseThrow().getCause());
        }
    }

    @Test
    void aPeerWhoseMessagesLieUnreadIsNotPunished() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().withoutPings().start(null)) {
            var first = test.onOwner(() -> test.connection().receive());
            test.peer.send("81 81 00000000 61");
            first.get();
            for (int i = 0; i < 100; i++) {
                test.pass(Duration.ofMinutes(1));
            }
            test.peer.send("81 81 00000000 62");
            assertEquals(new Message.Text("b"), test.onOwner(() -> test.connection().receive()).get());
            assertEquals(0, test.transport.writes().size());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"81", "81 fe 01", "81 fe 0100 00000000 61", "01 81 00000000 61", "89 82 00000000 61",
            "01 80 00000000 89 80 00000000"})
    void anUnfinishedMessageOrFrameIsClosedWith1008(String half) throws Exception {
        for (Handler depth : DEPTHS) {
            try (ConnectionFixture test = ConnectionFixture.start(depth)) {
                test.peer.send(half);
                test.awaitReading();
                test.pass(TIMEOUTS.messageTimeout().minus(LITTLE));
                assertTrue(test.connection().isOpen());
                test.pass(LITTLE);
                byte[] seen = test.peer.readToEnd();
                test.peer.shutdownOutput();
                assertTrue(TestPeer.hex(seen).contains("88" + "%02x".formatted(closeLength(seen)) + "03f0"),
                        TestPeer.hex(seen));
                assertEquals(1008, test.awaitEnd().sent().orElseThrow().code());
            }
        }
    }

    /** The length of the Close frame's payload, which is at the end and all text. */
    private static int closeLength(byte[] seen) {
        for (int i = 0; i + 1 < seen.length; i++) {
            if ((seen[i] & 0xff) == 0x88 && i + 2 + seen[i + 1] == seen.length) {
                return seen[i + 1];
            }
        }
        throw new AssertionError(TestPeer.hex(seen));
    }

    @Test
    void dribbledFrameMustBeClosedWith1008() throws Exception {
        for (String dribbled : List.of("82 ff 0000000000010000 00000000 6161616161616161616161616161616161616161",
                // Empty fragments with pings between.
                "02 80 00000000" + "00 80 00000000 89 80 00000000".repeat(9))) {
            for (Handler depth : List.of(ConnectionFixture.ECHO, ConnectionFixture.ECHO_VIEWS)) {
                try (ConnectionFixture test = ConnectionFixture.start(depth)) {
                    byte[] bytes = TestPeer.hex(dribbled);
                    for (int sent = 0; sent < 10; sent++) {
                        assertTrue(test.connection().isOpen());
                        test.peer.send(bytes, sent, sent + 1);
                        test.awaitReading();
                        test.pass(TIMEOUTS.messageTimeout().dividedBy(10));
                    }
                    test.peer.readToEnd();
                    // It may go on sending: that is dropped, and does not reset our Close frame.
                    test.peer.send(bytes, 10, bytes.length).shutdownOutput();
                    assertEquals(1008, test.awaitEnd().sent().orElseThrow().code());
                }
            }
        }
    }

    @Test
    void messagesInTimeMustBeAllowedWithoutAPause() throws Exception {
        for (String frame : List.of("82 82 00000000 6162", "89 82 00000000 6162")) {
            for (Handler depth : DEPTHS) {
                try (ConnectionFixture test = ConnectionFixture.start(depth)) {
                    byte[] bytes = TestPeer.hex(frame);
                    test.peer.send(bytes, 0, 3);
                    // Every read ends in the middle of a frame, but of another one each time.
                    for (int i = 0; i < 10; i++) {
                        test.awaitReading();
                        test.pass(TIMEOUTS.messageTimeout().dividedBy(6));
                        test.peer.send(bytes, 3, bytes.length).send(bytes, 0, 3);
                        assertEquals(2, test.peer.readFrame().payload().length);
                    }
                    assertTrue(test.connection().isOpen());
                }
            }
        }
    }

    @Test
    void aStreamsReaderMayTakeItsTimeButNotThePeer() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().withoutPings().start(null)) {
            test.peer.send("82 84 00000000 61");
            var stream = test.onOwner(() -> test.connection().receiveStream().inputStream()).get();
            test.onOwner(stream::read).get();
            for (String hexByte : List.of("62", "63")) {
                test.pass(TIMEOUTS.messageTimeout().multipliedBy(2));
                var read = test.onOwner(stream::read);
                test.awaitReading();
                test.pass(TIMEOUTS.messageTimeout().minus(LITTLE));
                test.peer.send(hexByte);
                read.get();
            }
            var read = test.onOwner(stream::read);
            test.awaitReading();
            test.pass(TIMEOUTS.messageTimeout());
            assertEquals("03f0", TestPeer.hex(test.peer.readFrame().payload()).substring(0, 4));
            test.peer.shutdownOutput().expectEnd();
            assertInstanceOf(ConnectionClosedException.class,
                    assertThrows(ExecutionException.class, read::get).getCause());
        }
    }

    @Test
    void peerThatDoesNotReadMustBeAbortedAndTheWriterReleased() throws Exception {
        for (int length : new int[]{100, 5000, 1 << 20}) {
            try (ConnectionFixture test = ConnectionFixture.with().capacity(64).start(ConnectionFixture.ECHO)) {
                FutureTask<Void> send = new FutureTask<>(() -> {
                    test.connection().send(new byte[length]);
                    return null;
                });
                Thread.startVirtualThread(send);
                test.transport.awaitWriting();
                test.pass(TIMEOUTS.writeTimeout().minus(LITTLE));
                assertFalse(send.isDone());
                test.pass(LITTLE);
                Throwable thrown = assertThrows(Exception.class, send::get).getCause();
                assertInstanceOf(ConnectionClosedException.class, thrown);
                assertTimedOut("writeTimeout", test);
            }
        }
    }

    @Test
    void aSlowReaderThatMakesProgressIsNotAborted() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().capacity(1 << 16).start(null)) {
            sendWhatIsReadSlowly(test);
        }
    }

    /** The peer takes the message, each piece of it just in time, but for its end, and has nothing to say. */
    private static void sendWhatIsReadSlowly(ConnectionFixture test) throws Exception {
        FutureTask<Void> send = new FutureTask<>(() -> {
            test.connection().send(new byte[10 << 16]);
            return null;
        });
        Thread sender = Thread.startVirtualThread(send);
        test.peer.read(10);
        for (int i = 2; i <= 10; i++) {
            test.transport.awaitWriting();
            ConnectionFixture.awaitUntil(() -> sender.getState() == Thread.State.WAITING);
            test.pass(TIMEOUTS.writeTimeout().minus(LITTLE));
            byte before = test.transport.writeProgress();
            test.peer.read(1 << 16);
            // The read must have had its effect before the clock moves on.
            ConnectionFixture.awaitUntil(() -> test.transport.writeProgress() != before);
        }
        send.get();
    }

    @Test
    void pingQueuedAfterALargeMessageMustNotTimeOut() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().capacity(1 << 16).start(ConnectionFixture.ECHO)) {
            test.awaitReading();
            sendWhatIsReadSlowly(test);
            test.peer.read(1 << 16);
            expectPing(test.peer);
            test.pass(TIMEOUTS.pongTimeout().minus(LITTLE));
            assertTrue(test.connection().isOpen());
            // The network's progress was seen with the last look, and is a sign of life.
            test.pass(TIMEOUTS.pongTimeout());
            assertTimedOut("pongTimeout", test);
        }
    }

    @Test
    void aPeerThatDoesNotAnswerOurCloseIsAborted() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(connection -> {})) {
            test.peer.expect("88 02 03e8");
            // It keeps talking, which does not help.
            for (int i = 0; i < 5; i++) {
                test.peer.send("81 81 00000000 61");
                test.awaitReading();
                test.pass(TIMEOUTS.closeTimeout().dividedBy(5));
            }
            assertTimedOut("closeTimeout", test);
        }
    }

    @Test
    void aPeerThatClosesButStaysIsAborted() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(ConnectionFixture.ECHO)) {
            test.peer.send("88 80 00000000").expect("88 00").expectEnd();
            test.awaitReading();
            test.pass(TIMEOUTS.closeTimeout());
            assertTrue(test.awaitEnd().clean());
            assertThrows(IOException.class, () -> test.peer.send(new byte[1]));
        }
    }

    @Test
    void busyHandlerMustNotKeepTheSocketAfterTheClose() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        try (ConnectionFixture test = ConnectionFixture.start(connection -> {
            connection.close();
            done.await();
        })) {
            test.peer.expect("88 02 03e8");
            test.pass(TIMEOUTS.closeTimeout());
            test.peer.expectEnd();
            done.countDown();
            assertTimedOut("closeTimeout", test);
        }
    }

    @Test
    void stalledStreamMustFailWhileAMessageWaits() throws Exception {
        for (boolean tries : new boolean[]{true, false}) {
            try (ConnectionFixture test = ConnectionFixture.with().withoutPings().start(null)) {
                OutgoingMessage stream = test.connection().sendStream(MessageType.BINARY);
                stream.write(1);
                stream.flush();
                FutureTask<Void> waiting = new FutureTask<>(() -> {
                    test.connection().send("waits");
                    return null;
                });
                if (tries) {
                    assertEquals(SendResult.ACCEPTED, test.connection().trySend("waits"));
                } else {
                    Thread sender = Thread.ofPlatform().start(waiting);
                    ConnectionFixture.awaitUntil(() -> sender.getState() == Thread.State.TIMED_WAITING);
                }
                test.pass(LITTLE);
                test.pass(TIMEOUTS.streamTimeout().minus(LITTLE));
                assertTrue(test.connection().isOpen());
                // A write puts the deadline off.
                stream.write(2);
                stream.flush();
                test.pass(TIMEOUTS.streamTimeout().minus(LITTLE));
                assertTrue(test.connection().isOpen());
                test.pass(LITTLE);
                ConnectionFixture.awaitUntil(() -> !test.connection().isOpen());
                test.peer.expect("02 01 01");
                TestPeer.Frame frame = test.peer.readFrame();
                while (frame.firstByte() != 0x88) {
                    frame = test.peer.readFrame();
                }
                assertEquals("03f3", TestPeer.hex(frame.payload()).substring(0, 4));
                assertThrows(ConnectionClosedException.class, () -> stream.write(new byte[10_000]));
                if (!tries) {
                    assertThrows(ExecutionException.class, waiting::get);
                }
            }
        }
    }

    @Test
    void streamWithoutWaitersMayBeSlow() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().withoutPings().start(null)) {
            OutgoingMessage stream = test.connection().sendStream(MessageType.BINARY);
            stream.write(1);
            stream.flush();
            for (int i = 0; i < 10; i++) {
                test.pass(TIMEOUTS.streamTimeout());
            }
            stream.complete();
            test.peer.expect("02 01 01  80 00");
            assertTrue(test.connection().isOpen());
        }
    }

    /** A part of a ping ends a receive, and the rest is read ahead. */
    @Test
    void pingThatWasReadAheadMustNotLeaveAnUnfinishedMessage() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().withoutPings().start(null)) {
            test.peer.send("89");
            assertTrue(test.onOwner(() -> test.connection().receive(LITTLE)).get().isEmpty());
            test.peer.send("80 00000000").expect("8a 00");
            FutureTask<Message> received = test.onOwner(() -> test.connection().receive());
            test.awaitReading();
            test.pass(LITTLE);
            assertFalse(test.connection().sender.deadlines().isHalfRead());
            test.pass(TIMEOUTS.messageTimeout());
            test.peer.sendText("in time");
            assertEquals(new Message.Text("in time"), received.get());
        }
    }
}
