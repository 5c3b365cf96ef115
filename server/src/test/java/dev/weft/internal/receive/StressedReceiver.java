package dev.weft.internal.receive;

import static dev.weft.internal.connection.ConnectionFixture.TIMEOUTS;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.ConnectionLimits;
import dev.weft.IncomingMessage;
import dev.weft.Message;
import dev.weft.MessageType;
import dev.weft.MessageView;
import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.close.ClosingHandshake;
import dev.weft.internal.stress.Lives;
import dev.weft.internal.stress.Noise;
import dev.weft.internal.time.CoarseClock;
import dev.weft.internal.time.Deadlines;
import dev.weft.internal.time.Failures;
import dev.weft.internal.time.ShortTimer;
import dev.weft.parser.Role;
import dev.weft.server.PrivateField;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * The receiving side of one connection under stress: a peer sends its {@link PeerScript} in pieces, while a thread receives in
 * every way, pauses, waits until the pings that there is room for are answered, or until the end has been noticed without it,
 * and is interrupted. The seed decides what everybody does, but not who is first.
 */
final class StressedReceiver implements Lives.Life {
    private static final int LONGEST_PAUSE_NANOS = 1_000_000;
    private static final int LONGEST_LONG_PAUSE_NANOS = 20_000_000;
    private static final int LONGEST_BUSY_PAUSE_NANOS = 500_000;
    /** So soon after a receive began there is no turn, but by chance. */
    private static final long SOON_NANOS = 2_000_000;
    private static final int MOST_SOON = 8;
    private static final double MOST_OF_TURNS = 0.8;
    private static final int FRUGAL_SIZE = 256;
    /** In about this number of pieces the peer sends what it sends, at the most, so that lives are short. */
    private static final int MOST_PIECES = 200;
    private static final int MOST_READS = 20;
    /** More than one of the timer's. */
    private static final int LOOKS = 100;

    /** An action that may wait and be interrupted. */
    @FunctionalInterface
    private interface Action<T> {
        T run() throws IOException;
    }

    private final long seed;
    private final Random random;
    private final boolean busy;
    private final boolean interrupts;
    private final int leavesAt;
    private final PeerScript script;
    private final int bufferSize;
    /** Bytes that came with the handshake. */
    private final int early;
    private final StressedInput input;
    private final BufferBudget budget = new BufferBudget(1 << 26);
    private final ClosingHandshake closing = new ClosingHandshake();
    private final StressedOwner owner;
    private final ShortTimer timer = new ShortTimer(this::startTurn, Failures.toHandler(Noise.THREADS + "timer"));
    private final MessageReceiver receiver;
    private final AtomicLong progress = new AtomicLong();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final AtomicLong told = new AtomicLong();

    /** Where the thread that receives is in the script, at the least. */
    private int place;
    private int received;
    /** When the last receive began. */
    private volatile long receivesSince = System.nanoTime() - SOON_NANOS;
    private volatile int turns;
    private volatile int soon;
    private volatile boolean sheltered;
    /** Waits for the begin of a turn. */
    private volatile Thread sleeper;
    private volatile String waitsFor = "a message";

    StressedReceiver(long seed) {
        this.seed = seed;
        this.random = new Random(seed);
        this.busy = random.nextInt(8) == 0;
        boolean frugal = !busy && random.nextInt(4) == 0;
        this.interrupts = random.nextInt(3) == 0;
        this.script = new PeerScript(random, busy, frugal);
        this.leavesAt = random.nextInt(4) == 0 ? random.nextInt(script.messages().size()) : Integer.MAX_VALUE;
        this.bufferSize = frugal ? FRUGAL_SIZE : 1 << 8 + random.nextInt(6);
        this.early = random.nextInt(3) == 0 ? random.nextInt(Math.min(script.dataEnd(), 1000) + 1) : 0;
        this.input = new StressedInput(random.nextLong(), script.bytes(), early, random.nextInt(3) > 0);
        Deadlines deadlines = new Deadlines(new CoarseClock(), TIMEOUTS);
        this.owner = new StressedOwner(this, input, closing);
        BufferPool pool = new BufferPool(bufferSize, budget);
        InboundBuffer buffer = new InboundBuffer(input, pool);
        buffer.restore(Arrays.copyOf(script.bytes(), early));
        this.receiver = new MessageReceiver(owner, Role.SERVER, buffer, 0, null,
                ConnectionLimits.builder().maxStreamedMessageSize(1 << 20).maxFramesPerMessage(1 << 10)
                        .readAheadSize(bufferSize).build(),
                pool, closing, deadlines);
        closing.onFinal(told::incrementAndGet);
    }

    // For the others.

    ShortTimer timer() {
        return timer;
    }

    int bufferSize() {
        return bufferSize;
    }

    void noteProgress() {
        progress.incrementAndGet();
    }

    void check(boolean good, String what) {
        if (!good) {
            AssertionError wrong = new AssertionError(what);
            failure.compareAndSet(null, wrong);
            throw wrong;
        }
    }

    /** Called by the timer after some checks without a receive; a receive may begin just now. */
    private void startTurn(Runnable starter) {
        turns++;
        if (System.nanoTime() - receivesSince < SOON_NANOS) {
            soon++;
        }
        boolean last = turns % 2 == 0;
        if (!last) {
            LockSupport.unpark(sleeper);
        }
        starter.run();
        if (last) {
            LockSupport.unpark(sleeper);
        }
    }

    // For the watchdog.

    @Override
    public long progress() {
        return progress.get();
    }

    @Override
    public Throwable failure() {
        return input.failure() != null ? input.failure() : failure.get();
    }

    @Override
    public int done() {
        return received;
    }

    /** Ends it all, whatever its state. */
    @Override
    public void release() {
        failure.compareAndSet(null, new AssertionError("given up"));
        input.close();
        input.stopEngine();
        timer.stop();
    }

    // The life.

    /** Runs this life; fails if anything is wrong. Waits forever if the receiver does. */
    @Override
    public void run() throws Exception {
        timer.start();
        receiver.start();
        Random own = new Random(random.nextLong());
        Random disturbing = new Random(random.nextLong());
        Thread engine = helper(input::runEngine);
        Thread peer = helper(() -> send(own));
        Thread handler = helper(this::handle);
        if (interrupts) {
            disturb(disturbing, handler);
        }
        handler.join();
        peer.join();
        input.stopEngine();
        engine.join();
        requireWell();
        checkEnd();
        requireWell();
        timer.stop();
    }

    private Thread helper(Runnable body) {
        return Thread.ofVirtual().start(() -> {
            try {
                body.run();
            } catch (Throwable e) {
                failure.compareAndSet(null, e);
            }
            noteProgress();
        });
    }

    private void requireWell() {
        if (failure() != null) {
            throw new AssertionError(failure().getMessage() + " in " + this, failure());
        }
    }

    private void send(Random own) {
        int left = script.bytes().length - early;
        int longest = Math.max(1 << own.nextInt(16), left / MOST_PIECES);
        while (left > 0 && failure() == null) {
            int sent = script.bytes().length - left;
            int toPing = script.nextPingEnd(sent) - sent;
            // Now and then a ping is cut, or the last for a while.
            boolean cuts = toPing > 1 && own.nextInt(6) == 0;
            boolean lasts = !cuts && toPing > 0 && own.nextInt(4) == 0;
            int count = cuts
                    ? toPing - 1 - own.nextInt(Math.min(toPing - 1, 4))
                    : lasts ? toPing : Math.min(left, 1 + own.nextInt(longest));
            input.arrive(count);
            left -= count;
            noteProgress();
            if (cuts) {
                LockSupport.parkNanos(own.nextInt(4 * LONGEST_PAUSE_NANOS));
            }
            switch (lasts ? 2 : own.nextInt(8)) {
                case 0, 1 -> LockSupport.parkNanos(own.nextInt(LONGEST_PAUSE_NANOS));
                case 2 -> awaitAnswersTo(script.bytes().length - left);
                default -> {
                }
            }
        }
        if (own.nextBoolean()) {
            awaitAnswersTo(script.dataEnd());
        }
        if (script.end() == PeerScript.End.RESET) {
            input.reset();
        } else {
            input.end();
        }
        noteProgress();
    }

    /** The peer waits: what it has sent is answered by the thread that receives, or ahead of it. */
    private void awaitAnswersTo(int sent) {
        int due = script.pingsUpTo(sent);
        while (owner.pings() < due && failure() == null) {
            LockSupport.parkNanos(LONGEST_PAUSE_NANOS / 10);
        }
    }

    private void disturb(Random own, Thread handler) {
        while (!sheltered && failure() == null) {
            LockSupport.parkNanos(own.nextInt(4 * LONGEST_PAUSE_NANOS));
            synchronized (this) {
                if (!sheltered) {
                    handler.interrupt();
                }
            }
        }
    }

    private void shelter() {
        synchronized (this) {
            sheltered = true;
        }
        Thread.interrupted();
    }

    /** The work of the connection's thread. */
    private void handle() {
        try {
            pause();
            while (received < leavesAt && receiveOne()) {
                received++;
                noteProgress();
                pause();
            }
            if (random.nextBoolean()) {
                awaitAnswers();
            }
        } finally {
            shelter();
            waitsFor = "the last steps";
            owner.finish(receiver);
        }
    }

    private void pause() {
        if (busy) {
            park(random.nextInt(LONGEST_BUSY_PAUSE_NANOS));
            return;
        }
        switch (random.nextInt(20)) {
            case 0 -> park(random.nextInt(LONGEST_LONG_PAUSE_NANOS));
            case 1, 2 -> awaitTurn();
            case 3, 4 -> park(random.nextInt(LONGEST_PAUSE_NANOS));
            case 5, 6 -> awaitAnswers();
            case 7 -> awaitEnd();
            default -> {
            }
        }
    }

    private static void park(int nanos) {
        LockSupport.parkNanos(nanos);
        Thread.interrupted();
    }

    /** Until a turn of the reader ahead begins, to receive at the same moment. */
    private void awaitTurn() {
        sleeper = Thread.currentThread();
        park(LONGEST_LONG_PAUSE_NANOS);
        sleeper = null;
    }

    /** Waits, while no thread receives, until all pings for which there is room are answered. */
    private void awaitAnswers() {
        int due = script.pingsUpTo((long) place + bufferSize);
        await(due + " answers", () -> owner.pings() >= due || mayLose());
    }

    /** Whether what has arrived may have been lost. */
    private boolean mayLose() {
        return script.end() == PeerScript.End.RESET;
    }

    /**
     * Waits, while no thread receives, until the end is noticed. Call it only if there is room for everything before the end.
     */
    private void awaitEnd() {
        if (script.bytes().length < place + bufferSize) {
            await("the end", () -> owner.endsAhead() == 1);
        }
    }

    private void await(String what, BooleanSupplier condition) {
        waitsFor = what;
        while (!condition.getAsBoolean() && failure() == null) {
            park(100_000);
        }
        waitsFor = "a message";
    }

    /** False at the end. */
    private boolean receiveOne() {
        try {
            boolean one = switch (random.nextInt(4)) {
                case 0 -> receiveWhole();
                case 1 -> receiveView();
                default -> receiveStream();
            };
            if (!one) {
                check(script.end() == PeerScript.End.CLOSE, "a Close frame that was not sent");
                requireAll();
            }
            return one;
        } catch (IOException e) {
            check(script.end() != PeerScript.End.CLOSE, "the Close frame was not received: " + e);
            if (!mayLose()) {
                requireAll();
            }
            return false;
        }
    }

    private void requireAll() {
        check(received == script.messages().size(),
                "the end came after " + received + " of " + script.messages().size() + " messages");
    }

    private <T> T attempt(Action<T> action) throws IOException {
        while (true) {
            receivesSince = System.nanoTime();
            try {
                return action.run();
            } catch (InterruptedIOException e) {
                check(Thread.interrupted(), "interrupted without a flag that is set");
                pause();
            }
        }
    }

    private PeerScript.Sent expected() {
        check(received < script.messages().size(), "one message more than were sent");
        return script.messages().get(received);
    }

    private boolean receiveWhole() throws IOException {
        Message message = attempt(receiver::receive);
        switch (message) {
            case Message.Text text -> checkWhole(true, text.text().getBytes(UTF_8));
            case Message.Binary binary -> checkWhole(false, binary.bytes());
            case Message.Close close -> {
                return false;
            }
        }
        return true;
    }

    private boolean receiveView() throws IOException {
        MessageView view = attempt(receiver::receiveView);
        if (view == null) {
            return false;
        }
        place = expected().end();
        if (random.nextInt(3) == 0) {
            // A lent view does not change, whatever is read ahead meanwhile.
            received++;
            if (random.nextBoolean()) {
                // A turn may overwrite what the one before it has given back.
                awaitTurn();
                awaitTurn();
            } else {
                pause();
            }
            received--;
        }
        checkWhole(view.type() == MessageType.TEXT, view.bytes());
        return true;
    }

    private void checkWhole(boolean text, byte[] payload) {
        PeerScript.Sent sent = expected();
        check(text == sent.text() && Arrays.equals(payload, sent.payload()), "message " + received + " is wrong");
        place = sent.end();
    }

    private boolean receiveStream() throws IOException {
        IncomingMessage message = attempt(receiver::receiveStream);
        if (message == null) {
            return false;
        }
        PeerScript.Sent sent = expected();
        check((message.type() == MessageType.TEXT) == sent.text(), "message " + received + " is of the wrong type");
        place = sent.begin();
        boolean whole = random.nextInt(3) > 0;
        InputStream stream = message.inputStream();
        byte[] piece = new byte[Math.max(1 << random.nextInt(14), sent.payload().length / MOST_READS)];
        int at = 0;
        int count = 0;
        while (count >= 0 && (whole || random.nextInt(4) > 0)) {
            if (random.nextInt(3) == 0) {
                pause();
            }
            count = attempt(() -> stream.read(piece));
            int length = Math.max(count, 0);
            check(at + length <= sent.payload().length
                    && Arrays.equals(piece, 0, length, sent.payload(), at, at + length),
                    "message " + received + " is wrong after " + at + " bytes");
            check(count >= 0 || at == sent.payload().length, "message " + received + " ends after " + at + " bytes");
            at += length;
            place = Math.min(sent.begin() + at, sent.end());
            noteProgress();
        }
        if (count < 0) {
            place = sent.end();
        } else if (random.nextBoolean()) {
            attempt(() -> {
                stream.close();
                return null;
            });
            place = sent.end();
        }
        return true;
    }

    private void checkEnd() {
        check(told.get() == 1, "the end was told " + told.get() + " times");
        check(budget.taken() == 0, "bytes of the budget were not given back: " + budget.taken());
        check(mayLose() || owner.pings() == script.pings(),
                owner.pings() + " of " + script.pings() + " pings were answered");
        boolean close = script.end() == PeerScript.End.CLOSE;
        check(owner.closes() == (close ? 1 : 0), "Close frames that were answered: " + owner.closes());
        check(closing.isReceived() == close && closing.known().clean() == close, "the status is " + closing.known());
        check(soon <= MOST_SOON || soon < turns * MOST_OF_TURNS,
                "read ahead of a thread that receives, " + soon + " of " + turns + " times");
        int[] unwatched = {0};
        // Each check of a timer that keeps watching ends the watch for a moment.
        await("the timer no longer watches", () -> (unwatched[0] = isWatched() ? 0 : unwatched[0] + 1) > LOOKS);
    }

    private boolean isWatched() {
        try {
            MessageReader messages = (MessageReader) PrivateField.get(receiver, "messages");
            Object ahead = PrivateField.get(messages.frames(), "readAhead");
            Field watched = ShortTimer.Entry.class.getDeclaredField("watched");
            watched.setAccessible(true);
            return ahead != null && watched.getInt(ahead) == 1;
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public String toString() {
        return "life " + seed + " (" + script.end() + ", waits for " + waitsFor + ", " + received + " of "
                + script.messages().size() + " messages, " + owner.pings() + " of " + script.pings()
                + " pings, at " + place + " of " + script.bytes().length + ", buffers of " + bufferSize + ", "
                + input + ", ends ahead " + owner.endsAhead() + ", closing=" + closing.state() + ", held="
                + receiver.heldBytes() + ", soon=" + soon + ", watched=" + isWatched() + ")";
    }
}
