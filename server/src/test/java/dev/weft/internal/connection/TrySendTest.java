package dev.weft.internal.connection;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Message;
import dev.weft.MessageType;
import dev.weft.OutgoingMessage;
import dev.weft.PreparedMessage;
import dev.weft.SendResult;
import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.connection.RecordingTransport.Write;
import dev.weft.internal.extension.DeflateExtension;
import dev.weft.internal.time.Failures;
import dev.weft.internal.time.ShortTimer;
import dev.weft.parser.Opcode;
import dev.weft.parser.Role;
import dev.weft.parser.deflate.DeflateCodecs;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.deflate.NegotiatedDeflate;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Messages that are sent without waiting: for the peer, for other threads, for the end of a stream. */
@Timeout(20)
class TrySendTest {
    /** So little that a peer who does not read is felt at once. */
    private static final int NARROW = 64;

    @Test
    void messageMustLeaveAtOnceInOneWrite() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            assertAccepted(test.connection().trySend("a"));
            assertEquals(List.of(3), lengths(test), "when the method returns");
            assertAccepted(test.connection().trySend(new byte[]{1, 2}));
            assertAccepted(test.connection().trySend(MessageType.TEXT, "xyz".getBytes(UTF_8), 1, 1));
            test.peer.expect("81 01 61  82 02 0102  81 01 79");
            assertEquals(List.of(3, 4, 3), lengths(test));
        }
    }

    private static void assertAccepted(SendResult result) {
        assertEquals(SendResult.ACCEPTED, result);
    }

    private static List<Integer> lengths(ConnectionFixture test) {
        return test.transport.writes().stream().map(Write::length).toList();
    }

    @Test
    void largeMessageMustBeWrittenFromTheCallersArray() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().capacity(1 << 20).start(null)) {
            byte[] large = new byte[100_000];
            large[99_999] = 1;
            assertAccepted(test.connection().trySend(large));
            test.peer.expectFrame(0x82, large);
            assertEquals(large, test.transport.writes().getFirst().second());
        }
    }

    @Test
    void callerMustNotWaitForAPeerThatDoesNotRead() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().capacity(NARROW).start(null)) {
            int count = 5000;
            for (int i = 0; i < count; i++) {
                assertAccepted(test.connection().trySend("m" + i));
            }
            for (int i = 0; i < count; i++) {
                test.peer.expectText("m" + i);
            }
        }
    }

    @Test
    void waitingMessagesMustLeaveTogether() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().capacity(NARROW).start(null)) {
            fill(test);
            for (int i = 0; i < 100; i++) {
                assertAccepted(test.connection().trySend("m"));
            }
            test.peer.expectFrame(0x82, new byte[200]);
            for (int i = 0; i < 100; i++) {
                test.peer.expectText("m");
            }
            List<Integer> last = lengths(test).subList(lengths(test).size() - 2, lengths(test).size());
            assertTrue(last.getLast() == 300 || last.getFirst() + last.getLast() == 300, "of one flush: " + last);
        }
    }

    /** Posts a message that the network does not take whole, and waits until a thread waits with the rest. */
    private static void fill(ConnectionFixture test) throws InterruptedException {
        assertAccepted(test.connection().trySend(new byte[200]));
        test.transport.awaitWriting();
    }

    @Test
    void repliesToMessagesOfOneReadMustLeaveInOneWrite() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().withoutTimer().start(null)) {
            test.peer.send("81 81 00000000 61".repeat(10));
            test.onOwner(() -> {
                for (int i = 0; i < 10; i++) {
                    assertAccepted(test.connection().trySend(((Message.Text) test.connection().receive()).text()));
                }
                return null;
            }).get();
            test.peer.expect("81 01 61".repeat(10));
            assertEquals(List.of(30), lengths(test));
        }
    }

    @Test
    void framesHeldBackMustBeSentByTheTimer() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            for (int i = 0; i < 50; i++) {
                hold(test);
                test.peer.expect("81 01 61");
                test.onOwner(() -> test.connection().receive()).get();
            }
        }
    }

    /** Tries to answer the first of two messages, which is held back for the second's answer. */
    private static void hold(ConnectionFixture test) throws Exception {
        test.peer.send("81 81 00000000 61  81 81 00000000 62");
        test.onOwner(() -> {
            test.connection().receive();
            assertAccepted(test.connection().trySend("a"));
            return null;
        }).get();
    }

    @Test
    void messagesBeyondTheLimitMustBeRefused() throws Exception {
        BufferBudget budget = new BufferBudget(1 << 20);
        // Three messages of 36 bytes, each counted with 64 more.
        try (ConnectionFixture test = ConnectionFixture.with().capacity(NARROW).maxQueuedSize(300).budget(budget)
                .start(null)) {
            fill(test);
            for (int i = 0; i < 2; i++) {
                assertAccepted(test.connection().trySend("x".repeat(36)));
            }
            assertEquals(SendResult.PEER_BEHIND, test.connection().trySend("x".repeat(37)), "one byte too many");
            assertAccepted(test.connection().trySend("x".repeat(36)));
            assertEquals(SendResult.PEER_BEHIND, test.connection().trySend(""), "an empty one counts as well");
            assertTrue(test.connection().isOpen());
            test.peer.expectFrame(0x82, new byte[200]);
            for (int i = 0; i < 3; i++) {
                test.peer.expectText("x".repeat(36));
            }
            assertAccepted(test.connection().trySend("again"));
            test.peer.expectText("again");
        }
        assertEquals(0, budget.taken(), "what was refused is not counted");
    }

    @Test
    void limitOfZeroMustAdmitOneMessage() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().capacity(NARROW).maxQueuedSize(0).start(null)) {
            fill(test);
            assertAccepted(test.connection().trySend(new byte[5000]));
            assertEquals(SendResult.PEER_BEHIND, test.connection().trySend(""));
            test.peer.expectFrame(0x82, new byte[200]).expectFrame(0x82, new byte[5000]);
        }
    }

    @Test
    void budgetMustHoldAndBeGivenBack() throws Exception {
        BufferBudget budget = new BufferBudget(40_000);
        try (ConnectionFixture test = ConnectionFixture.with().capacity(NARROW).budget(budget).start(null)) {
            fill(test);
            assertAccepted(test.connection().trySend(new byte[20_000]));
            assertEquals(SendResult.SERVER_FULL, test.connection().trySend(new byte[20_000]));
            test.peer.expectFrame(0x82, new byte[200]).expectFrame(0x82, new byte[20_000]);
            ConnectionFixture.awaitUntil(() -> budget.taken() == 0);
            fill(test);
            assertAccepted(test.connection().trySend(new byte[20_000]));
        }
        assertEquals(0, budget.taken(), "after the end");
    }

    @Test
    void sentMessageMustFollowAcceptedOnes() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().capacity(NARROW).start(null)) {
            fill(test);
            assertAccepted(test.connection().trySend("first"));
            FutureTask<Void> sending = start(() -> test.connection().send("second"));
            test.peer.expectFrame(0x82, new byte[200]).expectText("first").expectText("second");
            sending.get();
        }
    }

    /** Something that may throw. */
    private interface Action {
        void run() throws Exception;
    }

    private static FutureTask<Void> start(Action action) {
        FutureTask<Void> task = new FutureTask<>((Callable<Void>) () -> {
            action.run();
            return null;
        });
        Thread.startVirtualThread(task);
        return task;
    }

    @Test
    void callerMustNotWaitForAnotherThreadsMessage() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().capacity(NARROW).start(null)) {
            FutureTask<Void> sending = start(() -> test.connection().send(new byte[10_000]));
            test.transport.awaitWriting();
            assertAccepted(test.connection().trySend("queued"));
            assertFalse(sending.isDone());
            test.peer.expectFrame(0x82, new byte[10_000]).expectText("queued");
            sending.get();
        }
    }

    @Test
    void messageMustWaitForTheEndOfAStream() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            try (OutgoingMessage stream = test.connection().sendStream(MessageType.BINARY)) {
                stream.write(1);
                stream.flush();
                assertAccepted(test.connection().trySend("queued"));
                ConnectionFixture.control(test.connection(), Opcode.PING, new byte[0]);
                stream.write(2);
                stream.complete();
            }
            test.peer.expect("02 01 01  89 00  80 01 02  81 06 717565756564");
        }
    }

    @Test
    void receivingMustGoOnWhileMessagesWait() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().capacity(NARROW).start(null)) {
            fill(test);
            test.peer.sendText("a").sendFrame(0x89, new byte[]{7}).sendText("b");
            for (String expected : List.of("text:a", "text:b")) {
                assertEquals(expected, ConnectionFixture.word(test.onOwner(() -> test.connection().receive()).get()));
            }
            test.peer.expectFrame(0x82, new byte[200]).expectFrame(0x8a, new byte[]{7});
        }
    }

    /** Its reply is held back next to the rest of a posted message, whose thread has not written that rest yet. */
    @Test
    void heldBackFrameMustLeaveWithTheWaitingRest() throws Exception {
        List<Runnable> threads = new ArrayList<>();
        ShortTimer late = new ShortTimer(threads::add, Failures.toHandler("never started"));
        try (ConnectionFixture test = ConnectionFixture.with().capacity(NARROW).timer(late).start(null)) {
            test.peer.send("81 81 00000000 61  81 81 00000000 62");
            test.onOwner(() -> test.connection().receive()).get();
            assertAccepted(test.connection().trySend("x".repeat(100)));
            assertEquals(List.of(NARROW), lengths(test), "as much as the network takes");
            test.onOwner(() -> {
                test.connection().send("a");
                test.connection().receive();
                return null;
            }).get();
            FutureTask<List<String>> rest = test.receiveAll();
            assertEquals(1, threads.size());
            threads.removeFirst().run();
            test.peer.expectText("x".repeat(100)).expectText("a").sendClose(1000).expectFrame(0x88,
                    new byte[]{3, (byte) 0xe8});
            assertEquals(List.of("close"), rest.get());
        }
    }

    @Test
    void acceptedMessagesMustPrecedeTheCloseFrame() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().capacity(NARROW).start(null)) {
            fill(test);
            assertAccepted(test.connection().trySend("last"));
            FutureTask<Void> closing = start(() -> test.connection().close(1001, ""));
            test.peer.expectFrame(0x82, new byte[200]).expectText("last").expect("88 02 03e9");
            closing.get();
            assertEquals(SendResult.CLOSED, test.connection().trySend("late"));
        }
    }

    @Test
    void messageMustBeRefusedAfterThePeersClose() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.peer.sendClose(1000);
            assertInstanceOf(Message.Close.class, test.onOwner(() -> test.connection().receive()).get());
            assertEquals(SendResult.CLOSED, test.connection().trySend("late"));
            test.peer.expectCloseAndEnd(1000);
        }
    }

    @Test
    void deadWireMustBeReportedAsClosed() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            IOException dead = new IOException("cable cut");
            test.transport.failWrites(dead);
            test.connection().trySend("a");
            assertEquals(SendResult.CLOSED, test.connection().trySend("b"));
            assertEquals(dead, test.connection().known().failure().orElseThrow());
            assertThrows(IOException.class, () -> test.connection().send("c"));
        }
    }

    @Test
    void peerThatNeverReadsMustMeetTheWriteDeadline() throws Exception {
        BufferBudget budget = new BufferBudget(1 << 20);
        try (ConnectionFixture test = ConnectionFixture.with().capacity(NARROW).budget(budget).start(null)) {
            fill(test);
            assertAccepted(test.connection().trySend(new byte[10_000]));
            test.pass(ConnectionFixture.TIMEOUTS.writeTimeout().plus(Duration.ofSeconds(1)));
            assertFalse(test.connection().isOpen());
            assertInstanceOf(TimeoutException.class, test.connection().known().failure().orElseThrow());
            ConnectionFixture.awaitUntil(() -> budget.taken() == 0);
        }
    }

    @Test
    void endDuringAStreamMustLeaveNothingCounted() throws Exception {
        BufferBudget budget = new BufferBudget(1 << 20);
        try (ConnectionFixture test = ConnectionFixture.with().budget(budget).start(null)) {
            OutgoingMessage stream = test.connection().sendStream(MessageType.BINARY);
            assertAccepted(test.connection().trySend(new byte[10_000]));
            test.connection().close();
            test.peer.expect("88 02 03e8");
            assertThrows(IOException.class, stream::complete);
        }
        assertEquals(0, budget.taken());
    }

    @Test
    void sameBytesMayGoToManyConnections() throws Exception {
        byte[] bytes = "shared".getBytes(UTF_8);
        try (ConnectionFixture client = ConnectionFixture.with().role(Role.CLIENT).start(null);
                ConnectionFixture server = ConnectionFixture.start(null)) {
            assertAccepted(client.connection().trySend(MessageType.TEXT, bytes, 0, bytes.length));
            assertAccepted(server.connection().trySend(MessageType.TEXT, bytes, 0, bytes.length));
            server.peer.expectText("shared");
            byte[] frame = client.peer.read(2 + 4 + bytes.length);
            assertEquals("8186", TestPeer.hex(new byte[]{frame[0], frame[1]}));
            ByteBuffer masked = ByteBuffer.wrap(frame, 6, 6);
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < 6; i++) {
                text.append((char) (masked.get() ^ frame[2 + (i & 3)]));
            }
            assertEquals("shared", text.toString());
            assertEquals("shared", new String(bytes, UTF_8));
        }
    }

    @Test
    void extensionMustTransformMessages() throws Exception {
        XorExtension.Step decoder = new XorExtension.Step();
        try (ConnectionFixture test = ConnectionFixture.with().extension(new XorExtension()).start(null)) {
            test.connection().send("sent");
            assertAccepted(test.connection().trySend("queued"));
            for (String text : List.of("sent", "queued")) {
                TestPeer.Frame frame = test.peer.readFrame();
                assertEquals(0x81 | 0x20, frame.firstByte(), "RSV2");
                assertEquals(text, new String(decoder.apply(frame.payload()), UTF_8));
            }
        }
    }

    /** A small window makes what cannot be compressed longer; held back messages leave less room than usual. */
    @Test
    void callerMustNotWaitIfTheMessageGrowsByEncoding() throws Exception {
        byte[] noise = new byte[4000];
        new Random(1).nextBytes(noise);
        DeflateSettings settings = DeflateSettings.DEFAULT;
        for (int windowBits = 8; windowBits <= 15; windowBits++) {
            NegotiatedDeflate negotiated = new NegotiatedDeflate(false, false, windowBits, 15);
            for (int length = 3000; length <= noise.length; length += 8) {
                try (DeflateCodecs codecs = new DeflateCodecs(settings);
                        ConnectionFixture test = ConnectionFixture.with().capacity(NARROW)
                                .extension(new DeflateExtension(negotiated, settings, codecs, Role.SERVER))
                                .start(null)) {
                    int count = length;
                    FutureTask<Void> posting = start(() -> {
                        for (int i = 0; i < 6; i++) {
                            assertAccepted(test.connection().trySend(MessageType.BINARY, noise, 0, count));
                        }
                    });
                    posting.get(10, TimeUnit.SECONDS);
                    assertTrue(test.connection().isOpen());
                }
            }
        }
    }

    @Test
    void messageThatCannotBeBuiltMustEndTheConnection() throws Exception {
        BufferBudget budget = new BufferBudget(1 << 20);
        XorExtension extension = new XorExtension();
        try (ConnectionFixture test = ConnectionFixture.with().extension(extension).budget(budget).start(null)) {
            extension.onInput(() -> {
                throw new OutOfMemoryError("not really");
            });
            assertEquals(SendResult.CLOSED, test.connection().trySend("a"));
            assertFalse(test.connection().isOpen());
        }
        assertEquals(0, budget.taken());
    }

    /** It was accepted without its frame. */
    @Test
    void heldBackMessageThatCannotBeBuiltMustEndTheConnection() throws Exception {
        XorExtension extension = new XorExtension();
        try (ConnectionFixture test = ConnectionFixture.with().withoutTimer().extension(extension).start(null)) {
            test.peer.send("81 81 00000000 61  81 81 00000000 62");
            test.onOwner(() -> {
                test.connection().receive();
                assertAccepted(test.connection().trySend(PreparedMessage.text("a")));
                return null;
            }).get();
            extension.onInput(() -> {
                throw new OutOfMemoryError("not really");
            });
            assertThrows(IOException.class, test.connection().queue()::flush);
            assertFalse(test.connection().isOpen());
        }
    }

    @Test
    void heldBackFramesMustNotBeCountedAfterTheEnd() throws Exception {
        BufferBudget budget = new BufferBudget(1 << 20);
        try (ConnectionFixture test = ConnectionFixture.with().withoutTimer().budget(budget).start(null)) {
            hold(test);
            test.connection().abort();
        }
        assertEquals(0, budget.taken());
    }

    @Test
    void interruptedThreadMaySend() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().capacity(NARROW).start(null)) {
            start(() -> {
                Thread.currentThread().interrupt();
                assertAccepted(test.connection().trySend(new byte[200]));
                assertAccepted(test.connection().trySend("a"));
                assertTrue(Thread.interrupted());
            }).get();
            test.peer.expectFrame(0x82, new byte[200]).expectText("a");
            assertTrue(test.connection().isOpen());
        }
    }

    /** Its thread does not wait for the network yet, so no thread has the lock. */
    @Test
    void receivingMustNotTakeOverTheWaitForTheNetwork() throws Exception {
        ShortTimer late = new ShortTimer(thread -> {}, Failures.toHandler("never started"));
        try (ConnectionFixture test = ConnectionFixture.with().capacity(NARROW).timer(late).start(null)) {
            assertAccepted(test.connection().trySend(new byte[200]));
            FutureTask<Message> receiving = test.onOwner(() -> test.connection().receive());
            test.peer.sendFrame(0x89, new byte[0]);
            // With another frame after it, the pong would be held back.
            test.awaitReading();
            test.peer.sendText("a");
            assertEquals("text:a", ConnectionFixture.word(receiving.get()));
        }
    }

    /** §5.5.1. It waited for a stream, and its thread runs when both have ended. */
    @Test
    void nothingMustFollowTheCloseFrame() throws Exception {
        List<Runnable> threads = new ArrayList<>();
        ShortTimer late = new ShortTimer(threads::add, Failures.toHandler("never started"));
        BufferBudget budget = new BufferBudget(1 << 20);
        try (ConnectionFixture test = ConnectionFixture.with().capacity(NARROW).timer(late).budget(budget)
                .start(null)) {
            assertAccepted(test.connection().trySend(new byte[200]));
            OutgoingMessage stream = test.connection().sendStream(MessageType.BINARY);
            assertAccepted(test.connection().trySend("late"));
            test.connection().close();
            threads.removeFirst().run();
            test.peer.expectFrame(0x82, new byte[200]).expect("88 02 03e8");
            assertThrows(IOException.class, stream::complete);
            ConnectionFixture.awaitUntil(() -> budget.taken() == 0);
            test.returns();
            test.peer.sendClose(1000).expectEnd();
        }
    }

    @Test
    void streamMustFollowAcceptedMessages() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().capacity(NARROW).start(null)) {
            fill(test);
            assertAccepted(test.connection().trySend("first"));
            FutureTask<Void> streaming = queue(() -> test.connection().sendStream(MessageType.BINARY).complete());
            test.peer.expectFrame(0x82, new byte[200]).expectText("first").expect("82 00");
            streaming.get();
        }
    }

    /** Starts something that waits for the lock, and waits until it does. */
    private static FutureTask<Void> queue(Action action) throws InterruptedException {
        FutureTask<Void> task = new FutureTask<>((Callable<Void>) () -> {
            action.run();
            return null;
        });
        Thread thread = Thread.ofPlatform().start(task);
        ConnectionFixture.awaitUntil(() -> thread.getState() == Thread.State.WAITING);
        return task;
    }

    @Test
    void waitingSenderMustGetATurnBetweenAcceptedMessages() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().capacity(NARROW).start(null)) {
            fill(test);
            FutureTask<Void> pinging = queue(
                    () -> ConnectionFixture.control(test.connection(), Opcode.PING, new byte[0]));
            assertAccepted(test.connection().trySend("more"));
            test.peer.expectFrame(0x82, new byte[200]).expect("89 00").expectText("more");
            pinging.get();
        }
    }

    /** A pong goes between the fragments, at first as far as the network takes it, which is full. */
    @Test
    void messageThatWaitsForAStreamMustNotLeaveWithAPong() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().capacity(NARROW).start(null)) {
            FutureTask<List<String>> received = test.receiveAll();
            byte[] half = new byte[9996];
            CountDownLatch posted = new CountDownLatch(1);
            FutureTask<Void> sending = start(() -> {
                OutgoingMessage stream = test.connection().sendStream(MessageType.BINARY);
                stream.write(half);
                posted.await();
                stream.complete();
            });
            test.transport.awaitWriting();
            assertAccepted(test.connection().trySend("queued"));
            test.peer.sendFrame(0x89, new byte[0]);
            test.awaitReading();
            byte[] begin = test.peer.read(4 + half.length - NARROW);
            assertEquals("027e", TestPeer.hex(new byte[]{begin[0], begin[1]}));
            // The part of the stream that the network took at once, the rest, and the pong, which waits.
            ConnectionFixture.awaitUntil(() -> lengths(test).size() == 3);
            test.peer.read(NARROW);
            test.peer.expect("8a 00");
            posted.countDown();
            test.peer.expect("80 00").expectText("queued");
            sending.get();
            assertFalse(received.isDone());
        }
    }

    /** The bytes of a lent view are overwritten by the next receive, and an array may be used again. */
    @Test
    void messageThatWaitsMustKeepItsOwnBytes() throws Exception {
        try (ConnectionFixture from = ConnectionFixture.start(null);
                ConnectionFixture to = ConnectionFixture.with().capacity(NARROW).start(null)) {
            fill(to);
            from.peer.sendText("first").sendText("other");
            from.onOwner(() -> {
                assertAccepted(to.connection().trySend(from.connection().receiveView()));
                assertEquals("other", from.connection().receiveView().text());
                return null;
            }).get();
            byte[] array = {1, 2, 3};
            assertAccepted(to.connection().trySend(array));
            array[0] = 9;
            to.peer.expectFrame(0x82, new byte[200]).expectText("first").expectFrame(0x82, new byte[]{1, 2, 3});
        }
    }

    @Test
    void malformedArgumentsMustBeRefused() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            assertThrows(IllegalArgumentException.class, () -> test.connection().trySend("\ud800"));
            assertThrows(IndexOutOfBoundsException.class,
                    () -> test.connection().trySend(MessageType.TEXT, new byte[1], 1, 1));
            assertEquals(List.of(), lengths(test));
        }
    }

    /** Four threads post, two send, and the handler echoes, to a peer that reads now and then. */
    @Test
    void nothingMustBeLostOrReorderedAmongManyThreads() throws Exception {
        int each = 3000;
        try (ConnectionFixture test = ConnectionFixture.with().capacity(512).start(ConnectionFixture.ECHO_VIEWS)) {
            List<FutureTask<Void>> tasks = new ArrayList<>();
            for (int thread = 0; thread < 6; thread++) {
                String name = "t" + thread + " ";
                boolean posts = thread < 4;
                tasks.add(start(() -> {
                    for (int i = 0; i < each; i++) {
                        String text = name + i + " " + "x".repeat(i % 50);
                        if (posts) {
                            SendResult result;
                            while ((result = test.connection().trySend(text)) == SendResult.PEER_BEHIND) {
                                LockSupport.parkNanos(10_000);
                            }
                            assertAccepted(result);
                        } else {
                            test.connection().send(text);
                        }
                    }
                }));
            }
            tasks.add(start(() -> {
                for (int i = 0; i < each; i++) {
                    test.peer.sendText("t6 " + i + " ");
                    test.peer.sendFrame(0x89, new byte[]{(byte) i});
                }
            }));
            int[] next = new int[7];
            for (int i = 0; i < 7 * each;) {
                TestPeer.Frame frame = test.peer.readFrame();
                if (frame.firstByte() == 0x8a) {
                    continue;
                }
                String[] words = frame.text().split(" ", 3);
                assertEquals(next[words[0].charAt(1) - '0']++, Integer.parseInt(words[1]), frame.text());
                i++;
            }
            for (FutureTask<Void> task : tasks) {
                task.get();
            }
        }
    }
}
