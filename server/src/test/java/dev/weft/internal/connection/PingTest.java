package dev.weft.internal.connection;

import static dev.weft.internal.connection.ConnectionFixture.inThread;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.ConnectionClosedException;
import dev.weft.Message;
import dev.weft.MessageType;
import dev.weft.PingTimeoutException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pings whose pongs a thread waits for, and what is known of the peer's latency (RFC 6455 §5.5.2, §5.5.3). */
@Timeout(20)
class PingTest {
    private static final Duration LONG = Duration.ofMinutes(1);
    private static final Duration SHORT = Duration.ofMillis(20);

    private static FutureTask<Duration> ping(ConnectionFixture test) {
        FutureTask<Duration> task = new FutureTask<>(() -> test.connection().ping(LONG));
        Thread.startVirtualThread(task);
        return task;
    }

    private static byte[] readPing(ConnectionFixture test) throws IOException {
        TestPeer.Frame frame = test.peer.readFrame();
        assertEquals(0x89, frame.firstByte());
        return frame.payload();
    }

    private static void pong(ConnectionFixture test, byte[] payload) throws IOException {
        test.peer.sendFrame(0x8a, payload);
    }

    private static Throwable cause(FutureTask<?> task) {
        return assertThrows(ExecutionException.class, task::get).getCause();
    }

    @Test
    void pongMustEndTheWaitAndSayHowLongItTook() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(ConnectionFixture.ECHO)) {
            long before = System.nanoTime();
            assertEquals(Optional.empty(), test.connection().latency());
            FutureTask<Duration> pinging = ping(test);
            byte[] payload = readPing(test);
            assertFalse(pinging.isDone());
            assertEquals(Optional.empty(), test.connection().latency());
            pong(test, payload);
            Duration latency = pinging.get();
            assertTrue(latency.isPositive() && latency.toNanos() <= System.nanoTime() - before, latency::toString);
            assertEquals(Optional.of(latency), test.connection().latency());
        }
    }

    @Test
    void pongBetweenFragmentsMustCount() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(ConnectionFixture.ECHO)) {
            test.peer.send("01 81 00000000 61");
            FutureTask<Duration> pinging = ping(test);
            pong(test, readPing(test));
            pinging.get();
            test.peer.send("80 81 00000000 62").expectText("ab");
        }
    }

    @Test
    void pongThatIsCutMustCount() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().readLength(1).start(ConnectionFixture.ECHO)) {
            FutureTask<Duration> pinging = ping(test);
            pong(test, readPing(test));
            pinging.get();
        }
    }

    @Test
    void pingMustGoBetweenTheFragmentsOfAMessage() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(ConnectionFixture.ECHO)) {
            var stream = test.connection().sendStream(MessageType.BINARY);
            stream.write(1);
            stream.flush();
            FutureTask<Duration> pinging = ping(test);
            test.peer.expect("02 01 01");
            pong(test, readPing(test));
            pinging.get();
            stream.complete();
            test.peer.expect("80 00");
        }
    }

    /** §5.5.3: a pong may answer the most recent ping alone. */
    @Test
    void pongOfALaterPingMustAnswerTheEarlierOnes() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(ConnectionFixture.ECHO)) {
            List<FutureTask<Duration>> pinging = new ArrayList<>();
            List<byte[]> payloads = new ArrayList<>();
            Set<String> distinct = new HashSet<>();
            for (int i = 0; i < 5; i++) {
                pinging.add(ping(test));
                payloads.add(readPing(test));
                distinct.add(TestPeer.hex(payloads.get(i)));
            }
            assertEquals(5, distinct.size());
            pong(test, payloads.get(2));
            Duration first = pinging.get(0).get();
            Duration second = pinging.get(1).get();
            Duration third = pinging.get(2).get();
            assertTrue(first.compareTo(second) >= 0 && second.compareTo(third) >= 0, "each from its own sending");
            assertEquals(Optional.of(third), test.connection().latency());
            assertFalse(pinging.get(3).isDone() || pinging.get(4).isDone());
            // Late, and no answer to anything.
            pong(test, payloads.get(0));
            pong(test, payloads.get(3));
            pinging.get(3).get();
            assertFalse(pinging.get(4).isDone());
            pong(test, payloads.get(4));
            pinging.get(4).get();
        }
    }

    @Test
    void pongThatAnswersNothingMustBeIgnored() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(ConnectionFixture.ECHO)) {
            pong(test, new byte[0]);
            pong(test, new byte[8]);
            FutureTask<Duration> pinging = ping(test);
            byte[] payload = readPing(test);
            byte[] next = payload.clone();
            next[7]++;
            byte[] before = payload.clone();
            before[7]--;
            byte[] unmarked = payload.clone();
            unmarked[0]++;
            for (byte[] wrong : List.of(new byte[0], new byte[8], next, before, unmarked, Arrays.copyOf(payload, 7),
                    Arrays.copyOf(payload, 9), new byte[125])) {
                pong(test, wrong);
            }
            test.peer.sendText("read").expectText("read");
            assertFalse(pinging.isDone());
            assertEquals(Optional.empty(), test.connection().latency());
            pong(test, payload);
            Duration latency = pinging.get();
            pong(test, payload);
            test.peer.sendText("again").expectText("again");
            assertEquals(Optional.of(latency), test.connection().latency(), "answered once");
        }
    }

    @Test
    void latePongMustThrowAndHarmNothing() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(ConnectionFixture.ECHO)) {
            FutureTask<Duration> pinging = new FutureTask<>(() -> test.connection().ping(SHORT));
            long before = System.nanoTime();
            Thread.startVirtualThread(pinging);
            byte[] first = readPing(test);
            PingTimeoutException thrown = assertInstanceOf(PingTimeoutException.class, cause(pinging));
            assertEquals("no pong within 20 ms", thrown.getMessage());
            assertTrue(System.nanoTime() - before >= SHORT.toNanos());
            assertTrue(test.connection().isOpen());
            // Late, but the last that was answered.
            pong(test, first);
            test.peer.sendText("read").expectText("read");
            assertTrue(test.connection().latency().orElseThrow().compareTo(SHORT) >= 0);
            FutureTask<Duration> next = ping(test);
            pong(test, readPing(test));
            next.get();
        }
    }

    @Test
    void timeoutsOutOfBoundsMustBeRefused() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(ConnectionFixture.ECHO)) {
            for (Duration timeout : List.of(Duration.ZERO, Duration.ofMillis(-1), Duration.ofDays(21))) {
                String message = assertThrows(IllegalArgumentException.class, () -> test.connection().ping(timeout))
                        .getMessage();
                assertEquals("timeout " + timeout + " is not within PT0.001S to PT480H", message);
            }
            assertThrows(NullPointerException.class, () -> test.connection().ping(null));
            assertEquals(List.of(), test.transport.writes());
        }
    }

    @Test
    void interruptMustEndTheWaitAlone() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(ConnectionFixture.ECHO)) {
            FutureTask<Boolean> pinging = new FutureTask<>(() -> {
                assertThrows(InterruptedIOException.class, () -> test.connection().ping(LONG));
                return Thread.currentThread().isInterrupted();
            });
            Thread thread = Thread.startVirtualThread(pinging);
            byte[] payload = readPing(test);
            thread.interrupt();
            assertTrue(pinging.get(), "the flag is set");
            pong(test, payload);
            test.peer.sendText("read").expectText("read");
            assertTrue(test.connection().latency().isPresent());
        }
    }

    @Test
    void endOfTheConnectionMustEndTheWait() throws Exception {
        for (String end : List.of("peer closes", "peer is gone", "abort", "deadline", "close")) {
            try (ConnectionFixture test = ConnectionFixture.start(ConnectionFixture.ECHO)) {
                List<FutureTask<Duration>> pinging = List.of(ping(test), ping(test));
                readPing(test);
                readPing(test);
                switch (end) {
                    case "peer closes" -> test.peer.sendClose(1000);
                    case "peer is gone" -> test.peer.close();
                    case "abort" -> test.connection().abort();
                    case "deadline" -> {
                        test.connection().close();
                        test.pass(ConnectionFixture.TIMEOUTS.closeTimeout());
                    }
                    default -> {
                        // A pong may still come until the peer closes too.
                        test.connection().close();
                        test.peer.expect("88 02 03e8").sendClose(1000);
                    }
                }
                for (FutureTask<Duration> each : pinging) {
                    assertInstanceOf(ConnectionClosedException.class, cause(each), end);
                }
                assertThrows(ConnectionClosedException.class, () -> test.connection().ping(LONG));
            }
        }
    }

    /** The sweeper's pings are known by their pongs, too. */
    @Test
    void keepAlivePingsMustShowTheLatency() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(ConnectionFixture.ECHO)) {
            test.awaitReading();
            test.pass(ConnectionFixture.TIMEOUTS.pingInterval());
            byte[] payload = readPing(test);
            test.peer.send("8a 80 00000000").sendText("read").expectText("read");
            assertEquals(Optional.empty(), test.connection().latency(), "it was no answer");
            pong(test, payload);
            test.peer.sendText("again").expectText("again");
            assertTrue(test.connection().latency().orElseThrow().isPositive());
        }
    }

    @Test
    void manyThreadsMustAllBeAnswered() throws Exception {
        int threads = 8;
        AtomicBoolean over = new AtomicBoolean();
        try (ConnectionFixture test = ConnectionFixture.start(ConnectionFixture.ECHO)) {
            List<FutureTask<Void>> pinging = Collections.nCopies(threads, 0).stream().map(nothing -> inThread(() -> {
                while (!over.get()) {
                    assertFalse(test.connection().ping(LONG).isNegative());
                }
                return null;
            })).toList();
            // The peer answers some pings late, with the pong of a later one; but never lets all threads wait.
            Random random = new Random(1);
            int open = 0;
            for (int i = 0; i < 3000 || open > 0; i++) {
                byte[] payload = readPing(test);
                open++;
                if (open == threads || random.nextInt(3) == 0) {
                    pong(test, payload);
                    open = 0;
                }
            }
            over.set(true);
            over.set(true);
            inThread(() -> {
                while (true) {
                    pong(test, readPing(test));
                }
            });
            for (FutureTask<Void> task : pinging) {
                task.get();
            }
            assertTrue(test.connection().latency().isPresent());
        }
    }

    @Test
    void unreceivedPongMustBeFoundByTheNextReceive() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            FutureTask<Duration> pinging = ping(test);
            pong(test, readPing(test));
            assertEquals(Optional.<Message>empty(),
                    test.onOwner(() -> test.connection().receive(Duration.ZERO)).get());
            pinging.get();
        }
    }
}
