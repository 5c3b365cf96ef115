package dev.weft.internal.receive;

import dev.weft.CloseReason;
import dev.weft.ConnectionClosedException;
import dev.weft.internal.close.ClosingHandshake;
import dev.weft.internal.time.ShortTimer;
import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.transport.LingeringClose;
import dev.weft.parser.ProtocolViolationException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/**
 * Stands for a connection towards its receiving side, without a sender: it records the answers, each of which must be given
 * once, in order, by one thread at a time, and the end.
 */
final class StressedOwner implements ReceiverOwner {
    private static final int LONGEST_ANSWER_NANOS = 300_000;
    private static final int SLOW_ANSWER_ONE_IN = 20;

    private final StressedReceiver life;
    private final StressedInput input;
    private final ClosingHandshake closing;
    private final AtomicReference<Thread> answering = new AtomicReference<>();

    private volatile int pings;
    private volatile int closes;
    private volatile int endsTaken;
    private volatile int endsAhead;
    private volatile Thread finisher;

    StressedOwner(StressedReceiver life, StressedInput input, ClosingHandshake closing) {
        this.life = life;
        this.input = input;
        this.closing = closing;
    }

    /** Pings that were answered. */
    int pings() {
        return pings;
    }

    /** Close frames that were answered. */
    int closes() {
        return closes;
    }

    /** How often the end was found ahead. */
    int endsAhead() {
        return endsAhead;
    }

    private void answer(Runnable body) {
        if (!answering.compareAndSet(null, Thread.currentThread())) {
            throw new AssertionError("two threads answer");
        }
        try {
            if (ThreadLocalRandom.current().nextInt(SLOW_ANSWER_ONE_IN) == 0) {
                // As if the network was full.
                LockSupport.parkNanos(ThreadLocalRandom.current().nextInt(LONGEST_ANSWER_NANOS));
            }
            body.run();
            life.noteProgress();
        } finally {
            answering.set(null);
        }
    }

    @Override
    public boolean isOpen() {
        return closing.isOpen();
    }

    @Override
    public void answerPing(byte[] array, int from, int to, boolean more) {
        if (closes > 0) {
            // §5.5.1, as in the connection: a ping that follows the Close frame may be found, and is not answered.
            return;
        }
        answer(() -> {
            int number = ByteBuffer.wrap(array).getInt(from);
            life.check(number == pings, "ping " + number + " is answered after " + pings + " others");
            for (int i = from + 4; i < to; i++) {
                life.check(array[i] == 0, "a ping's payload is wrong");
            }
            pings = number + 1;
        });
    }

    @Override
    public void pong(byte[] array, int from, int to) {
        // It answers no ping of this end.
    }

    @Override
    public void answerClose(CloseReason reason) {
        answer(() -> {
            closes++;
            life.check(closes == 1, "the Close frame is answered twice");
            closing.receive(reason);
            claim(new CloseReason(reason.code(), ""));
        });
    }

    void claim(CloseReason reason) {
        if (closing.claim(reason)) {
            closing.written();
        }
    }

    @Override
    public void flush() {
        // Nothing is held back.
    }

    @Override
    public void completeClose(TimeLimit limit) {
        input.shutdownOutput();
    }

    @Override
    public ShortTimer timer() {
        return life.timer();
    }

    @Override
    public int readAheadSize() {
        return life.bufferSize();
    }

    @Override
    public void takeEnd() {
        endsTaken++;
        life.check(endsTaken == 1, "the end is found twice");
        finisher = Thread.currentThread();
    }

    @Override
    public void endAhead() {
        endsAhead++;
        life.check(endsAhead == 1 && finisher == Thread.currentThread(), "the end is taken twice");
        linger();
        life.noteProgress();
    }

    /** As a connection does after its handler. */
    void finish(MessageReceiver receiver) {
        receiver.cutOff();
        awaitOtherThread();
        claim(new CloseReason(1000, ""));
        try {
            receiver.awaitPeersClose();
        } catch (ProtocolViolationException e) {
            failed(e);
        } catch (IOException e) {
            breakOff(e);
        }
        linger();
        receiver.release();
        receiver.end();
    }

    private void awaitOtherThread() {
        Thread other = finisher;
        try {
            if (other != null) {
                other.join();
            }
        } catch (InterruptedException e) {
            throw new AssertionError("interrupted in its last steps", e);
        }
    }

    private void linger() {
        LingeringClose.close(input);
        breakOff(new IOException("the closing handshake was not completed"));
    }

    private boolean breakOff(IOException cause) {
        boolean first = closing.breakOff(cause);
        input.close();
        return first;
    }

    @Override
    public void breakOff(String why, Error cause) {
        breakOff(new IOException(why, cause));
    }

    @Override
    public void abort() {
        throw new AssertionError("interrupted in its last steps");
    }

    @Override
    public void hasWaited() {
        // No thread's turn is bounded here.
    }

    @Override
    public IOException translated(IOException e) {
        if (e instanceof ConnectionClosedException
                || e instanceof InterruptedIOException && closing.state() != ClosingHandshake.State.BROKEN) {
            return e;
        }
        return breakOff(e) || closing.isCause(e) ? e : closing.exception();
    }

    @Override
    public ConnectionClosedException failed(ProtocolViolationException violation) {
        if (closing.fail(new CloseReason(violation.closeCode(), ""), violation)) {
            closing.written();
        }
        return closing.exception();
    }

    @Override
    public ConnectionClosedException closed() {
        return closing.exception();
    }
}
