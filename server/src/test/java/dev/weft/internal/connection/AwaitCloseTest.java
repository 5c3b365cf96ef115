package dev.weft.internal.connection;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.CloseStatus;
import dev.weft.Message;
import dev.weft.parser.ProtocolViolationException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Handlers that only send: what the peer says is dropped, but held to the rules, until the end. */
@Timeout(20)
class AwaitCloseTest {
    private static FutureTask<CloseStatus> awaitClose(ConnectionFixture test) {
        return test.onOwner(() -> test.connection().awaitClose());
    }

    @Test
    void messagesMustBeDroppedAndPingsAnswered() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            FutureTask<CloseStatus> waiting = awaitClose(test);
            for (int i = 0; i < 3; i++) {
                test.peer.sendText("dropped").send("01 81 00000000 61 89 81 00000000 70 80 81 00000000 62");
                test.peer.expect("8a 01 70");
                test.awaitReading();
                assertEquals(0, test.budget.taken(), "nothing is kept");
                assertFalse(waiting.isDone());
            }
            test.connection().send("goes on");
            test.peer.expectText("goes on").sendClose(4000).expect("88 02 0fa0");
            CloseStatus status = waiting.get();
            assertTrue(status.clean());
            assertEquals(4000, status.code());
            assertEquals(Optional.of(status), test.connection().closeStatus());
        }
    }

    @Test
    void memoryMustBeBoundedWhateverArrives() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().limits(1 << 20, 1L << 40, 1000).start(null)) {
            FutureTask<CloseStatus> waiting = awaitClose(test);
            byte[] large = new byte[1 << 20];
            int readBuffer = 1 << 18;
            for (int i = 0; i < 5; i++) {
                test.peer.sendFrame(0x82, large);
                assertTrue(test.budget.taken() <= readBuffer, () -> "taken: " + test.budget.taken());
            }
            test.peer.sendClose(1000);
            assertTrue(waiting.get().clean());
        }
    }

    @Test
    void rulesOfMessagesMustHold() throws Exception {
        for (String[] each : new String[][]{{"82 fe 03e9 00000000" + "00".repeat(1001), "1009"},
                {"02 80 00000000" + "00 80 00000000".repeat(10), "1009"}, {"80 80 00000000", "1002"},
                {"82 00", "1002"}, {"88 81 00000000 00", "1002"}}) {
            try (ConnectionFixture test = ConnectionFixture.with().limits(1000, 1 << 20, 10).start(null)) {
                FutureTask<CloseStatus> waiting = awaitClose(test);
                test.peer.sendText("good").send(each[0]);
                CloseStatus status = waiting.get();
                assertEquals(Integer.parseInt(each[1]), status.sent().orElseThrow().code(), each[0]);
                assertInstanceOf(ProtocolViolationException.class, status.failure().orElseThrow());
                assertEquals(Optional.of(status), test.connection().closeStatus(), "it is final");
            }
        }
    }

    @Test
    void everyEndMustBeReturned() throws Exception {
        for (String end : List.of("close", "abort", "gone", "end of bytes", "violated before")) {
            try (ConnectionFixture test = ConnectionFixture.start(null)) {
                if (end.equals("violated before")) {
                    test.peer.send("82 00");
                    assertEquals(List.of("ConnectionClosedException"), test.receiveAll().get());
                }
                FutureTask<CloseStatus> waiting = awaitClose(test);
                if (!end.equals("violated before")) {
                    test.awaitReading();
                }
                switch (end) {
                    case "close" -> {
                        test.connection().close(4001, "");
                        test.peer.expect("88 02 0fa1").sendClose(4001);
                    }
                    case "abort" -> test.connection().abort();
                    case "gone" -> test.peer.close();
                    case "end of bytes" -> test.peer.shutdownOutput();
                    default -> {
                    }
                }
                CloseStatus status = waiting.get();
                assertEquals(end.equals("close"), status.clean(), end);
                assertEquals(Optional.of(status), test.connection().closeStatus(), end);
                assertEquals(status, awaitClose(test).get(), "and again");
            }
        }
    }

    @Test
    void endThatWasReceivedMustBeReturnedAtOnce() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.peer.sendClose(1000);
            assertEquals(List.of("close"), test.receiveAll().get());
            assertTrue(awaitClose(test).get().clean());
        }
    }

    @Test
    void halfReceivedMessageMustBeDroppedToo() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.peer.send("01 81 00000000 61");
            assertEquals(Optional.empty(), test.onOwner(() -> test.connection().receive(Duration.ofMillis(5))).get());
            FutureTask<CloseStatus> waiting = awaitClose(test);
            test.peer.send("80 81 00000000 62").sendClose(1000);
            assertTrue(waiting.get().clean());
        }
    }

    @Test
    void streamThatIsNotReadMustBeDroppedToo() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.peer.send("01 81 00000000 61");
            test.onOwner(() -> test.connection().receiveStream()).get();
            FutureTask<CloseStatus> waiting = awaitClose(test);
            test.peer.send("80 81 00000000 62").sendClose(1000);
            assertTrue(waiting.get().clean());
        }
    }

    @Test
    void interruptMustHarmNothing() throws Exception {
        for (String cut : List.of("", "81 82 00000000 61", "01 81 00000000 61")) {
            Thread[] owner = new Thread[1];
            CountDownLatch begun = new CountDownLatch(1);
            CountDownLatch released = new CountDownLatch(1);
            try (ConnectionFixture test = ConnectionFixture.start(connection -> {
                owner[0] = Thread.currentThread();
                begun.countDown();
                assertThrows(InterruptedIOException.class, connection::awaitClose);
                assertTrue(Thread.interrupted(), "the flag is set");
                released.countDown();
                assertEquals(new Message.Text("next"), connection.receive());
                connection.send("received");
                connection.awaitClose();
            })) {
                begun.await();
                test.peer.send(cut);
                test.awaitReading();
                owner[0].interrupt();
                released.await();
                test.peer.send(switch (cut.replace(" ", "").length()) {
                    case 0 -> "";
                    case 14 -> cut.startsWith("81") ? "62" : "80 80 00000000";
                    default -> throw new AssertionError(cut);
                }).sendText("next");
                test.peer.expectText("received").sendClose(1000).expect("88 02 03e8").shutdownOutput();
                assertTrue(test.awaitEnd().clean());
            }
        }
    }

    @Test
    void peerThatIsTooSlowMustBeFailed() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            FutureTask<CloseStatus> waiting = awaitClose(test);
            test.peer.send("82 fe");
            test.awaitReading();
            test.pass(ConnectionFixture.TIMEOUTS.messageTimeout());
            assertEquals(0x88, test.peer.readFrame().firstByte());
            test.peer.send("00").shutdownOutput();
            assertEquals(1008, waiting.get().sent().orElseThrow().code());
        }
    }

    @Test
    void statusMustBeFinalOnlyOnceOurCloseFrameIsWritten() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().capacity(64).start(null)) {
            FutureTask<Void> sending = test.sendStuck();
            FutureTask<CloseStatus> waiting = awaitClose(test);
            test.peer.sendClose(1000);
            ConnectionFixture.awaitUntil(() -> !test.connection().isOpen());
            assertFalse(waiting.isDone());
            test.peer.expectFrame(0x82, new byte[1000]).expect("88 02 03e8");
            assertTrue(waiting.get().clean());
            sending.get();
        }
    }

    @Test
    void deadWiresExceptionMustBeTheCause() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            FutureTask<CloseStatus> waiting = awaitClose(test);
            test.awaitReading();
            IOException dead = new IOException("dead");
            test.transport.fail(dead);
            assertSame(dead, waiting.get().failure().orElseThrow());
        }
    }
}
