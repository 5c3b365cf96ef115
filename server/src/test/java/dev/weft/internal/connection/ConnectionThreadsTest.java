package dev.weft.internal.connection;

import static dev.weft.internal.connection.ConnectionFixture.inThread;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.ConnectionClosedException;
import dev.weft.Message;
import dev.weft.MessageType;
import dev.weft.OutgoingMessage;
import dev.weft.parser.Opcode;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several threads on one connection: frames stay whole and in order, none follows a Close frame, and no thread is stuck. */
@Timeout(30)
class ConnectionThreadsTest {
    private static final int SENDERS = 8;

    /** It has the lock, and its bytes are on their way to the network. */
    @Test
    void peersEndMustNotCutOffAThreadThatIsAboutToWrite() throws Exception {
        CountDownLatch hasTheLock = new CountDownLatch(1);
        CountDownLatch mayWrite = new CountDownLatch(1);
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            FutureTask<Void> sending = inThread(() -> {
                test.connection().sender.control(Opcode.PING, () -> {
                    hasTheLock.countDown();
                    try {
                        mayWrite.await();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                    return new byte[]{1};
                });
                return null;
            });
            hasTheLock.await();
            FutureTask<Message> receiving = test.onOwner(() -> test.connection().receive());
            test.peer.shutdownOutput();
            ConnectionFixture.awaitUntil(
                    () -> receiving.isDone() || test.thread().getState() == Thread.State.TIMED_WAITING);
            mayWrite.countDown();
            sending.get();
            test.peer.expect("89 01 01");
            assertInstanceOf(EOFException.class, assertThrows(ExecutionException.class, receiving::get).getCause());
        }
    }

    /** A message says who sent it, which of his it is, and holds to its length. */
    private static byte[] message(int sender, int number, Random random) {
        byte[] message = new byte[4 + random.nextInt(random.nextInt(10) == 0 ? 20_000 : 200)];
        Arrays.fill(message, (byte) sender);
        message[1] = (byte) (number >>> 8);
        message[2] = (byte) number;
        return message;
    }

    private static void send(Connection connection, int sender, int count, long seed) throws IOException {
        Random random = new Random(seed);
        for (int i = 0; i < count; i++) {
            byte[] message = message(sender, i, random);
            switch (random.nextInt(8)) {
                case 0 -> {
                    try (OutgoingMessage stream = connection.sendStream(MessageType.BINARY)) {
                        int half = message.length / 2;
                        stream.write(message, 0, half);
                        stream.flush();
                        stream.write(message, half, message.length - half);
                        stream.complete();
                    }
                }
                case 1 -> {
                    ConnectionFixture.control(connection, Opcode.PING, new byte[]{(byte) sender});
                    connection.send(message);
                }
                default -> connection.send(message);
            }
        }
    }

    /**
     * Reads frames to the end, as strictly as a client would.
     *
     * @return how many messages came of each sender; their order is checked
     */
    private static Map<Integer, Integer> readAll(ConnectionFixture test, boolean mayBeCutOff) throws IOException {
        Map<Integer, Integer> counts = new HashMap<>();
        byte[] message = null;
        while (true) {
            TestPeer.Frame frame;
            try {
                frame = test.peer.readFrame();
            } catch (IOException e) {
                assertTrue(mayBeCutOff, "cut off");
                return counts;
            }
            int opcode = frame.firstByte() & 0x0f;
            boolean fin = (frame.firstByte() & 0x80) != 0;
            assertEquals(0, frame.firstByte() & 0x70);
            if (opcode >= 8) {
                assertTrue(fin);
                if (opcode == 8) {
                    test.peer.expectEnd();
                    return counts;
                }
                assertEquals(1, frame.payload().length);
                continue;
            }
            assertEquals(message == null ? 2 : 0, opcode, "fragments of a message follow one another");
            int begun = message == null ? 0 : message.length;
            message = Arrays.copyOf(message == null ? new byte[0] : message, begun + frame.payload().length);
            System.arraycopy(frame.payload(), 0, message, begun, frame.payload().length);
            if (fin) {
                int sender = message[0];
                int number = (message[1] & 0xff) << 8 | message[2] & 0xff;
                assertEquals(counts.getOrDefault(sender, 0) & 0xffff, number, "in the order of their sending");
                for (int i = 3; i < message.length; i++) {
                    assertEquals(sender, message[i]);
                }
                counts.merge(sender, 1, Integer::sum);
                message = null;
            }
        }
    }

    @RepeatedTest(3)
    void framesOfManySendersNeverInterleave(RepetitionInfo repetition) throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with()
                .capacity(1 << (10 + 2 * repetition.getCurrentRepetition()))
                .start(null)) {
            List<FutureTask<Void>> senders = new ArrayList<>();
            for (int i = 1; i <= SENDERS; i++) {
                int sender = i;
                senders.add(inThread(() -> {
                    send(test.connection(), sender, 300, 1000 * repetition.getCurrentRepetition() + sender);
                    return null;
                }));
            }
            FutureTask<Void> closer = inThread(() -> {
                for (FutureTask<Void> sender : senders) {
                    sender.get();
                }
                test.connection().close();
                test.returns();
                return null;
            });
            Map<Integer, Integer> counts = readAllAndAnswer(test);
            for (int i = 1; i <= SENDERS; i++) {
                assertEquals(300, counts.get(i));
            }
            closer.get();
        }
    }

    private static Map<Integer, Integer> readAllAndAnswer(ConnectionFixture test) throws IOException {
        // The Close frame is answered in advance: only the frames before ours matter.
        FutureTask<Map<Integer, Integer>> reading = new FutureTask<>(() -> readAll(test, false));
        Thread.startVirtualThread(reading);
        try {
            ConnectionFixture.awaitUntil(() -> !test.connection().isOpen());
            test.peer.send("88 80 00000000").shutdownOutput();
            return reading.get();
        } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
        }
    }

    @RepeatedTest(40)
    void aCloseThatRacesSendsIsTheLastFrame(RepetitionInfo repetition) throws Exception {
        Random random = new Random(repetition.getCurrentRepetition());
        try (ConnectionFixture test = ConnectionFixture.with().capacity(4096).start(null)) {
            CountDownLatch begun = new CountDownLatch(SENDERS);
            List<FutureTask<Void>> senders = new ArrayList<>();
            for (int i = 1; i <= SENDERS; i++) {
                int sender = i;
                long seed = random.nextLong();
                senders.add(inThread(() -> {
                    begun.countDown();
                    assertThrows(ConnectionClosedException.class,
                            () -> send(test.connection(), sender, Integer.MAX_VALUE, seed));
                    return null;
                }));
            }
            for (int i = 0; i < 3; i++) {
                int code = 3000 + i;
                senders.add(inThread(() -> {
                    begun.await();
                    test.connection().close(code, "");
                    return null;
                }));
            }
            readAllToClose(test);
            for (FutureTask<Void> sender : senders) {
                sender.get();
            }
        }
    }

    private static void readAllToClose(ConnectionFixture test) throws Exception {
        FutureTask<Map<Integer, Integer>> reading = new FutureTask<>(() -> readAll(test, false));
        Thread.startVirtualThread(reading);
        test.returns();
        test.peer.send("88 80 00000000").shutdownOutput();
        reading.get();
    }

    @RepeatedTest(40)
    void anAbortThatRacesEverythingFreesEveryone(RepetitionInfo repetition) throws Exception {
        Random random = new Random(repetition.getCurrentRepetition());
        try (ConnectionFixture test = ConnectionFixture.with().capacity(512).start(null)) {
            List<FutureTask<Void>> threads = new ArrayList<>();
            for (int i = 1; i <= SENDERS; i++) {
                int sender = i;
                long seed = random.nextLong();
                threads.add(inThread(() -> {
                    assertThrows(IOException.class, () -> send(test.connection(), sender, Integer.MAX_VALUE, seed));
                    return null;
                }));
            }
            var received = test.receiveAll();
            int read = random.nextInt(5000);
            test.peer.read(Math.max(1, read));
            threads.add(inThread(() -> {
                test.connection().close();
                return null;
            }));
            threads.add(inThread(() -> {
                test.connection().abort();
                return null;
            }));
            for (FutureTask<Void> thread : threads) {
                try {
                    thread.get();
                } catch (ExecutionException e) {
                    // A close that was on its way.
                    assertInstanceOf(IOException.class, e.getCause());
                }
            }
            assertEquals("ConnectionClosedException", received.get().getLast());
            test.returns();
            test.awaitEnd();
            ConnectionFixture.awaitUntil(() -> test.budget.taken() == 0);
        }
    }

    @Test
    void abortFreesAStuckWriterAndAStuckReader() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().capacity(64).start(null)) {
            var reader = test.receiveAll();
            test.awaitReading();
            FutureTask<Void> writer = test.sendStuck();
            FutureTask<Void> behind = inThread(() -> {
                test.connection().send("waits for the lock");
                return null;
            });
            test.connection().abort();
            assertEquals(List.of("ConnectionClosedException"), reader.get());
            for (FutureTask<Void> each : List.of(writer, behind)) {
                assertInstanceOf(ConnectionClosedException.class,
                        assertThrows(ExecutionException.class, each::get).getCause());
            }
        }
    }

    @Test
    void receivingMustContinueWhileAnotherThreadsSendIsStuck() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().capacity(64).start(null)) {
            FutureTask<Void> writer = test.sendStuck();
            // A peer that does not read until all of its own bytes have been taken.
            for (int i = 0; i < 20; i++) {
                var received = test.onOwner(() -> test.connection().receive());
                test.peer.sendText("message " + i);
                assertEquals(new Message.Text("message " + i), received.get());
            }
            test.peer.expectFrame(0x82, new byte[1000]);
            writer.get();
        }
    }

    @Test
    void interruptedReceiveMustLoseNothing() throws Exception {
        for (String cut : new String[]{"", "81", "81 82 00000000 61", "01 81 00000000 61", "01 81 00000000 61 80",
                "01 81 00000000 61 89 81 00000000", "82 fe 0bb8 00000000" + "61".repeat(2000)}) {
            Thread[] owner = new Thread[1];
            CountDownLatch resumed = new CountDownLatch(1);
            try (ConnectionFixture test = ConnectionFixture.start(connection -> {
                owner[0] = Thread.currentThread();
                assertThrows(InterruptedIOException.class, connection::receive);
                assertTrue(Thread.interrupted(), "the flag is up again");
                resumed.countDown();
                Message message = connection.receive();
                if (message instanceof Message.Text text) {
                    assertTrue("ab".startsWith(text.text()), text.text());
                }
            })) {
                test.peer.send(cut);
                test.awaitReading();
                owner[0].interrupt();
                resumed.await();
                assertTrue(test.connection().isOpen());
                test.peer.send(switch (cut.replace(" ", "").length()) {
                    case 0 -> "81 81 00000000 61";
                    case 2 -> "81 00000000 61";
                    case 14 -> cut.startsWith("81") ? "62" : "80 80 00000000";
                    case 26 -> "70 80 80 00000000";
                    case 16 -> cut.startsWith("01") ? "80 00000000" : "62";
                    default -> "61".repeat(1000);
                });
                test.peer.expect((cut.contains("89") ? "8a 01 70" : "") + "88 02 03e8");
            }
        }
    }

    /** The wait ends within a ping between two fragments. */
    @Test
    void interruptedReceiveMustNotTakeAPingForPayload() throws Exception {
        Thread[] owner = new Thread[1];
        CountDownLatch resumed = new CountDownLatch(1);
        try (ConnectionFixture test = ConnectionFixture.start(connection -> {
            owner[0] = Thread.currentThread();
            assertThrows(InterruptedIOException.class, connection::receive);
            assertTrue(Thread.interrupted(), "the flag is up again");
            resumed.countDown();
            assertEquals(new Message.Text("ab"), connection.receive());
        })) {
            test.peer.send("01 81 00000000 61 89 84 00000000 70");
            test.awaitReading();
            owner[0].interrupt();
            resumed.await();
            test.peer.send("696e67 80 81 00000000 62");
            test.peer.expect("8a 04 70696e67 88 02 03e8");
        }
    }

    @Test
    void interruptedWaitForAStreamMustNotAffectOthers() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            OutgoingMessage stream = test.connection().sendStream(MessageType.BINARY);
            CountDownLatch begun = new CountDownLatch(1);
            FutureTask<Void> waiting = new FutureTask<>(() -> {
                begun.countDown();
                test.connection().send("x");
                return null;
            });
            Thread thread = Thread.startVirtualThread(waiting);
            begun.await();
            thread.interrupt();
            assertInstanceOf(InterruptedIOException.class,
                    assertThrows(ExecutionException.class, waiting::get).getCause());
            assertTrue(test.connection().isOpen());
            stream.complete();
            test.peer.expect("82 00");
        }
    }

    @Test
    void interruptedWaitForTheLockMustNotAffectOthers() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().capacity(64).start(null)) {
            FutureTask<Void> writer = test.sendStuck();
            FutureTask<Void> waiting = new FutureTask<>(() -> {
                test.connection().send("never sent");
                return null;
            });
            Thread thread = Thread.startVirtualThread(waiting);
            thread.interrupt();
            assertInstanceOf(InterruptedIOException.class,
                    assertThrows(ExecutionException.class, waiting::get).getCause());
            test.peer.expectFrame(0x82, new byte[1000]);
            writer.get();
            test.connection().send("next");
            test.peer.expectText("next");
        }
    }

    @Test
    void interruptedSendersMessageMustBeSentWhole() throws Exception {
        for (int length : new int[]{100, 5000, 100_000}) {
            try (ConnectionFixture test = ConnectionFixture.with().capacity(64).start(null)) {
                byte[] message = new byte[length];
                Arrays.fill(message, (byte) 7);
                FutureTask<Void> sending = new FutureTask<>(() -> {
                    test.connection().send(message);
                    return null;
                });
                Thread thread = Thread.startVirtualThread(sending);
                test.transport.awaitWriting();
                thread.interrupt();
                assertInstanceOf(InterruptedIOException.class,
                        assertThrows(ExecutionException.class, sending::get).getCause());
                byte[] expected = message.clone();
                // The caller may use its array again.
                Arrays.fill(message, (byte) 9);
                test.peer.expectFrame(0x82, expected);
                test.connection().send("next");
                test.peer.expectText("next");
            }
        }
    }

    @Test
    void interruptFlagMustNotStopWhatNeedsNoWait() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.peer.sendText("a");
            test.onOwner(() -> {
                Thread.currentThread().interrupt();
                test.connection().send("b");
                ConnectionFixture.control(test.connection(), Opcode.PING, new byte[0]);
                assertTrue(Thread.interrupted());
                return null;
            }).get();
            test.peer.expectText("b").expect("89 00");
        }
    }

    /** Its bytes are kept, and another thread sends them. */
    @Test
    void interruptedStreamMustStayUsable() throws Exception {
        for (boolean completes : new boolean[]{false, true}) {
            try (ConnectionFixture test = ConnectionFixture.with().capacity(64).start(null)) {
                FutureTask<OutgoingMessage> writing = new FutureTask<>(() -> {
                    OutgoingMessage stream = test.connection().sendStream(MessageType.BINARY);
                    stream.write(new byte[1000]);
                    assertThrows(InterruptedIOException.class, completes ? stream::complete : stream::flush);
                    if (completes) {
                        // Without a further wait.
                        stream.complete();
                        stream.close();
                    }
                    return stream;
                });
                Thread thread = Thread.ofVirtual().start(writing);
                test.transport.awaitWriting();
                thread.interrupt();
                OutgoingMessage stream = writing.get();
                test.peer.expectFrame(completes ? 0x82 : 0x02, new byte[1000]);
                if (!completes) {
                    stream.complete();
                    test.peer.expect("80 00");
                }
                test.connection().send("next");
                test.peer.expectText("next");
            }
        }
    }

    @Test
    void streamInterruptedBeforeItsTurnMustStayUsable() throws Exception {
        for (boolean completes : new boolean[]{false, true}) {
            try (ConnectionFixture test = ConnectionFixture.with().capacity(64).start(null)) {
                OutgoingMessage stream = test.connection().sendStream(MessageType.TEXT);
                stream.writer().write("kept");
                FutureTask<Void> pinging = inThread(() -> {
                    ConnectionFixture.control(test.connection(), Opcode.PING, new byte[100]);
                    return null;
                });
                test.transport.awaitWriting();
                FutureTask<Void> writing = new FutureTask<>(() -> {
                    assertThrows(InterruptedIOException.class, completes ? stream::complete : stream::flush);
                    return null;
                });
                Thread.ofVirtual().start(writing).interrupt();
                writing.get();
                test.peer.expectFrame(0x89, new byte[100]);
                pinging.get();
                stream.writer().write("!");
                stream.complete();
                test.peer.expectText("kept!");
            }
        }
    }

    @Test
    void interruptedWriteMustTellWhetherItsBytesWillBeSent() throws Exception {
        byte[] large = new byte[10_000];
        try (ConnectionFixture test = ConnectionFixture.with().capacity(64).start(null)) {
            OutgoingMessage stream = test.connection().sendStream(MessageType.BINARY);
            FutureTask<InterruptedIOException> writing = new FutureTask<>(
                    () -> assertThrows(InterruptedIOException.class, () -> stream.write(large)));
            Thread first = Thread.ofVirtual().start(writing);
            test.transport.awaitWriting();
            first.interrupt();
            assertEquals(large.length, writing.get().bytesTransferred);
            test.peer.expectFrame(0x02, large);
            ConnectionFixture.awaitUntil(() -> !test.connection().sender.isSending());
            FutureTask<Void> pinging = inThread(() -> {
                ConnectionFixture.control(test.connection(), Opcode.PING, new byte[100]);
                return null;
            });
            test.transport.awaitWriting();
            FutureTask<InterruptedIOException> waiting = new FutureTask<>(
                    () -> assertThrows(InterruptedIOException.class, () -> stream.write(large)));
            Thread.ofVirtual().start(waiting).interrupt();
            assertEquals(0, waiting.get().bytesTransferred);
            test.peer.expectFrame(0x89, new byte[100]);
            pinging.get();
            stream.complete();
            test.peer.expect("80 00");
        }
    }
}
