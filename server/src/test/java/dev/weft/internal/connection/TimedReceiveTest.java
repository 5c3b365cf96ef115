package dev.weft.internal.connection;

import static dev.weft.internal.connection.TestPeer.hex;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.CloseReason;
import dev.weft.ConnectionClosedException;
import dev.weft.IncomingMessage;
import dev.weft.Message;
import dev.weft.MessageView;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Receives that wait no longer than their caller wants, whether the transport waits in reads or outside of them. */
@ParameterizedClass
@ValueSource(booleans = {true, false})
@Timeout(20)
class TimedReceiveTest {
    private static final Duration SHORT = Duration.ofMillis(5);
    private static final Duration LONG = Duration.ofMinutes(1);

    private final boolean parks;

    TimedReceiveTest(boolean parks) {
        this.parks = parks;
    }

    private ConnectionFixture start() {
        return setup().start(null);
    }

    private ConnectionFixture.Setup setup() {
        return parks ? ConnectionFixture.with().parks() : ConnectionFixture.with();
    }

    private static Optional<Message> receive(ConnectionFixture test, Duration timeout) throws Exception {
        return test.onOwner(() -> test.connection().receive(timeout)).get();
    }

    @Test
    void messageThatArrivesInTimeMustBeReturnedAtOnce() throws Exception {
        try (ConnectionFixture test = start()) {
            var received = test.onOwner(() -> test.connection().receive(LONG));
            test.awaitReading();
            test.peer.sendText("in time");
            assertEquals(Optional.of(new Message.Text("in time")), received.get());
        }
    }

    @Test
    void timeoutMustBeWaitedFor() throws Exception {
        try (ConnectionFixture test = start()) {
            for (int millis : new int[]{1, 30, 100}) {
                long before = System.nanoTime();
                assertEquals(Optional.empty(), receive(test, Duration.ofMillis(millis)));
                assertTrue(System.nanoTime() - before >= 1_000_000L * millis);
            }
        }
    }

    /** Cut within the header, the payload, and between fragments; completed in place, assembled, or read directly. */
    @ParameterizedTest
    @CsvSource({"'', 81 81 00000000 61", "81, 81 00000000 61", "81 82 00000000 61, 62",
            "01 81 00000000 61, 80 80 00000000", "01 81 00000000 61 80, 80 00000000",
            "01 81 00000000 61 89 81 00000000, 21 80 80 00000000", "01 81 00000000 61 80 82 00000000 62, 63"})
    void nothingMustBeLostWhenTimeIsUp(String cut, String rest) throws Exception {
        for (Duration timeout : new Duration[]{Duration.ZERO, SHORT}) {
            for (boolean asView : new boolean[]{true, false}) {
                try (ConnectionFixture test = start()) {
                    test.peer.send(cut);
                    for (int i = 0; i < 3; i++) {
                        assertEquals(Optional.empty(), receive(test, timeout));
                    }
                    var received = test.onOwner(() -> asView
                            ? test.connection().receiveView().text()
                            : ((Message.Text) test.connection().receive()).text());
                    test.peer.send(rest);
                    String text = received.get();
                    assertTrue("abc".startsWith(text) && !text.isEmpty(), text);
                    assertTrue(test.connection().isOpen());
                }
            }
        }
    }

    @Test
    void largeMessageMustComeWholeHoweverOftenTimeIsUp() throws Exception {
        for (int length : new int[]{3000, 200_000}) {
            try (ConnectionFixture test = setup().capacity(512).start(null)) {
                byte[] payload = new byte[length];
                for (int i = 0; i < length; i++) {
                    payload[i] = (byte) (i * 31);
                }
                byte[] frame = TestPeer.binary(payload);
                for (int from = 0; from < frame.length; from += 500) {
                    test.peer.send(frame, from, Math.min(frame.length, from + 500));
                    Optional<Message> received = receive(test, Duration.ZERO);
                    if (from + 500 < frame.length) {
                        assertEquals(Optional.empty(), received);
                    } else {
                        assertArrayEquals(payload, ((Message.Binary) received.orElseThrow()).bytes());
                    }
                }
                assertEquals(test.connection().heldBytes(), test.budget.taken(), "no buffer is lost");
            }
        }
    }

    @Test
    void timeoutOf0MustReturnWhatIsHere() throws Exception {
        try (ConnectionFixture test = start()) {
            test.peer.sendText("a").sendText("b").send("89 81 00000000 70").sendText("c").send("81 81 00000000");
            for (String text : new String[]{"a", "b", "c"}) {
                assertEquals(Optional.of(new Message.Text(text)), receive(test, Duration.ZERO));
            }
            assertEquals(Optional.empty(), receive(test, Duration.ZERO));
            test.peer.expect("8a 01 70");
            test.peer.send("64");
            assertEquals(Optional.of(new Message.Text("d")), receive(test, Duration.ZERO));
        }
    }

    @Test
    void timeoutsOutOfBoundsMustBeRefused() throws Exception {
        try (ConnectionFixture test = start()) {
            test.peer.sendText("x");
            for (Duration timeout : new Duration[]{Duration.ofNanos(-1), Duration.ofDays(-1), Duration.ofDays(21)}) {
                String message = assertThrows(IllegalArgumentException.class, () -> test.connection().receive(timeout))
                        .getMessage();
                assertEquals("timeout " + timeout + " is not within PT0S to PT480H", message);
            }
            assertThrows(NullPointerException.class, () -> test.connection().receive(null));
            assertEquals(Optional.of(new Message.Text("x")), receive(test, Duration.ofDays(20)));
        }
    }

    @Test
    void streamThatIsNotReadMustBeSkippedInTime() throws Exception {
        try (ConnectionFixture test = start()) {
            test.peer.send("02 81 00000000 61");
            IncomingMessage stream = test.onOwner(() -> test.connection().receiveStream()).get();
            assertEquals(Optional.empty(), receive(test, Duration.ZERO));
            assertEquals(Optional.empty(), receive(test, SHORT));
            test.peer.send("00 81 00000000 62");
            assertEquals(Optional.empty(), receive(test, SHORT));
            test.peer.send("80 80 00000000").sendText("next");
            assertEquals(Optional.of(new Message.Text("next")), receive(test, Duration.ZERO));
            assertThrows(IOException.class, stream.inputStream()::read);
        }
    }

    @Test
    void viewMustBeGoneAfterAReceiveThatRanOutOfTime() throws Exception {
        try (ConnectionFixture test = start()) {
            test.peer.sendText("x");
            MessageView view = test.onOwner(() -> test.connection().receiveView()).get();
            assertEquals(Optional.empty(), receive(test, Duration.ZERO));
            assertEquals(0, view.length());
            assertEquals(0, test.budget.taken(), "nothing is held between messages");
        }
    }

    @Test
    void streamMustBeRefusedAfterAPartialReceive() throws Exception {
        try (ConnectionFixture test = start()) {
            test.peer.send("01 81 00000000 61");
            assertEquals(Optional.empty(), receive(test, SHORT));
            var stream = test.onOwner(() -> test.connection().receiveStream());
            assertInstanceOf(IllegalStateException.class,
                    assertThrows(ExecutionException.class, stream::get).getCause());
            test.peer.send("80 81 00000000 62");
            assertEquals(Optional.of(new Message.Text("ab")), receive(test, LONG));
        }
    }

    @Test
    void endMustBeReturnedOnceAndThrownThen() throws Exception {
        try (ConnectionFixture test = start()) {
            test.peer.sendClose(1000);
            Message.Close close = (Message.Close) receive(test, LONG).orElseThrow();
            assertTrue(close.status().clean());
            assertEquals(close.status(), test.connection().closeStatus().orElseThrow());
            assertInstanceOf(ConnectionClosedException.class,
                    assertThrows(ExecutionException.class, () -> receive(test, Duration.ZERO)).getCause());
        }
    }

    @Test
    void endMustNotBeReportedBeforeItsStatusIsFinal() throws Exception {
        try (ConnectionFixture test = setup().capacity(64).start(null)) {
            var sending = test.sendStuck();
            test.peer.sendClose(1000);
            assertEquals(Optional.empty(), receive(test, SHORT));
            assertEquals(Optional.empty(), receive(test, Duration.ZERO));
            assertFalse(sending.isDone());
            test.peer.expectFrame(0x82, new byte[1000]).expect("88 02 03e8");
            Message.Close close = (Message.Close) receive(test, LONG).orElseThrow();
            assertTrue(close.status().clean());
            sending.get();
        }
    }

    @Test
    void deadWireMustBeFoundByTheThreadThatLooks() throws Exception {
        try (ConnectionFixture test = start()) {
            assertEquals(Optional.empty(), receive(test, Duration.ZERO));
            test.peer.close();
            assertInstanceOf(IOException.class,
                    assertThrows(ExecutionException.class, () -> receive(test, LONG)).getCause());
            assertInstanceOf(ConnectionClosedException.class,
                    assertThrows(ExecutionException.class, () -> receive(test, Duration.ZERO)).getCause());
        }
    }

    @Test
    void abortMustFreeAReceiverThatHasTime() throws Exception {
        try (ConnectionFixture test = start()) {
            var receiving = test.onOwner(() -> test.connection().receive(LONG));
            test.awaitReading();
            test.connection().abort();
            assertInstanceOf(ConnectionClosedException.class,
                    assertThrows(ExecutionException.class, receiving::get).getCause());
        }
    }

    @Test
    void laterReceiveMustWaitWithoutALimitAgain() throws Exception {
        try (ConnectionFixture test = start()) {
            assertEquals(Optional.empty(), receive(test, Duration.ZERO));
            var receiving = test.onOwner(() -> test.connection().receive());
            test.awaitReading();
            test.peer.send(hex("81 81 00000000 61"));
            assertEquals(new Message.Text("a"), receiving.get());
            byte[] two = Arrays.copyOf(TestPeer.text("b"), 14);
            System.arraycopy(TestPeer.text("c"), 0, two, 7, 7);
            test.peer.send(two);
            assertEquals(Optional.of(new Message.Text("b")), receive(test, LONG));
            assertEquals(new Message.Text("c"), test.onOwner(() -> test.connection().receive()).get());
        }
    }

    /** Another thread has failed the connection meanwhile, and the peer is slow to read the bytes before the Close frame. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void endOfAWaitMustNotLoseTheCloseFrameOfAFailedConnection(boolean byInterrupt) throws Exception {
        try (ConnectionFixture test = setup().capacity(100).start(null)) {
            FutureTask<Void> sending = test.sendStuck();
            var received = test.onOwner(() -> test.connection().receive(byInterrupt ? LONG : Duration.ofMillis(50)));
            test.awaitReading();
            test.connection().fail(new CloseReason(1011, ""), new IOException("failed by another thread"));
            if (byInterrupt) {
                test.thread().interrupt();
            }
            assertInstanceOf(ConnectionClosedException.class,
                    assertThrows(ExecutionException.class, received::get).getCause());
            test.peer.expectFrame(0x82, new byte[1000]).expectFrame(0x88, hex("03f3"));
            sending.get();
        }
    }
}
