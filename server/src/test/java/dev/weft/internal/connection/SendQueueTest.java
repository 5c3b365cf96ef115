package dev.weft.internal.connection;

import static dev.weft.SendResult.ACCEPTED;
import static dev.weft.SendResult.CLOSED;
import static dev.weft.SendResult.DROPPED;
import static dev.weft.SendResult.DROPPED_OLDER;
import static dev.weft.SendResult.PEER_BEHIND;
import static dev.weft.SendResult.SERVER_FULL;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.ConnectionClosedException;
import dev.weft.MessageType;
import dev.weft.OutgoingMessage;
import dev.weft.OverflowPolicy;
import dev.weft.PingTimeoutException;
import dev.weft.PreparedMessage;
import dev.weft.SendQueue;
import dev.weft.internal.buffer.BufferBudget;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A full queue and its policies, latest values, and what the application learns about its queue. */
@Timeout(20)
class SendQueueTest {
    private static final int NARROW = 64;
    /** Room for three messages of 36 bytes. */
    private static final int THREE = 300;
    private static final Duration LONG = Duration.ofMinutes(1);

    private final BufferBudget budget = new BufferBudget(1 << 20);

    private ConnectionFixture start(OverflowPolicy policy) throws InterruptedException {
        return filled(ConnectionFixture.with().capacity(NARROW).maxQueuedSize(THREE).budget(budget)
                .overflowPolicy(policy).start(null));
    }

    /** With a frame of which the network has not taken all. */
    private static ConnectionFixture filled(ConnectionFixture test) throws InterruptedException {
        assertEquals(ACCEPTED, test.connection().trySend(new byte[200]));
        test.transport.awaitWriting();
        return test;
    }

    private static void expectFilled(ConnectionFixture test) throws IOException {
        test.peer.expectFrame(0x82, new byte[200]);
    }

    private static String text(char content) {
        return String.valueOf(content).repeat(36);
    }

    private static void queueThree(ConnectionFixture test) {
        for (char each = 'a'; each <= 'c'; each++) {
            assertEquals(ACCEPTED, test.connection().trySend(text(each)));
        }
    }

    private static SendQueue queue(ConnectionFixture test) {
        return test.connection().queue();
    }

    // Policies.

    @Test
    void oldestMessagesMustMakeRoomForANewOne() throws Exception {
        try (ConnectionFixture test = start(OverflowPolicy.DROP_OLDEST)) {
            queueThree(test);
            long before = budget.taken();
            assertEquals(DROPPED_OLDER, test.connection().trySend(text('d')));
            assertEquals(before, budget.taken());
            assertEquals(DROPPED_OLDER, test.connection().trySend(PreparedMessage.text(text('e') + "e")));
            assertEquals(3, queue(test).droppedMessages(), "one byte more costs two");
            expectFilled(test);
            test.peer.expectText(text('d')).expectText(text('e') + "e");
        }
        assertEquals(0, budget.taken());
    }

    @Test
    void newestMessageMustBeDropped() throws Exception {
        try (ConnectionFixture test = start(OverflowPolicy.DROP_NEWEST)) {
            queueThree(test);
            assertEquals(DROPPED, test.connection().trySend(text('d')));
            assertEquals(1, queue(test).droppedMessages());
            expectFilled(test);
            test.peer.expectText(text('a')).expectText(text('b')).expectText(text('c'));
            assertEquals(ACCEPTED, test.connection().trySend("e"));
            test.peer.expectText("e");
        }
        assertEquals(0, budget.taken());
    }

    /** RFC 6455 §5.5.1: the frame that was begun is completed. */
    @Test
    void closeFrameMustFollowTheFrameThatIsBeingWritten() throws Exception {
        try (ConnectionFixture test = start(OverflowPolicy.DISCONNECT)) {
            queueThree(test);
            assertEquals(CLOSED, test.connection().trySend(text('d')));
            assertFalse(test.connection().isOpen());
            assertEquals(3, queue(test).droppedMessages());
            assertEquals(CLOSED, test.connection().trySend(text('e')));
            expectFilled(test);
            test.peer.expect("88 0a 03f5 746f6f20736c6f77");
        }
        assertEquals(0, budget.taken());
    }

    @Test
    void disconnectMustUseTheGivenCode() throws Exception {
        try (ConnectionFixture test = start(OverflowPolicy.disconnect(4008, ""))) {
            queueThree(test);
            assertEquals(CLOSED, test.connection().trySend(text('d')));
            expectFilled(test);
            test.peer.expect("88 02 0fa8");
        }
    }

    @Test
    void policyOfAConnectionMustReplaceThatOfItsEndpoint() throws Exception {
        try (ConnectionFixture test = start(OverflowPolicy.REFUSE)) {
            queueThree(test);
            assertEquals(PEER_BEHIND, test.connection().trySend(text('d')));
            queue(test).overflowPolicy(OverflowPolicy.DROP_OLDEST);
            assertEquals(DROPPED_OLDER, test.connection().trySend(text('d')));
            expectFilled(test);
            test.peer.expectText(text('b')).expectText(text('c')).expectText(text('d'));
        }
    }

    @Test
    void messageWhoseFrameIsBegunMustNotBeDropped() throws Exception {
        try (ConnectionFixture test = filled(ConnectionFixture.with().capacity(NARROW).maxQueuedSize(0)
                .overflowPolicy(OverflowPolicy.DROP_OLDEST).start(null))) {
            byte[] large = new byte[5000];
            assertEquals(ACCEPTED, test.connection().trySend(large));
            expectFilled(test);
            byte[] begin = test.peer.read(4);
            assertEquals("827e1388", TestPeer.hex(begin));
            assertEquals(PEER_BEHIND, test.connection().trySend("a"), "nothing can be dropped for it");
            assertEquals(0, queue(test).droppedMessages());
            test.peer.read(5000);
            queue(test).flush();
            assertEquals(ACCEPTED, test.connection().trySend("b"));
            test.peer.expectText("b");
        }
    }

    @Test
    void streamedMessageAndControlFramesMustNotBeDropped() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().maxQueuedSize(THREE)
                .overflowPolicy(OverflowPolicy.DROP_OLDEST).start(null)) {
            try (OutgoingMessage stream = test.connection().sendStream(MessageType.BINARY)) {
                stream.write(1);
                stream.flush();
                queueThree(test);
                assertEquals(DROPPED_OLDER, test.connection().trySend(text('d')));
                test.peer.sendFrame(0x89, new byte[]{7});
                test.peer.expect("02 01 01  8a 01 07");
                stream.write(2);
                stream.complete();
            }
            test.peer.expect("80 01 02").expectText(text('b')).expectText(text('c')).expectText(text('d'));
        }
    }

    @Test
    void oldMessagesMustAlsoMakeRoomWhenTheServerIsFull() throws Exception {
        BufferBudget small = new BufferBudget(40_000);
        try (ConnectionFixture test = filled(ConnectionFixture.with().capacity(NARROW).budget(small)
                .overflowPolicy(OverflowPolicy.DROP_OLDEST).start(null))) {
            assertEquals(ACCEPTED, test.connection().trySend(new byte[20_000]));
            long before = small.taken();
            assertEquals(SERVER_FULL, test.connection().trySend(new byte[20_001]), "one byte more than it has");
            byte[] latest = new byte[20_000];
            latest[0] = 1;
            assertEquals(DROPPED_OLDER, test.connection().trySend(latest));
            assertEquals(before, small.taken());
            expectFilled(test);
            test.peer.expectFrame(0x82, latest);
        }
        assertEquals(0, small.taken());
    }

    // The latest value.

    @Test
    void latestValueMustTakeThePlaceOfTheOneThatWaits() throws Exception {
        try (ConnectionFixture test = filled(ConnectionFixture.with().capacity(NARROW).budget(budget).start(null))) {
            SendQueue queue = queue(test);
            assertEquals(ACCEPTED, queue.trySendLatest("one", "1"));
            assertEquals(ACCEPTED, queue.trySendLatest("two", new byte[]{2}));
            assertEquals(ACCEPTED, test.connection().trySend("without"));
            assertEquals(ACCEPTED, queue.trySendLatest("one", "eleven"));
            assertEquals(ACCEPTED, queue.trySendLatest("one", PreparedMessage.text("111")));
            assertEquals(2, queue.replacedMessages());
            assertEquals(0, queue.droppedMessages());
            expectFilled(test);
            test.peer.expectText("111").expectFrame(0x82, new byte[]{2}).expectText("without");
            assertEquals(ACCEPTED, queue.trySendLatest("one", "1111"));
            test.peer.expectText("1111");
        }
        assertEquals(0, budget.taken());
    }

    @Test
    void valueForWhichThereIsNoRoomMustLeaveTheEarlierOne() throws Exception {
        try (ConnectionFixture test = start(OverflowPolicy.REFUSE)) {
            SendQueue queue = queue(test);
            assertEquals(ACCEPTED, queue.trySendLatest("a", "a".repeat(22)));
            assertEquals(ACCEPTED, queue.trySendLatest("b", "b".repeat(22)), "300 bytes");
            long bytes = queue.queuedBytes();
            assertEquals(PEER_BEHIND, queue.trySendLatest("a", "c".repeat(23)));
            assertEquals(ACCEPTED, queue.trySendLatest("b", "d".repeat(22)));
            assertEquals(bytes, queue.queuedBytes());
            assertEquals(ACCEPTED, queue.trySendLatest("b", "d".repeat(21)));
            assertEquals(bytes - 1, queue.queuedBytes());
            assertEquals(ACCEPTED, queue.trySendLatest("a", "e".repeat(23)));
            assertEquals(bytes, queue.queuedBytes());
            expectFilled(test);
            test.peer.expectText("e".repeat(23)).expectText("d".repeat(21));
        }
        assertEquals(0, budget.taken());
    }

    @Test
    void longerValueMustDropOldestMessages() throws Exception {
        try (ConnectionFixture test = start(OverflowPolicy.DROP_OLDEST)) {
            SendQueue queue = queue(test);
            assertEquals(ACCEPTED, test.connection().trySend(text('x')));
            assertEquals(ACCEPTED, queue.trySendLatest("a", "a".repeat(22)));
            assertEquals(DROPPED_OLDER, queue.trySendLatest("a", "b".repeat(80)));
            expectFilled(test);
            test.peer.expectText("b".repeat(80));
            assertEquals(2, queue.droppedMessages() + queue.replacedMessages());
        }
        assertEquals(0, budget.taken());
    }

    @Test
    void slowPeerMustGetTheLatestValueOfEachKey() throws Exception {
        int keys = 1000;
        int updates = 100;
        BufferBudget large = new BufferBudget(1 << 26);
        try (ConnectionFixture test = filled(ConnectionFixture.with().capacity(NARROW).budget(large).start(null))) {
            for (int update = 1; update <= updates; update++) {
                for (int key = 0; key < keys; key++) {
                    assertEquals(ACCEPTED, queue(test).trySendLatest(key, key + " " + update));
                }
                assertTrue(queue(test).queuedBytes() <= keys * 136 + (1 << 14), "the values and the buffer");
            }
            assertEquals(keys * (updates - 1), queue(test).replacedMessages());
            expectFilled(test);
            for (int key = 0; key < keys; key++) {
                test.peer.expectText(key + " " + updates);
            }
        }
        assertEquals(0, large.taken());
    }

    // Waiting for the network and for the peer.

    @Test
    void flushMustWaitUntilTheNetworkHasTakenAll() throws Exception {
        try (ConnectionFixture test = start(OverflowPolicy.REFUSE)) {
            queueThree(test);
            FutureTask<Void> flush = inThread(() -> queue(test).flush());
            expectFilled(test);
            assertThrows(TimeoutException.class, () -> flush.get(20, TimeUnit.MILLISECONDS),
                    "the network holds less than what waits");
            test.peer.expectText(text('a')).expectText(text('b')).expectText(text('c'));
            flush.get();
            assertEquals(0, queue(test).queuedBytes());
        }
    }

    /** Something that may throw. */
    private interface Action {
        void run() throws Exception;
    }

    private static FutureTask<Void> inThread(Action action) {
        return ConnectionFixture.inThread(() -> {
            action.run();
            return null;
        });
    }

    @Test
    void flushMustEndWithTheWriteDeadline() throws Exception {
        try (ConnectionFixture test = start(OverflowPolicy.REFUSE)) {
            queueThree(test);
            FutureTask<Void> flush = inThread(() -> queue(test).flush());
            test.pass(ConnectionFixture.TIMEOUTS.writeTimeout().plus(Duration.ofSeconds(1)));
            assertInstanceOf(IOException.class, assertThrows(ExecutionException.class, flush::get).getCause());
        }
    }

    @Test
    void flushMustFailOnAClosedConnection() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.connection().close();
            assertThrows(ConnectionClosedException.class, () -> queue(test).flush());
            assertThrows(ConnectionClosedException.class, () -> queue(test).barrier(LONG));
        }
    }

    private static FutureTask<Duration> measured(Callable<Duration> action) {
        FutureTask<Duration> task = new FutureTask<>(action);
        Thread.startVirtualThread(task);
        return task;
    }

    private static FutureTask<Duration> barrier(ConnectionFixture test) {
        return measured(() -> queue(test).barrier(LONG));
    }

    private static byte[] readPing(ConnectionFixture test) throws IOException {
        TestPeer.Frame frame = test.peer.readFrame();
        assertEquals(0x89, frame.firstByte());
        return frame.payload();
    }

    /** The pong to an earlier ping, and one to none, say nothing about the queue. */
    @Test
    void onlyThePongToThePingAfterTheQueueMustEndABarrier() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().capacity(NARROW).start(null)) {
            FutureTask<Duration> earlier = measured(() -> test.connection().ping(LONG));
            byte[] ping = readPing(test);
            filled(test);
            queueThree(test);
            FutureTask<Duration> barrier = barrier(test);
            expectFilled(test);
            test.peer.expectText(text('a')).expectText(text('b')).expectText(text('c'));
            byte[] ofBarrier = readPing(test);
            test.peer.sendFrame(0x8a, new byte[8]).sendFrame(0x8a, ping);
            earlier.get();
            assertThrows(TimeoutException.class, () -> barrier.get(20, TimeUnit.MILLISECONDS));
            test.peer.sendFrame(0x8a, ofBarrier);
            assertTrue(barrier.get().isPositive());
        }
    }

    @Test
    void oneOfSeveralBarriersMustNotEndLaterOnes() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            FutureTask<Duration> first = barrier(test);
            byte[] firstPing = readPing(test);
            test.connection().trySend("between");
            FutureTask<Duration> second = barrier(test);
            test.peer.expectText("between");
            byte[] secondPing = readPing(test);
            test.peer.sendFrame(0x8a, firstPing);
            first.get();
            assertThrows(TimeoutException.class, () -> second.get(20, TimeUnit.MILLISECONDS));
            test.peer.sendFrame(0x8a, secondPing);
            second.get();
        }
    }

    @Test
    void barrierMustNotWaitLongerThanItsTimeout() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            assertThrows(PingTimeoutException.class, () -> queue(test).barrier(Duration.ofMillis(20)));
            assertTrue(test.connection().isOpen());
            assertThrows(IllegalArgumentException.class, () -> queue(test).barrier(Duration.ZERO));
        }
    }

    // The callback.

    private static LinkedBlockingQueue<Thread> onDrained(ConnectionFixture test) {
        LinkedBlockingQueue<Thread> runs = new LinkedBlockingQueue<>();
        queue(test).onDrained(() -> runs.add(Thread.currentThread()));
        return runs;
    }

    @Test
    void actionMustRunAtOnceIfNothingWaits() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            assertTrue(onDrained(test).take().isVirtual());
        }
    }

    @Test
    void actionMustRunOnceWhenTheQueueHasDrained() throws Exception {
        try (ConnectionFixture test = filled(ConnectionFixture.with().capacity(NARROW).maxQueuedSize(THREE)
                .queueLowWaterMark(0).start(null))) {
            queueThree(test);
            assertEquals(PEER_BEHIND, test.connection().trySend(text('d')));
            LinkedBlockingQueue<Thread> runs = onDrained(test);
            assertTrue(runs.isEmpty(), "the peer has read nothing");
            expectFilled(test);
            test.peer.expectText(text('a')).expectText(text('b')).expectText(text('c'));
            assertTrue(runs.take().isVirtual());
            queueThree(test);
            test.peer.expectText(text('a')).expectText(text('b')).expectText(text('c'));
            queue(test).flush();
            assertTrue(runs.isEmpty(), "only once");
        }
    }

    @Test
    void actionMustRunWhenTheConnectionEnds() throws Exception {
        try (ConnectionFixture test = start(OverflowPolicy.REFUSE)) {
            queueThree(test);
            LinkedBlockingQueue<Thread> runs = onDrained(test);
            test.connection().abort();
            test.returns();
            runs.take();
            onDrained(test).take();
        }
    }

    /** A key whose methods may throw. */
    private static final class BadKey {
        private int uses;

        @Override
        public int hashCode() {
            if (--uses < 0) {
                throw new IllegalStateException("a bad key");
            }
            return 1;
        }
    }

    @Test
    void keyThatThrowsMustChangeNothing() throws Exception {
        for (int uses = 0; uses < 3; uses++) {
            for (boolean others : new boolean[]{false, true}) {
                try (ConnectionFixture test = start(OverflowPolicy.REFUSE)) {
                    if (others) {
                        assertEquals(ACCEPTED, queue(test).trySendLatest("good", "other"));
                    }
                    long queued = queue(test).queuedBytes();
                    long taken = budget.taken();
                    BadKey key = new BadKey();
                    key.uses = uses;
                    boolean accepted = false;
                    try {
                        accepted = queue(test).trySendLatest(key, "latest") == ACCEPTED;
                    } catch (IllegalStateException e) {
                        assertEquals(queued, queue(test).queuedBytes());
                        assertEquals(taken, budget.taken());
                    }
                    key.uses = Integer.MAX_VALUE;
                    expectFilled(test);
                    if (others) {
                        test.peer.expectText("other");
                    }
                    if (accepted) {
                        test.peer.expectText("latest");
                    }
                    ConnectionFixture.awaitUntil(() -> queue(test).queuedBytes() == 0);
                    assertEquals(ACCEPTED, test.connection().trySend("next"));
                    test.peer.expectText("next");
                }
                assertEquals(0, budget.taken());
            }
        }
    }
}
