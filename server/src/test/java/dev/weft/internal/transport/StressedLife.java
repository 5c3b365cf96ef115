package dev.weft.internal.transport;

import dev.weft.internal.stress.Noise;
import dev.weft.internal.time.TimeLimit;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * One connection under stress, from its registration to its end: bytes both ways at once, read and written by threads that
 * relieve one another, dawdle, are interrupted, told to try again, and unparked for nothing, while the connection is moved from
 * loop to loop; and one of many ends, at a random moment. The seed decides what everybody does, but not who is first.
 */
final class StressedLife {
    /** How a life ends. */
    private enum End {
        /** All bytes come both ways, each with its end; nothing may go wrong. */
        HALF_CLOSES(true), ALL_GOES_WELL_AGAIN(true),
        /** The same, but interrupted or told to retry between two steps of the thread that reads or writes. */
        INTERRUPTED_WITHIN_A_READ(true), INTERRUPTED_WITHIN_A_WRITE(true), RETRIED_WITHIN_A_WRITE(true), CLOSE(
                false), CLOSE_BY_TWO(false), PEER_CLOSES(false), PEER_RESETS(false),
        /** Closed between two steps of the thread that reads or writes. */
        CLOSE_WITHIN_A_READ(false), CLOSE_WITHIN_A_WRITE(false);

        private final boolean good;

        End(boolean good) {
            this.good = good;
        }
    }

    /** How the peer sends, and receives. */
    private enum Manner {
        FREELY,
        /** A piece only when the one before has been read, so that the reader waits for each. */
        IN_TURNS,
        /** Only when it has received all, so that the reader waits long while the writer waits often. */
        AT_LAST,
        /** As it likes; but it reads nothing before the writer, which waits, was told to try again many times. */
        LATE
    }

    /** One step of a thread's work: false when there is no more. */
    @FunctionalInterface
    private interface Step {
        boolean take(Random random) throws IOException;
    }

    private static final int LARGEST_PIECE = 1 << 17;
    /** Small enough to hold up a writer, large enough not to wait for TCP's timers. */
    private static final int SEND_BUFFER = 1 << 14;
    private static final int RECEIVE_BUFFER = 1 << 16;
    /** The number of times that a waiting writer is told to retry. */
    private static final int RETRIES = 100;
    /** More than the buffers of both ends hold. */
    private static final int LARGEST_BACKLOG = 500_000;
    private static final int LONGEST_PAUSE_NANOS = 500_000;
    private static final int LONGEST_WAIT_NANOS = 200_000;
    private static final int ONE_MOVE_IN = 4;
    /** The number of steps, of a wait or two each, in which the transport may be closed. */
    private static final int STEPS = 20;

    private final long seed;
    private final Random random;
    private final End end;
    private final long inbound;
    private final long outbound;
    private final Manner manner;
    /** Whether the reader sometimes requests a call of the listener instead of waiting for bytes. */
    private final boolean asks;
    private final AtomicLong progress = new AtomicLong();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final AtomicReference<Thread> reader = new AtomicReference<>();
    private final AtomicReference<Thread> writer = new AtomicReference<>();
    private final AtomicReference<Thread> peerWriter = new AtomicReference<>();

    private volatile TransportVariant.Subject subject;
    private volatile Transport transport;
    private volatile SocketChannel peer;
    private volatile boolean reading = true;
    private volatile boolean writing = true;
    private volatile int interrupts;
    private volatile long received;
    private volatile boolean closedHere;
    /**
     * Whether this life is over. Some of its threads check again and again whether another has gone on; if a copy that was
     * given up has stopped that one, they would do so for the rest of the process, and keep the JDK's scheduler busy.
     */
    private volatile boolean released;
    private boolean listened;
    /** The number of calls of the listener. */
    private final AtomicLong told = new AtomicLong();
    private volatile boolean retried;
    private int retries;
    private int effectiveRetries;
    private volatile boolean progressSeen;
    private long written;
    private long sentByPeer;
    private volatile boolean peerReading = true;
    private volatile long receivedByPeer;
    private int vainInARow;
    private int waits;
    private int vainWaits;
    private int place;
    private int moves;

    StressedLife(long seed) {
        this.seed = seed;
        this.random = new Random(seed);
        this.end = End.values()[random.nextInt(End.values().length)];
        this.manner = Manner.values()[random.nextInt(Manner.values().length)];
        this.asks = random.nextBoolean();
        this.inbound = manner == Manner.FREELY ? length(random) : random.nextInt(3000);
        this.outbound = switch (manner) {
            case AT_LAST -> LARGEST_PIECE + random.nextInt(1_000_000);
            case LATE -> LARGEST_BACKLOG + random.nextInt(500_000);
            case FREELY, IN_TURNS -> length(random);
        };
    }

    private static long length(Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> random.nextInt(3);
            case 1 -> random.nextInt(100);
            case 2 -> random.nextInt(10_000);
            default -> random.nextInt(400_000);
        };
    }

    /** Changes as long as anything happens. */
    long progress() {
        return progress.get();
    }

    long bytes() {
        return received + receivedByPeer;
    }

    int waits() {
        return waits;
    }

    int vainWaits() {
        return vainWaits;
    }

    /** The number of times that the reader found itself on another loop. */
    int moves() {
        return moves;
    }

    /** Runs this life; fails if a byte or an end is wrong. Waits forever if the transport does. */
    void run(TransportVariant.Subject over, ServerSocketChannel listener) throws Exception {
        subject = over;
        SocketAddress address = listener.getLocalAddress();
        SocketChannel accepted;
        // Connected and accepted by one thread at a time, so that the two belong together.
        synchronized (listener) {
            peer = SocketChannel.open();
            peer.setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BUFFER);
            peer.connect(address);
            accepted = listener.accept();
        }
        accepted.setOption(StandardSocketOptions.SO_SNDBUF, SEND_BUFFER);
        List<Thread> threads = new ArrayList<>();
        Thread early = work(Thread.ofVirtual(), peerWriter, this::peerWrites);
        if (random.nextBoolean()) {
            early.join();
        }
        transport = subject.register(accepted);
        place = transport.place();
        threads.add(early);
        threads.add(work(Thread.ofVirtual(), new AtomicReference<>(), this::peerReads));
        threads.add(work(transport.threadBuilder(), reader, this::read));
        threads.add(work(transport.threadBuilder(), writer, this::write));
        disturb();
        if (manner == Manner.LATE) {
            retry();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        release();
        if (failure.get() != null) {
            throw new AssertionError(this + " failed", failure.get());
        }
        checkRetries();
        if (mustSucceed() && (received != inbound || receivedByPeer != outbound)) {
            throw new AssertionError(this + " lost bytes");
        }
    }

    private boolean mustSucceed() {
        return end.good;
    }

    /** Ends it all, whatever its state. */
    void release() throws IOException {
        released = true;
        if (transport != null) {
            closeHere();
        }
        if (peer != null) {
            peer.close();
        }
    }

    private void closeHere() {
        closedHere = true;
        transport.close();
    }

    /** Takes steps on one virtual thread after another, the last of which is always to be seen in {@code current}. */
    private Thread work(Thread.Builder builder, AtomicReference<Thread> current, Step step) {
        Random own = new Random(random.nextLong());
        AtomicReference<Boolean> more = new AtomicReference<>(true);
        return Thread.startVirtualThread(() -> {
            while (more.get()) {
                int steps = 1 + own.nextInt(30);
                Thread leg = builder.unstarted(() -> more.set(takeSteps(step, steps, own)));
                current.set(leg);
                leg.start();
                join(leg);
            }
        });
    }

    private boolean takeSteps(Step step, int steps, Random own) {
        try {
            for (int i = 0; i < steps; i++) {
                boolean more = step.take(own);
                progress.incrementAndGet();
                if (!more) {
                    return false;
                }
            }
            return true;
        } catch (IOException e) {
            if (mustSucceed()) {
                failure.compareAndSet(null, e);
            }
        } catch (Throwable e) {
            failure.compareAndSet(null, e);
        }
        progress.incrementAndGet();
        return false;
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError("only legs are interrupted", e);
        }
    }

    private boolean read(Random own) throws IOException {
        try {
            reading = readOnce(own);
            return reading;
        } catch (InterruptedIOException e) {
            noteInterrupt();
            return true;
        } catch (IOException | RuntimeException | Error e) {
            reading = false;
            throw e;
        } finally {
            LockSupport.unpark(peerWriter.get());
        }
    }

    /** A wait that was interrupted leaves the flag set, and everything else as if it had not begun. */
    private void noteInterrupt() {
        if (!Thread.interrupted()) {
            throw new AssertionError("interrupted without a flag that is set");
        }
        synchronized (this) {
            interrupts++;
        }
    }

    private boolean readOnce(Random own) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(own.nextInt(4) > 0 ? 1 + own.nextInt(64) : LARGEST_PIECE);
        if (end == End.CLOSE_WITHIN_A_READ) {
            Noise.surprise(own.nextInt(STEPS), this::closeHere);
        } else if (end == End.INTERRUPTED_WITHIN_A_READ) {
            Noise.surprise(own.nextInt(STEPS), Thread.currentThread()::interrupt);
        }
        if (asks && own.nextInt(3) == 0) {
            return readWhenTold(target, own);
        }
        int count;
        if (own.nextInt(4) == 0) {
            TimeLimit limit = TimeLimit.in(Duration.ofNanos(own.nextInt(LONGEST_WAIT_NANOS)));
            if (own.nextBoolean()) {
                return readInTime(target, limit, own);
            }
            // Followed by another wait: what this one leaves must be good for that.
            transport.awaitReadable(limit);
        }
        if (vainInARow == 0 && manner != Manner.AT_LAST && own.nextBoolean()) {
            count = transport.read(target);
        } else {
            transport.awaitReadable();
            waits++;
            count = transport.readNow(target);
        }
        if (count == 0) {
            vainWaits++;
            if (vainInARow == subject.mostVainInARow()) {
                throw new AssertionError(vainInARow + 1 + " waits in a row ended for nothing");
            }
        }
        vainInARow = count == 0 ? vainInARow + 1 : 0;
        return take(target, count, own);
    }

    /** Reads like a reader ahead: the bytes that have arrived, and then only after the listener was called for more. */
    private boolean readWhenTold(ByteBuffer target, Random own) throws IOException {
        if (!listened) {
            listened = true;
            transport.onUnread(this::tell);
            awaitTold(0);
        }
        long before = told.get();
        int count;
        while ((count = transport.readNow(target)) == 0) {
            if (own.nextBoolean() || !transport.willReportUnread()) {
                transport.reportUnread();
            }
            awaitTold(before);
            before = told.get();
        }
        vainInARow = 0;
        return take(target, count, own);
    }

    private void tell() {
        told.incrementAndGet();
        progress.incrementAndGet();
        LockSupport.unpark(reader.get());
    }

    /** Waits until the listener is called again; a close by this end does not call it. */
    private void awaitTold(long before) {
        while (told.get() == before && !closedHere) {
            LockSupport.parkNanos(LONGEST_PAUSE_NANOS);
            if (Thread.interrupted()) {
                synchronized (this) {
                    interrupts++;
                }
            }
        }
    }

    /** Waits, but not for long. Whether it waited for nothing, and who ended that, is not to be seen. */
    private boolean readInTime(ByteBuffer target, TimeLimit limit, Random own) throws IOException {
        int count = transport.read(target, limit);
        if (count != 0) {
            vainInARow = 0;
        }
        return take(target, count, own);
    }

    private boolean take(ByteBuffer target, int count, Random own) throws IOException {
        if (count < 0) {
            return false;
        }
        check(target.flip(), received, 0);
        received += count;
        if (place != transport.place()) {
            place = transport.place();
            moves++;
        }
        if (own.nextInt(ONE_MOVE_IN) == 0) {
            subject.move(own);
        }
        dawdle(own, 30);
        return true;
    }

    private boolean write(Random own) throws IOException {
        try {
            writing = writeOnce(own);
            return writing;
        } catch (IOException | RuntimeException | Error e) {
            writing = false;
            throw e;
        }
    }

    private boolean writeOnce(Random own) throws IOException {
        ByteBuffer source = piece(written, outbound, 1, own, LARGEST_PIECE);
        int length = source.remaining();
        switch (end) {
            case CLOSE_WITHIN_A_WRITE -> Noise.surprise(own.nextInt(STEPS), this::closeHere);
            case INTERRUPTED_WITHIN_A_WRITE -> Noise.surprise(own.nextInt(STEPS), Thread.currentThread()::interrupt);
            case RETRIED_WITHIN_A_WRITE -> Noise.surprise(own.nextInt(STEPS), transport::retryWrite);
            default -> {
            }
        }
        int middle = own.nextBoolean() ? length : own.nextInt(length + 1);
        ByteBuffer first = source.slice(0, middle);
        ByteBuffer second = source.slice(middle, length - middle);
        try {
            if (middle == length) {
                transport.write(first);
            } else {
                transport.write(first, second);
            }
        } catch (InterruptedIOException e) {
            noteInterrupt();
        }
        written += first.position() + second.position();
        dawdle(own, 50);
        if (written == outbound) {
            transport.shutdownOutput();
        }
        return written < outbound;
    }

    private boolean peerWrites(Random own) throws IOException {
        while (manner == Manner.AT_LAST && receivedByPeer < outbound && peerReading && transport != null
                && !released) {
            LockSupport.parkNanos(LONGEST_PAUSE_NANOS);
        }
        ByteBuffer source = piece(sentByPeer, inbound, 0, own, manner == Manner.IN_TURNS ? 100 : LARGEST_PIECE);
        sentByPeer += source.remaining();
        peer.write(source);
        while (manner == Manner.IN_TURNS && received < sentByPeer && reading && transport != null && !released) {
            LockSupport.parkNanos(LONGEST_PAUSE_NANOS);
        }
        dawdle(own, 10);
        if (sentByPeer == inbound) {
            peer.shutdownOutput();
        }
        return sentByPeer < inbound;
    }

    private boolean peerReads(Random own) throws IOException {
        try {
            peerReading = peerReadsOnce(own);
            return peerReading;
        } catch (IOException | RuntimeException | Error e) {
            peerReading = false;
            throw e;
        }
    }

    private boolean peerReadsOnce(Random own) throws IOException {
        while (manner == Manner.LATE && writing && !retried && !released) {
            LockSupport.parkNanos(LONGEST_PAUSE_NANOS / 10);
        }
        ByteBuffer target = ByteBuffer.allocate(1 + own.nextInt(LARGEST_PIECE));
        int count = peer.read(target);
        if (count < 0) {
            return false;
        }
        check(target.flip(), receivedByPeer, 1);
        receivedByPeer += count;
        progressSeen |= transport != null && transport.writeProgress() != 0;
        // Long enough for the writer to meet a full socket.
        dawdle(own, 4);
        return true;
    }

    private void dawdle(Random own, int oneIn) {
        if (own.nextInt(oneIn) > 0) {
            return;
        }
        if (own.nextBoolean()) {
            LockSupport.parkNanos(own.nextInt(LONGEST_PAUSE_NANOS));
            return;
        }
        long until = System.nanoTime() + own.nextInt(50_000);
        while (System.nanoTime() < until) {
            Thread.onSpinWait();
        }
    }

    private ByteBuffer piece(long from, long total, int way, Random own, int longest) {
        byte[] bytes = new byte[(int) Math.min(total - from, 1 + own.nextInt(longest))];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = byteAt(from + i, way);
        }
        return ByteBuffer.wrap(bytes);
    }

    private void check(ByteBuffer bytes, long from, int way) {
        for (int i = 0; i < bytes.limit(); i++) {
            if (bytes.get(i) != byteAt(from + i, way)) {
                throw new AssertionError("byte " + (from + i) + " is wrong");
            }
        }
    }

    private byte byteAt(long position, int way) {
        return (byte) ((position ^ position >>> 7) * 131 + seed + way);
    }

    /** Unparks who waits, for nothing, interrupts it, has it try again, moves it, and brings about the end. */
    private void disturb() throws IOException {
        int rounds = random.nextInt(20);
        for (int i = 0; i < rounds; i++) {
            LockSupport.parkNanos(random.nextInt(100_000));
            LockSupport.unpark(reader.get());
            LockSupport.unpark(writer.get());
            switch (random.nextInt(8)) {
                case 0 -> interrupt(reader);
                case 1 -> interrupt(writer);
                case 2, 3 -> transport.retryWrite();
                case 4 -> subject.move(random);
                default -> {
                }
            }
        }
        switch (end) {
            case HALF_CLOSES, ALL_GOES_WELL_AGAIN, INTERRUPTED_WITHIN_A_READ, INTERRUPTED_WITHIN_A_WRITE,
                    RETRIED_WITHIN_A_WRITE, CLOSE_WITHIN_A_READ, CLOSE_WITHIN_A_WRITE ->
                {
                }
            case CLOSE -> closeHere();
            case CLOSE_BY_TWO -> {
                Thread second = Thread.startVirtualThread(this::closeHere);
                closeHere();
                join(second);
            }
            case PEER_CLOSES -> peer.close();
            case PEER_RESETS -> {
                peer.setOption(StandardSocketOptions.SO_LINGER, 0);
                peer.close();
            }
        }
    }

    /** Each retry takes the writer out of its wait for a moment. Rarely, the writer waits again before this is checked. */
    private void retry() {
        while (writing && retries < RETRIES && !released) {
            if (subject.writerWaits(transport)) {
                transport.retryWrite();
                retries++;
                effectiveRetries += subject.writerWaits(transport) ? 0 : 1;
            }
            LockSupport.parkNanos(LONGEST_PAUSE_NANOS / 10);
        }
        retried = true;
    }

    private void checkRetries() {
        if (retries == RETRIES && effectiveRetries == 0 && subject.wakesToRetry()) {
            throw new AssertionError(this + " was told to try again and did not");
        }
        if (retries == RETRIES && mustSucceed() && interrupts == 0 && !progressSeen) {
            throw new AssertionError(this + " showed no progress");
        }
    }

    private static void interrupt(AtomicReference<Thread> current) {
        Thread thread = current.get();
        if (thread != null) {
            thread.interrupt();
        }
    }

    @Override
    public String toString() {
        String state;
        try {
            state = transport == null ? " unregistered" : subject.describe(transport);
        } catch (ReflectiveOperationException e) {
            state = " " + e;
        }
        return "life " + seed + " (" + end + ", in " + received + " of " + inbound + ", out " + receivedByPeer + " of "
                + outbound
                + ", told " + told + "," + state + ")";
    }
}
