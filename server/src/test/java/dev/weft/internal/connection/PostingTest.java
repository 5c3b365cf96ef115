package dev.weft.internal.connection;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Message;
import dev.weft.MessageView;
import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.connection.RecordingTransport.Write;
import dev.weft.parser.Role;
import dev.weft.parser.deflate.DeflateAgreement;
import dev.weft.parser.deflate.DeflateCodecs;
import dev.weft.parser.deflate.DeflateSettings;
import java.io.IOException;
import java.io.OutputStream;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Messages that are sent without waiting: for the peer, for other threads, for the end of a stream. */
@Timeout(20)
class PostingTest {
    /** So little that a peer who does not read is felt at once. */
    private static final int NARROW = 64;

    @Test
    void aPostedMessageLeavesAtOnceInOneWrite() throws Exception {
        try (TestConnection test = TestConnection.start(null)) {
            assertTrue(test.connection().post("a"));
            assertEquals(List.of(3), lengths(test), "when the method returns");
            assertTrue(test.connection().post(new byte[]{1, 2}));
            assertTrue(test.connection().post(MessageView.Type.TEXT, "xyz".getBytes(UTF_8), 1, 1, false));
            test.peer.expect("81 01 61  82 02 0102  81 01 79");
            assertEquals(List.of(3, 4, 3), lengths(test));
        }
    }

    private static List<Integer> lengths(TestConnection test) {
        return test.transport.writes().stream().map(Write::length).toList();
    }

    @Test
    void largeOnesAreWrittenFromWhereTheyLie() throws Exception {
        try (TestConnection test = TestConnection.with().capacity(1 << 20).start(null)) {
            byte[] large = new byte[100_000];
            large[99_999] = 1;
            assertTrue(test.connection().post(large));
            test.peer.expectFrame(0x82, large);
            assertEquals(large, test.transport.writes().getFirst().second());
        }
    }

    @Test
    void nobodyWaitsForAPeerThatDoesNotRead() throws Exception {
        try (TestConnection test = TestConnection.with().capacity(NARROW).start(null)) {
            int count = 5000;
            for (int i = 0; i < count; i++) {
                assertTrue(test.connection().post("m" + i));
            }
            for (int i = 0; i < count; i++) {
                test.peer.expectText("m" + i);
            }
        }
    }

    @Test
    void whatWaitsTogetherLeavesTogether() throws Exception {
        try (TestConnection test = TestConnection.with().capacity(NARROW).start(null)) {
            fill(test);
            for (int i = 0; i < 100; i++) {
                assertTrue(test.connection().post("m"));
            }
            test.peer.expectFrame(0x82, new byte[200]);
            for (int i = 0; i < 100; i++) {
                test.peer.expectText("m");
            }
            assertEquals(300, lengths(test).getLast());
        }
    }

    /** Posts a message that the network does not take whole, and waits until a thread waits with the rest. */
    private static void fill(TestConnection test) throws InterruptedException {
        assertTrue(test.connection().post(new byte[200]));
        test.transport.awaitWriting();
    }

    @Test
    void whatMoreIsToFollowLeavesWithIt() throws Exception {
        try (TestConnection test = TestConnection.with().withoutGuard().start(null)) {
            byte[] octet = {'a'};
            for (int i = 0; i < 9; i++) {
                assertTrue(test.connection().post(MessageView.Type.TEXT, octet, 0, 1, true));
            }
            assertEquals(List.of(), lengths(test), "held back");
            assertTrue(test.connection().post(MessageView.Type.TEXT, octet, 0, 1, false));
            test.peer.expect("81 01 61".repeat(10));
            assertEquals(List.of(30), lengths(test));
        }
    }

    @Test
    void theGuardSendsWhatNothingFollows() throws Exception {
        try (TestConnection test = TestConnection.start(null)) {
            for (int i = 0; i < 50; i++) {
                assertTrue(test.connection().post(MessageView.Type.TEXT, new byte[]{'a'}, 0, 1, true));
                test.peer.expect("81 01 61");
            }
        }
    }

    @Test
    void theOwnerIsToldWhetherTheNextFrameIsHere() throws Exception {
        try (TestConnection test = TestConnection.start(null)) {
            test.peer.send("81 81 00000000 61  81 81 00000000 62  81 81 00000000");
            List<Boolean> here = new ArrayList<>();
            test.onOwner(() -> {
                for (int i = 0; i < 2; i++) {
                    test.connection().receive();
                    here.add(test.connection().nextIsHere());
                }
                return null;
            }).get();
            assertEquals(List.of(true, false), here);
            assertThrows(IllegalStateException.class, () -> test.connection().nextIsHere());
        }
    }

    @Test
    void moreThanTheLimitIsRefusedUntilThePeerReads() throws Exception {
        BufferBudget budget = new BufferBudget(1 << 20);
        // Three messages of 36 octets, each counted with 64 more.
        try (TestConnection test = TestConnection.with().capacity(NARROW).maxPostedSize(300).budget(budget)
                .start(null)) {
            fill(test);
            for (int i = 0; i < 2; i++) {
                assertTrue(test.connection().post("x".repeat(36)), "message " + i);
            }
            assertFalse(test.connection().post("x".repeat(37)), "one octet too many");
            assertTrue(test.connection().post("x".repeat(36)));
            assertFalse(test.connection().post(""), "an empty one counts as well");
            assertTrue(test.connection().isOpen());
            test.peer.expectFrame(0x82, new byte[200]);
            for (int i = 0; i < 3; i++) {
                test.peer.expectText("x".repeat(36));
            }
            assertTrue(test.connection().post("again"));
            test.peer.expectText("again");
        }
        assertEquals(0, budget.taken(), "what was refused is not counted");
    }

    @Test
    void aLimitOfNothingAdmitsOneOfAnySize() throws Exception {
        try (TestConnection test = TestConnection.with().capacity(NARROW).maxPostedSize(0).start(null)) {
            fill(test);
            assertTrue(test.connection().post(new byte[5000]));
            assertFalse(test.connection().post(""));
            test.peer.expectFrame(0x82, new byte[200]).expectFrame(0x82, new byte[5000]);
        }
    }

    @Test
    void theServersBudgetHoldsAndIsGivenBack() throws Exception {
        BufferBudget budget = new BufferBudget(40_000);
        try (TestConnection test = TestConnection.with().capacity(NARROW).budget(budget).start(null)) {
            fill(test);
            assertTrue(test.connection().post(new byte[20_000]));
            assertFalse(test.connection().post(new byte[20_000]));
            test.peer.expectFrame(0x82, new byte[200]).expectFrame(0x82, new byte[20_000]);
            TestConnection.awaitUntil(() -> budget.taken() == 0);
            fill(test);
            assertTrue(test.connection().post(new byte[20_000]));
        }
        assertEquals(0, budget.taken(), "after the end");
    }

    @Test
    void aMessageThatIsSentDoesNotOvertakeOneThatWasPosted() throws Exception {
        try (TestConnection test = TestConnection.with().capacity(NARROW).start(null)) {
            fill(test);
            assertTrue(test.connection().post("first"));
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
    void itDoesNotWaitForAnotherThreadsMessage() throws Exception {
        try (TestConnection test = TestConnection.with().capacity(NARROW).start(null)) {
            FutureTask<Void> sending = start(() -> test.connection().send(new byte[10_000]));
            test.transport.awaitWriting();
            assertTrue(test.connection().post("posted"));
            assertFalse(sending.isDone());
            test.peer.expectFrame(0x82, new byte[10_000]).expectText("posted");
            sending.get();
        }
    }

    @Test
    void itWaitsInItsPlaceForTheEndOfAStream() throws Exception {
        try (TestConnection test = TestConnection.start(null)) {
            try (OutputStream stream = test.connection().sendBinaryStream()) {
                stream.write(1);
                stream.flush();
                assertTrue(test.connection().post("posted"));
                test.connection().ping(new byte[0]);
                stream.write(2);
            }
            test.peer.expect("02 01 01  89 00  80 01 02  81 06 706f73746564");
        }
    }

    @Test
    void receivingGoesOnBehindAPeerThatDoesNotReadWhatWasPosted() throws Exception {
        try (TestConnection test = TestConnection.with().capacity(NARROW).start(null)) {
            fill(test);
            test.peer.sendText("a").sendFrame(0x89, new byte[]{7}).sendText("b");
            for (String expected : List.of("text:a", "text:b")) {
                assertEquals(expected, TestConnection.word(test.onOwner(() -> test.connection().receive()).get()));
            }
            test.peer.expectFrame(0x82, new byte[200]).expectFrame(0x8a, new byte[]{7});
        }
    }

    /** Its reply is held back beside the rest of a posted message, whose thread has not come to write it yet. */
    @Test
    void whatIsHeldBackLeavesWithThePostedRest() throws Exception {
        List<Runnable> threads = new ArrayList<>();
        FlushGuard late = new FlushGuard("never started", threads::add);
        try (TestConnection test = TestConnection.with().capacity(NARROW).guard(late).start(null)) {
            test.peer.send("81 81 00000000 61  81 81 00000000 62");
            test.onOwner(() -> test.connection().receive()).get();
            assertTrue(test.connection().post("x".repeat(100)));
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
    void closingSendsWhatWasPostedBefore() throws Exception {
        try (TestConnection test = TestConnection.with().capacity(NARROW).start(null)) {
            fill(test);
            assertTrue(test.connection().post("last"));
            FutureTask<Void> closing = start(() -> test.connection().close(1001, ""));
            test.peer.expectFrame(0x82, new byte[200]).expectText("last").expect("88 02 03e9");
            closing.get();
            assertFalse(test.connection().post("late"));
        }
    }

    @Test
    void nothingIsPostedToAPeerThatClosed() throws Exception {
        try (TestConnection test = TestConnection.start(null)) {
            test.peer.sendClose(1000);
            assertInstanceOf(Message.Close.class, test.onOwner(() -> test.connection().receive()).get());
            assertFalse(test.connection().post("late"));
            test.peer.expectCloseAndEnd(1000);
        }
    }

    @Test
    void aDeadWireIsNoErrorOfThePost() throws Exception {
        try (TestConnection test = TestConnection.start(null)) {
            IOException dead = new IOException("cable cut");
            test.transport.failWrites(dead);
            test.connection().post("a");
            assertFalse(test.connection().post("b"));
            assertEquals(dead, test.connection().end().cause().orElseThrow());
            assertThrows(IOException.class, () -> test.connection().send("c"));
        }
    }

    @Test
    void aPeerThatNeverReadsMeetsTheWriteDeadline() throws Exception {
        BufferBudget budget = new BufferBudget(1 << 20);
        try (TestConnection test = TestConnection.with().capacity(NARROW).budget(budget).start(null)) {
            fill(test);
            assertTrue(test.connection().post(new byte[10_000]));
            test.pass(TestConnection.TIMEOUTS.write().plus(Duration.ofSeconds(1)));
            assertFalse(test.connection().isOpen());
            assertInstanceOf(TimeoutException.class, test.connection().end().cause().orElseThrow());
            TestConnection.awaitUntil(() -> budget.taken() == 0);
        }
    }

    @Test
    void anEndDuringAStreamLeavesNothingCounted() throws Exception {
        BufferBudget budget = new BufferBudget(1 << 20);
        try (TestConnection test = TestConnection.with().budget(budget).start(null)) {
            OutputStream stream = test.connection().sendBinaryStream();
            assertTrue(test.connection().post(new byte[10_000]));
            test.connection().close();
            test.peer.expect("88 02 03e8");
            assertThrows(IOException.class, stream::close);
        }
        assertEquals(0, budget.taken());
    }

    @Test
    void theSameOctetsMayGoToManyClientsAndServers() throws Exception {
        byte[] octets = "shared".getBytes(UTF_8);
        try (TestConnection client = TestConnection.with().role(Role.CLIENT).start(null);
                TestConnection server = TestConnection.start(null)) {
            assertTrue(client.connection().post(MessageView.Type.TEXT, octets, 0, octets.length, false));
            assertTrue(server.connection().post(MessageView.Type.TEXT, octets, 0, octets.length, false));
            server.peer.expectText("shared");
            byte[] frame = client.peer.read(2 + 4 + octets.length);
            assertEquals("8186", Peer.hex(new byte[]{frame[0], frame[1]}));
            ByteBuffer masked = ByteBuffer.wrap(frame, 6, 6);
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < 6; i++) {
                text.append((char) (masked.get() ^ frame[2 + (i & 3)]));
            }
            assertEquals("shared", text.toString());
            assertEquals("shared", new String(octets, UTF_8));
        }
    }

    @Test
    void anExtensionTransformsPostedMessages() throws Exception {
        XorExtension.Step decoder = new XorExtension.Step();
        try (TestConnection test = TestConnection.with().extension(new XorExtension()).start(null)) {
            test.connection().send("sent");
            assertTrue(test.connection().post("posted"));
            for (String text : List.of("sent", "posted")) {
                Peer.Frame frame = test.peer.readFrame();
                assertEquals(0x81 | 0x20, frame.firstOctet(), "RSV2");
                assertEquals(text, new String(decoder.apply(frame.payload()), UTF_8));
            }
        }
    }

    /** A small window makes what cannot be compressed longer; held back messages leave less room than usual. */
    @Test
    void itDoesNotWaitEitherIfTheExtensionMakesTheMessageLonger() throws Exception {
        byte[] noise = new byte[4000];
        new Random(1).nextBytes(noise);
        DeflateSettings settings = DeflateSettings.defaults();
        for (int windowBits = 8; windowBits <= 15; windowBits++) {
            DeflateAgreement agreement = new DeflateAgreement(false, false, windowBits, 15);
            for (int length = 3000; length <= noise.length; length += 8) {
                try (DeflateCodecs codecs = new DeflateCodecs(settings);
                        TestConnection test = TestConnection.with().capacity(NARROW)
                                .extension(new DeflateExtension(agreement, settings, codecs, Role.SERVER))
                                .start(null)) {
                    int count = length;
                    FutureTask<Void> posting = start(() -> {
                        for (int i = 0; i < 6; i++) {
                            assertTrue(test.connection().post(MessageView.Type.BINARY, noise, 0, count, i < 5));
                        }
                    });
                    posting.get(10, TimeUnit.SECONDS);
                    assertTrue(test.connection().isOpen());
                }
            }
        }
    }

    /** Another thread posts two while the first, which may be held back, is built; the last may be held back as well. */
    @Test
    void whatNothingFollowsIsNotHeldBackForAnothersSake() throws Exception {
        XorExtension extension = new XorExtension();
        try (TestConnection test = TestConnection.with().withoutGuard().extension(extension).start(null)) {
            extension.onInput(() -> {
                extension.onInput(() -> null);
                start(() -> {
                    assertTrue(test.connection().post("second"));
                    assertTrue(test.connection().post(MessageView.Type.TEXT, new byte[1], 0, 1, true));
                }).get();
                return null;
            });
            assertTrue(test.connection().post(MessageView.Type.TEXT, "first".getBytes(UTF_8), 0, 5, true));
            assertEquals(List.of(2 + 5 + 2 + 6 + 2 + 1), lengths(test));
        }
    }

    @Test
    void aMessageThatCannotBeBuiltEndsTheConnectionAndIsNotLostInSilence() throws Exception {
        BufferBudget budget = new BufferBudget(1 << 20);
        XorExtension extension = new XorExtension();
        try (TestConnection test = TestConnection.with().extension(extension).budget(budget).start(null)) {
            extension.onInput(() -> {
                throw new OutOfMemoryError("not really");
            });
            assertThrows(OutOfMemoryError.class, () -> test.connection().post("a"));
            assertFalse(test.connection().isOpen());
        }
        assertEquals(0, budget.taken());
    }

    @Test
    void whatIsHeldBackAtTheEndIsNotCountedAnyMore() throws Exception {
        BufferBudget budget = new BufferBudget(1 << 20);
        try (TestConnection test = TestConnection.with().withoutGuard().budget(budget).start(null)) {
            assertTrue(test.connection().post(MessageView.Type.TEXT, new byte[]{'a'}, 0, 1, true));
            test.connection().abort();
        }
        assertEquals(0, budget.taken());
    }

    @Test
    void aThreadThatIsInterruptedMayPost() throws Exception {
        try (TestConnection test = TestConnection.with().capacity(NARROW).start(null)) {
            start(() -> {
                Thread.currentThread().interrupt();
                assertTrue(test.connection().post(new byte[200]));
                assertTrue(test.connection().post("a"));
                assertTrue(Thread.interrupted());
            }).get();
            test.peer.expectFrame(0x82, new byte[200]).expectText("a");
            assertTrue(test.connection().isOpen());
        }
    }

    /** Its thread has not come to wait for the network yet, so nobody has the lock. */
    @Test
    void receivingDoesNotTakeTheWaitForTheNetworkOver() throws Exception {
        FlushGuard late = new FlushGuard("never started", thread -> {});
        try (TestConnection test = TestConnection.with().capacity(NARROW).guard(late).start(null)) {
            assertTrue(test.connection().post(new byte[200]));
            FutureTask<Message> receiving = test.onOwner(() -> test.connection().receive());
            test.peer.sendFrame(0x89, new byte[0]);
            // With another frame behind it the pong would be held back.
            test.awaitReading();
            test.peer.sendText("a");
            assertEquals("text:a", TestConnection.word(receiving.get()));
        }
    }

    /** §5.5.1. It was held up by a stream, and its thread comes when both are over. */
    @Test
    void nothingThatWasPostedFollowsTheCloseFrame() throws Exception {
        List<Runnable> threads = new ArrayList<>();
        FlushGuard late = new FlushGuard("never started", threads::add);
        BufferBudget budget = new BufferBudget(1 << 20);
        try (TestConnection test = TestConnection.with().capacity(NARROW).guard(late).budget(budget).start(null)) {
            assertTrue(test.connection().post(new byte[200]));
            OutputStream stream = test.connection().sendBinaryStream();
            assertTrue(test.connection().post("late"));
            FutureTask<Void> closing = start(() -> test.connection().close());
            test.peer.expectFrame(0x82, new byte[200]).expect("88 02 03e8");
            closing.get();
            assertThrows(IOException.class, stream::close);
            threads.removeFirst().run();
            TestConnection.awaitUntil(() -> budget.taken() == 0);
            test.returns();
            test.peer.sendClose(1000).expectEnd();
        }
    }

    @Test
    void aStreamDoesNotOvertakeAMessageThatWasPosted() throws Exception {
        try (TestConnection test = TestConnection.with().capacity(NARROW).start(null)) {
            fill(test);
            assertTrue(test.connection().post("first"));
            FutureTask<Void> streaming = queue(() -> test.connection().sendBinaryStream().close());
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
        TestConnection.awaitUntil(() -> thread.getState() == Thread.State.WAITING);
        return task;
    }

    @Test
    void whoeverWaitsToSendGetsATurnBetweenWhatIsPosted() throws Exception {
        try (TestConnection test = TestConnection.with().capacity(NARROW).start(null)) {
            fill(test);
            FutureTask<Void> pinging = queue(() -> test.connection().ping(new byte[0]));
            assertTrue(test.connection().post("more"));
            test.peer.expectFrame(0x82, new byte[200]).expect("89 00").expectText("more");
            pinging.get();
        }
    }

    /** A pong goes between the fragments, at first as far as the network takes it, which is full. */
    @Test
    void whatWaitsForTheEndOfAStreamDoesNotLeaveWithAPong() throws Exception {
        try (TestConnection test = TestConnection.with().capacity(NARROW).start(null)) {
            FutureTask<List<String>> received = test.receiveAll();
            byte[] half = new byte[9996];
            CountDownLatch posted = new CountDownLatch(1);
            FutureTask<Void> sending = start(() -> {
                OutputStream stream = test.connection().sendBinaryStream();
                stream.write(half);
                posted.await();
                stream.close();
            });
            test.transport.awaitWriting();
            assertTrue(test.connection().post("posted"));
            test.peer.sendFrame(0x89, new byte[0]);
            test.awaitReading();
            byte[] begin = test.peer.read(4 + half.length - NARROW);
            assertEquals("027e", Peer.hex(new byte[]{begin[0], begin[1]}));
            TestConnection.awaitUntil(() -> lengths(test).size() == 2);
            test.peer.read(NARROW);
            test.peer.expect("8a 00");
            posted.countDown();
            test.peer.expect("80 00").expectText("posted");
            sending.get();
            assertFalse(received.isDone());
        }
    }

    @Test
    void whatMayNotBeSentIsRefusedBefore() throws Exception {
        try (TestConnection test = TestConnection.start(null)) {
            assertThrows(IllegalArgumentException.class, () -> test.connection().post("\ud800"));
            assertThrows(IllegalArgumentException.class,
                    () -> test.connection().post(MessageView.Type.CLOSE, new byte[0], 0, 0, false));
            assertThrows(IndexOutOfBoundsException.class,
                    () -> test.connection().post(MessageView.Type.TEXT, new byte[1], 1, 1, false));
            assertEquals(List.of(), lengths(test));
        }
    }

    /** Four threads post, two send, and the handler echoes, to a peer that reads now and then. */
    @Test
    void nothingIsLostOrOutOfOrderAmongManyThreads() throws Exception {
        int each = 3000;
        try (TestConnection test = TestConnection.with().capacity(512).start(TestConnection.ECHO_VIEWS)) {
            List<FutureTask<Void>> tasks = new ArrayList<>();
            for (int thread = 0; thread < 6; thread++) {
                String name = "t" + thread + " ";
                boolean posts = thread < 4;
                tasks.add(start(() -> {
                    for (int i = 0; i < each; i++) {
                        String text = name + i + " " + "x".repeat(i % 50);
                        if (posts) {
                            while (!test.connection().post(text)) {
                                Thread.yield();
                            }
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
                Peer.Frame frame = test.peer.readFrame();
                if (frame.firstOctet() == 0x8a) {
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
