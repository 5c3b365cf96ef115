package dev.weft.internal.send;

import static dev.weft.internal.connection.ConnectionFixture.TIMEOUTS;

import dev.weft.CloseReason;
import dev.weft.ConnectionLimits;
import dev.weft.OverflowPolicy;
import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.close.ClosingHandshake;
import dev.weft.internal.stress.Lives;
import dev.weft.internal.time.CoarseClock;
import dev.weft.internal.time.Deadlines;
import dev.weft.internal.time.ShortTimer;
import dev.weft.parser.CloseCode;
import dev.weft.parser.FrameWriter;
import dev.weft.parser.Role;
import java.io.IOException;
import java.lang.reflect.Field;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/**
 * The sending side of one connection under stress, in rounds. In each some threads send in every way, while the network
 * stalls, takes parts, or takes everything, and threads are interrupted. Then nobody does anything any more, and what has
 * been accepted must arrive. In the last round the connection ends, in one of many ways and at a random moment. The seed
 * decides what everybody does, but not who is first.
 */
final class StressedSender implements Lives.Life {
    /** How the connection ends. */
    private enum End {
        CLOSE(false), CLOSE_BY_TWO(false), PEER_CLOSES(false), FAILURE(false),
        /** Messages that wait are dropped, our Close frame is not. */
        DROP(false), GIVEN_UP(true), ABORT(true), WIRE_FAILS(true);

        private final boolean breaks;

        End(boolean breaks) {
            this.breaks = breaks;
        }
    }

    private static final int MOST_ROUNDS = 4;
    private static final List<OverflowPolicy> POLICIES = List.of(OverflowPolicy.REFUSE, OverflowPolicy.REFUSE,
            OverflowPolicy.DROP_OLDEST, OverflowPolicy.DROP_NEWEST);
    private static final int LONGEST_PAUSE_NANOS = 300_000;
    private static final CloseReason REASON = new CloseReason(CloseCode.NORMAL_CLOSURE, "the stress is over");

    private final long seed;
    private final Random random;
    private final End end;
    private final int rounds;
    private final ReceivedFrames received;
    private final StressedWire wire;
    private final boolean interrupts;
    private final BufferBudget budget;
    private final OverflowPolicy policy;
    private final AtomicInteger drainedDue = new AtomicInteger();
    private final AtomicInteger drained = new AtomicInteger();
    private final ClosingHandshake closing = new ClosingHandshake();
    private final FrameSender sender;
    private final List<SenderActor> actors = new ArrayList<>();
    private final AtomicLong progress = new AtomicLong();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private volatile boolean lastRound;
    private volatile boolean endDue;
    private volatile String waitsFor = "the round's end";

    StressedSender(long seed, ShortTimer timer) {
        this.seed = seed;
        this.random = new Random(seed);
        this.end = End.values()[random.nextInt(End.values().length)];
        this.rounds = 1 + random.nextInt(MOST_ROUNDS);
        Role role = random.nextBoolean() ? Role.SERVER : Role.CLIENT;
        int count = 2 + random.nextInt(3);
        // The second half is for the messages with keys.
        this.received = new ReceivedFrames(role, 2 * count);
        boolean withoutWaiting = random.nextInt(4) > 0;
        this.interrupts = random.nextBoolean();
        this.wire = new StressedWire(this::receive, withoutWaiting, random.nextLong());
        this.budget = new BufferBudget(random.nextInt(4) == 0 ? 1 << 14 : 1 << 24);
        BufferPool pool = new BufferPool(1 << (7 + random.nextInt(8)), budget);
        ConnectionLimits limits = ConnectionLimits.builder().maxQueuedSize(1 << (10 + random.nextInt(11)))
                .queueLowWaterMark(1 << random.nextInt(20))
                .overflowPolicy(POLICIES.get(random.nextInt(POLICIES.size())))
                .build();
        this.policy = limits.overflowPolicy();
        CoarseClock clock = new CoarseClock();
        SendServices services = new SendServices(limits, clock, pool, timer,
                thread -> ThreadLocalRandom.current().nextInt(3) == 0);
        this.sender = new FrameSender(wire, new FrameWriter(role, random::nextInt), null, closing,
                new Deadlines(clock, TIMEOUTS), services);
        for (int i = 0; i < count; i++) {
            actors.add(new SenderActor(this, sender, closing, i, random.nextLong()));
        }
    }

    private void receive(byte[] bytes) {
        progress.incrementAndGet();
        received.take(bytes);
    }

    // For the actors.

    ReceivedFrames received() {
        return received;
    }

    boolean isLastRound() {
        return lastRound;
    }

    /** The peer's number for the messages that have this actor's key. */
    int idOfLatest(int actor) {
        return actors.size() + actor;
    }

    /** Whether accepted messages may be dropped. */
    boolean dropsOldest() {
        return policy == OverflowPolicy.DROP_OLDEST;
    }

    /** Has an action run when the queue has drained; once. */
    void awaitDrained() {
        drainedDue.incrementAndGet();
        AtomicBoolean ran = new AtomicBoolean();
        sender.queued().onDrained(() -> {
            if (ran.getAndSet(true)) {
                fail(new AssertionError("an action ran twice"));
            }
            drained.incrementAndGet();
            noteProgress();
        });
    }

    /** Whether the wire may break in this round. */
    boolean mayBreak() {
        return lastRound && end.breaks;
    }

    /** Whether threads are interrupted in this round: where that breaks the wire, only if the wire may break. */
    boolean interrupts() {
        return interrupts && (wire.writesWithoutWaiting() || mayBreak());
    }

    /** Interrupts all but this one. */
    void interruptOthers(SenderActor actor) {
        for (SenderActor each : actors) {
            if (each != actor && interrupts()) {
                each.interrupt();
            }
        }
    }

    /** Has the connection end now, in the last round, while this thread waits a moment. */
    void bringTheEnd() {
        endDue = true;
        LockSupport.parkNanos(ThreadLocalRandom.current().nextInt(LONGEST_PAUSE_NANOS));
    }

    void noteProgress() {
        progress.incrementAndGet();
    }

    void fail(Throwable e) {
        failure.compareAndSet(null, e);
    }

    /** Fails like a connection whose own end fails it. */
    void failConnection(CloseReason reason) {
        if (closing.fail(reason, new IOException(reason.reason()))) {
            sender.close();
        }
    }

    // For the watchdog.

    /** Changes as long as anything happens. */
    @Override
    public long progress() {
        return progress.get();
    }

    /** The first thing that went wrong. */
    @Override
    public Throwable failure() {
        return wire.failure() != null ? wire.failure() : failure.get();
    }

    @Override
    public int done() {
        return received.count();
    }

    /** Ends it all, whatever its state. */
    @Override
    public void release() {
        fail(new AssertionError("given up"));
        closing.breakOff(new IOException("given up"));
        wire.close();
    }

    /** Runs this life; fails if anything is wrong. Waits forever if the sender does. */
    @Override
    public void run() throws Exception {
        for (int round = 1; round < rounds; round++) {
            waitsFor = "the end of round " + round;
            finish(start());
            settle();
        }
        endDue = false;
        lastRound = true;
        waitsFor = "the end of the last round";
        List<Thread> threads = start();
        for (int i = end == End.CLOSE_BY_TWO ? 2 : 1; i > 0; i--) {
            long own = random.nextLong();
            threads.add(helper(() -> end(new Random(own))));
        }
        finish(threads);
        checkEnd();
    }

    private List<Thread> start() {
        List<Thread> threads = new ArrayList<>();
        wire.stall(random.nextBoolean());
        Random network = new Random(random.nextLong());
        int manner = random.nextInt(3);
        for (SenderActor actor : actors) {
            threads.add(actor.start());
        }
        threads.add(helper(() -> network(network, manner)));
        if (interrupts()) {
            Random own = new Random(random.nextLong());
            threads.add(helper(() -> interrupt(own)));
        }
        return threads;
    }

    private Thread helper(Runnable body) {
        return Thread.ofVirtual().start(() -> {
            try {
                body.run();
            } catch (Throwable e) {
                fail(e);
            }
            noteProgress();
        });
    }

    private void finish(List<Thread> threads) throws InterruptedException {
        for (Thread thread : threads) {
            thread.join();
        }
        requireWell();
    }

    private void requireWell() {
        Throwable failed = failure();
        if (failed != null) {
            throw new AssertionError(failed.getMessage() + " in " + this, failed);
        }
    }

    private void pause(Random own) {
        LockSupport.parkNanos(own.nextInt(LONGEST_PAUSE_NANOS));
    }

    /** Takes everything at once; or nothing, and later everything; or a little now and then. */
    private void network(Random own, int manner) {
        int steps = manner == 0 ? 0 : manner == 1 ? 1 + own.nextInt(3) : own.nextInt(30);
        for (int i = 0; i < steps; i++) {
            pause(own);
            wire.give(manner == 1 ? 0 : own.nextInt(own.nextBoolean() ? 20 : 2000));
            noteProgress();
        }
        wire.open();
    }

    private void interrupt(Random own) {
        int times = own.nextInt(12);
        for (int i = 0; i < times; i++) {
            pause(own);
            actors.get(own.nextInt(actors.size())).interrupt();
        }
    }

    /** Everything arrives, although nothing happens that could make up for what was forgotten. */
    private void settle() {
        for (SenderActor actor : actors) {
            await("the messages of " + actor, () -> dropsOldest() || actor.isDone());
        }
        await("the pongs", () -> received.lastPong() == actors.get(0).pongs() - 1);
        // Asked last: a thread that has the lock may be about to build what it has taken.
        await("the sender has nothing to do", () -> state("state").equals(SendState.IDLE) && sender.buffer().isEmpty()
                && !((ReentrantLock) state("lock")).isLocked());
        await("no flush is due", () -> state("flushDue").equals(false));
        await("nothing waits", () -> sender.waitingBytes() == 0 && budget.taken() == 0 && !wire.isWriting()
                && !sender.isStuck(Duration.ZERO));
        await("the actions after draining", () -> drained.get() == drainedDue.get());
        check(received.isAtFrameBoundary(), "a part of a frame");
        check(!wire.isClosed() && closing.isOpen(), "closed too early");
        actors.forEach(actor -> actor.check(false, dropsOldest()));
        QueuedMessages queued = sender.queued();
        long missing = actors.stream().mapToInt(actor -> actor.missing() + actor.droppedByResult()).sum();
        check(missing == queued.dropped() + queued.replaced(), missing + " messages are missing, " + queued.dropped()
                + " were dropped, and " + queued.replaced() + " replaced");
    }

    private void await(String what, BooleanSupplier condition) {
        waitsFor = what;
        while (!condition.getAsBoolean() && failure() == null) {
            LockSupport.parkNanos(100_000);
        }
        requireWell();
    }

    private void end(Random own) {
        for (int i = own.nextInt(30); i > 0 && !endDue; i--) {
            LockSupport.parkNanos(50_000);
        }
        switch (end) {
            case CLOSE, CLOSE_BY_TWO -> close();
            case PEER_CLOSES -> {
                closing.receive(REASON);
                close();
            }
            case FAILURE -> failConnection(REASON);
            case DROP -> {
                failConnection(REASON);
                sender.dropWaiting();
            }
            case GIVEN_UP -> {
                failConnection(REASON);
                sender.dropWaiting();
                wire.close();
            }
            case ABORT -> {
                closing.breakOff(new IOException("aborted"));
                wire.close();
            }
            case WIRE_FAILS -> {
                wire.failAfter(own.nextInt(300));
                pause(own);
                close();
            }
        }
        if (own.nextBoolean()) {
            drain();
        }
        await("our Close frame", () -> !closing.isPending());
        // Breaks what is not complete, as a connection does at its end; the others may still be sending.
        check(received.isClosed() || end.breaks, "no Close frame was sent");
        check(!wire.isClosed() || end.breaks || end == End.CLOSE_BY_TWO, "closed before its end");
        closing.breakOff(new IOException("not completed"));
        wire.close();
        sender.end();
    }

    private void close() {
        if (closing.claim(REASON)) {
            sender.close();
        }
    }

    private void drain() {
        try {
            sender.drainAndWait();
        } catch (IOException e) {
            check(end.breaks || end == End.CLOSE_BY_TWO, "our Close frame could not be sent: " + e);
        }
    }

    private void checkEnd() {
        await("no thread writes", () -> !wire.isWriting());
        await("no thread drains", () -> !state("state").equals(SendState.DRAINING));
        await("the budget is whole", () -> budget.taken() == 0 && sender.waitingBytes() == 0);
        boolean cut = actors.stream().anyMatch(SenderActor::hasCut);
        await("the actions after the end", () -> drained.get() == drainedDue.get());
        boolean mayDrop = cut || dropsOldest() || end == End.PEER_CLOSES || end == End.DROP;
        actors.forEach(actor -> actor.check(end.breaks, mayDrop));
        requireWell();
    }

    private static void check(boolean good, String what) {
        if (!good) {
            throw new AssertionError(what);
        }
    }

    private Object state(String field) {
        try {
            Field found = FrameSender.class.getDeclaredField(field);
            found.setAccessible(true);
            return found.get(sender);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public String toString() {
        return "life " + seed + " (" + end + (lastRound ? ", last round" : "") + ", waits for " + waitsFor
                + ", " + received.count() + " frames, state=" + state("state") + " flushDue=" + state("flushDue")
                + " streaming=" + state("streaming") + " lock=" + state("lock") + " waiting=" + sender.waitingBytes()
                + " taken=" + budget.taken()
                + " drained=" + drained + "/" + drainedDue + " policy=" + policy
                + " empty=" + sender.buffer().isEmpty() + " behind=" + sender.buffer().waitingBytes()
                + " writing=" + wire.isWriting() + " wireClosed=" + wire.isClosed() + " pongs="
                + actors.get(0).pongs() + " closing=" + closing.state() + " pending=" + closing.isPending()
                + ", actors " + actors
                + ")";
    }
}
