package dev.weft.internal.send;

import dev.weft.CloseReason;
import dev.weft.ConnectionClosedException;
import dev.weft.SendResult;
import dev.weft.internal.close.ClosingHandshake;
import dev.weft.internal.stress.Noise;
import dev.weft.parser.CloseCode;
import dev.weft.parser.Opcode;
import dev.weft.parser.deflate.SharedMessage;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

/**
 * One of the threads that use a stressed sender: sends messages in every way, control frames, and, if it is the one that
 * receives, pongs. It remembers what became of each message, to be compared with what the peer received.
 */
final class SenderActor {
    /** The sender's knowledge of a message. */
    private enum Fate {
        /** The network took it. */
        SENT,
        /** It leaves later: held back, or accepted without waiting. */
        HELD, ACCEPTED,
        /** It must not leave. */
        REFUSED,
        /** The sender was interrupted, or the wire broke. */
        UNKNOWN
    }

    /** An action that may wait and fail. */
    @FunctionalInterface
    private interface Action {
        void run() throws IOException;
    }

    /** The steps of an operation, roughly. */
    private static final int STEPS = 60;
    private static final int LONGEST_SURPRISE_NANOS = 1_000_000;
    private static final int LONGEST_PAUSE_NANOS = 100_000;
    private static final int MOST_MESSAGES_IN_A_ROW = 5;
    private static final int MOST_PONGS_IN_A_ROW = 40;

    private final StressedSender life;
    private final FrameSender sender;
    private final ClosingHandshake closing;
    private final int id;
    private final Random random;
    private final List<Fate> fates = new ArrayList<>();
    /** Of the messages with this actor's key, which replace each other. */
    private final List<Fate> latestFates = new ArrayList<>();
    private int droppedByResult;
    private int pings;
    private int pongs;
    private volatile boolean cut;

    private Thread thread;
    private boolean sheltered;

    SenderActor(StressedSender life, FrameSender sender, ClosingHandshake closing, int id, long seed) {
        this.life = life;
        this.sender = sender;
        this.closing = closing;
        this.id = id;
        this.random = new Random(seed);
    }

    /** Starts a round of some operations; ends early when the connection ends. */
    Thread start() {
        int operations = 1 + random.nextInt(life.isLastRound() ? 12 : 4);
        Thread started = Thread.ofVirtual().name("actor " + id).unstarted(() -> {
            try {
                for (int i = 0; i < operations && operate(); i++) {
                    life.noteProgress();
                    pause(3);
                }
            } catch (Throwable e) {
                life.fail(e);
            } finally {
                shelter(true);
                life.noteProgress();
            }
        });
        synchronized (this) {
            thread = started;
            sheltered = false;
        }
        started.start();
        return started;
    }

    /** Interrupts the thread if that harms no message. */
    synchronized void interrupt() {
        if (thread != null && !sheltered) {
            thread.interrupt();
        }
    }

    /** A message in fragments whose sender is interrupted cannot go on, which is right only before the end. */
    private void shelter(boolean value) {
        synchronized (this) {
            sheltered = value;
        }
        if (value) {
            Thread.interrupted();
        }
    }

    private void pause(int oneIn) {
        if (random.nextInt(oneIn) == 0) {
            LockSupport.parkNanos(random.nextInt(LONGEST_PAUSE_NANOS));
        }
    }

    /** False when the connection has ended. */
    private boolean operate() {
        int step = random.nextInt(STEPS);
        switch (random.nextInt(4)) {
            // Such as when it has let the lock go, for which the others wait.
            case 0 -> Noise.surprise(step, () -> life.interruptOthers(this));
            case 1 -> Noise.surprise(step, life::bringTheEnd);
            case 2 -> Noise.surprise(step, () -> LockSupport.parkNanos(random.nextInt(LONGEST_SURPRISE_NANOS)));
            default -> {
            }
        }
        switch (random.nextInt(id == 0 ? 14 : 11)) {
            case 0, 1, 2 -> send(random.nextInt(3) > 0);
            case 3, 4, 5 -> trySendSome();
            case 6 -> ping();
            case 7 -> stream();
            case 8 -> attempt(random.nextBoolean() ? sender::flush : sender::drainAndWait);
            case 9 -> trySendLatest();
            case 10 -> flush();
            default -> pong();
        }
        Thread.interrupted();
        return closing.isOpen();
    }

    private int length() {
        return ReceivedFrames.HEAD + switch (random.nextInt(40)) {
            case 0 -> random.nextInt(200_000);
            case 1, 2, 3 -> random.nextInt(10_000);
            case 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 -> random.nextInt(1000);
            default -> random.nextInt(50);
        };
    }

    private Opcode opcode() {
        return random.nextBoolean() ? Opcode.TEXT : Opcode.BINARY;
    }

    /** Does it; whatever it throws has to be right. */
    private Fate attempt(Action action) {
        try {
            action.run();
            return Fate.SENT;
        } catch (InterruptedIOException e) {
            if (!Thread.interrupted()) {
                throw new AssertionError("interrupted without a flag that is set", e);
            }
            return Fate.UNKNOWN;
        } catch (ConnectionClosedException e) {
            if (!life.isLastRound()) {
                throw new AssertionError("closed too early", e);
            }
            return Fate.REFUSED;
        } catch (IOException e) {
            if (!life.mayBreak()) {
                throw new AssertionError("the wire was not broken", e);
            }
            return Fate.UNKNOWN;
        }
    }

    private void send(boolean hold) {
        byte[] message = ReceivedFrames.message(id, fates.size(), length());
        SharedMessage shared = random.nextBoolean() ? new SharedMessage(message) : null;
        Fate fate = attempt(() -> sender.send(opcode(), message, 0, message.length, shared, hold));
        if (shared == null) {
            // The array is the caller's again.
            Arrays.fill(message, (byte) -1);
        }
        ends(fate == Fate.SENT && hold ? Fate.HELD : fate);
    }

    private void ends(Fate fate) {
        if (fate == Fate.SENT && !life.received().hasMessage(id, fates.size())) {
            throw new AssertionError(
                    "message " + fates.size() + " of sender " + id + " was not sent when send returned");
        }
        fates.add(fate);
    }

    private void trySendSome() {
        int count = 1 + random.nextInt(MOST_MESSAGES_IN_A_ROW);
        for (int i = 0; i < count; i++) {
            trySend();
        }
    }

    private void trySend() {
        byte[] message = ReceivedFrames.message(id, fates.size(), length());
        if (random.nextBoolean()) {
            ends(fate(sender.attempt().run(null, opcode(), new SharedMessage(message), random.nextBoolean())));
            return;
        }
        boolean copied = random.nextBoolean();
        SendResult result = sender.attempt().run(opcode(), message, 0, message.length, copied);
        if (copied) {
            Arrays.fill(message, (byte) -1);
        }
        ends(fate(result));
    }

    /** Some are fences: what follows must not arrive before them. */
    private void trySendLatest() {
        int count = 1 + random.nextInt(3 * MOST_MESSAGES_IN_A_ROW);
        for (int i = 0; i < count; i++) {
            byte[] message = ReceivedFrames.message(life.idOfLatest(id), latestFates.size(), length());
            boolean copied = random.nextBoolean();
            Object key = random.nextInt(5) == 0 ? SendAttempt.FENCE : "key " + id;
            SendResult result = sender.attempt().runLatest(key, opcode(), message, copied);
            if (copied) {
                Arrays.fill(message, (byte) -1);
            }
            latestFates.add(fate(result));
        }
    }

    private Fate fate(SendResult result) {
        if (result == SendResult.CLOSED && !life.isLastRound()) {
            throw new AssertionError("closed too early");
        }
        if (result == SendResult.DROPPED) {
            droppedByResult++;
        }
        return switch (result) {
            case ACCEPTED, DROPPED_OLDER -> Fate.ACCEPTED;
            case CLOSED -> life.mayBreak() ? Fate.UNKNOWN : Fate.REFUSED;
            case PEER_BEHIND, SERVER_FULL, DROPPED -> {
                if (random.nextBoolean()) {
                    life.awaitDrained();
                }
                yield Fate.REFUSED;
            }
        };
    }

    /** With or without a ping after everything else. */
    private void flush() {
        boolean pings = random.nextBoolean();
        int number = pings ? this.pings++ : 0;
        Fate fate = attempt(() -> {
            if (pings) {
                sender.queued().ping(() -> ReceivedFrames.ping(id, number));
            } else {
                sender.queued().flush();
            }
        });
        if (fate == Fate.SENT
                && (!life.dropsOldest() && !isDone() || pings && life.received().lastPing(id) != number)) {
            throw new AssertionError("messages of sender " + id + " still wait after a flush");
        }
    }

    private void ping() {
        int number = pings++;
        Fate fate = attempt(() -> sender.control(Opcode.PING, () -> ReceivedFrames.ping(id, number)));
        if (fate == Fate.SENT && life.received().lastPing(id) != number) {
            throw new AssertionError("ping " + number + " of sender " + id + " was not sent when control returned");
        }
    }

    private void pong() {
        int count = random.nextInt(4) > 0 ? 1 + random.nextInt(3) : 1 + random.nextInt(MOST_PONGS_IN_A_ROW);
        for (int i = 0; i < count && closing.isOpen(); i++) {
            byte[] payload = ReceivedFrames.pong(pongs);
            boolean hold = random.nextBoolean();
            attempt(() -> sender.pong(payload, 0, payload.length, hold));
            Arrays.fill(payload, (byte) -1);
            pongs++;
            life.noteProgress();
        }
    }

    private void stream() {
        StreamedMessage[] begun = {null};
        Fate fate = attempt(() -> begun[0] = sender.beginStream());
        if (begun[0] == null) {
            ends(fate == Fate.UNKNOWN ? Fate.REFUSED : fate);
            return;
        }
        if (!life.isLastRound()) {
            shelter(true);
        }
        byte[] message = ReceivedFrames.message(id, fates.size(), length());
        boolean abandoned = life.isLastRound() && random.nextInt(4) == 0;
        fate = attempt(() -> fragments(begun[0], message, abandoned));
        if (abandoned || fate != Fate.SENT) {
            cut = true;
            life.failConnection(new CloseReason(CloseCode.INTERNAL_ERROR, "message abandoned"));
            // All fragments may have been sent, but for an interrupt.
            fate = fate == Fate.SENT ? Fate.REFUSED : fate;
        }
        ends(fate);
        shelter(false);
    }

    private void fragments(StreamedMessage streaming, byte[] message, boolean abandoned) throws IOException {
        Opcode opcode = opcode();
        int at = 0;
        boolean last = false;
        while (!last) {
            last = random.nextInt(3) == 0;
            int end = last ? message.length : at + random.nextInt(message.length - at + 1);
            if (last && abandoned) {
                return;
            }
            byte[] fragment = Arrays.copyOfRange(message, at, end);
            opcode = streaming.fragment(last, false, opcode, fragment, 0, fragment.length);
            Arrays.fill(fragment, (byte) -1);
            at = end;
            life.noteProgress();
            pause(3);
        }
    }

    /** Whether this thread began a message in fragments and did not complete it. */
    boolean hasCut() {
        return cut;
    }

    /** Pongs so far. */
    int pongs() {
        return pongs;
    }

    /** Whether everything that must arrive has, if none is dropped; for after the round. */
    boolean isDone() {
        for (int i = 0; i < fates.size(); i++) {
            if (mustArrive(fates.get(i)) && !life.received().hasMessage(id, i)) {
                return false;
            }
        }
        int latest = latestFates.lastIndexOf(Fate.ACCEPTED);
        return latest < 0 || life.received().hasMessage(life.idOfLatest(id), latest);
    }

    private static boolean mustArrive(Fate fate) {
        return fate == Fate.HELD || fate == Fate.ACCEPTED;
    }

    /** The number of messages that were accepted and have not arrived. */
    int missing() {
        return missing(id, fates) + missing(life.idOfLatest(id), latestFates);
    }

    private int missing(int sender, List<Fate> of) {
        int missing = 0;
        for (int i = 0; i < of.size(); i++) {
            if (mustArrive(of.get(i)) && !life.received().hasMessage(sender, i)) {
                missing++;
            }
        }
        return missing;
    }

    /** The number of messages that were not accepted because the policy drops the newest. */
    int droppedByResult() {
        return droppedByResult;
    }

    /**
     * Compares what became of the messages with what the peer received.
     *
     * @param mayLose whether messages that were held back or accepted may have been lost
     * @param mayDrop whether messages that were accepted without waiting may have been dropped
     */
    void check(boolean mayLose, boolean mayDrop) {
        for (int i = 0; i < fates.size(); i++) {
            Fate fate = fates.get(i);
            boolean arrived = life.received().hasMessage(id, i);
            boolean right = switch (fate) {
                case SENT -> arrived;
                case HELD -> arrived || mayLose;
                case ACCEPTED -> arrived || mayLose || mayDrop;
                case REFUSED -> !arrived;
                case UNKNOWN -> true;
            };
            if (!right) {
                throw new AssertionError("message " + i + " of sender " + id + " is " + fate + ", and "
                        + (arrived ? "arrived" : "did not arrive"));
            }
        }
        for (int i = 0; i < latestFates.size(); i++) {
            if (latestFates.get(i) == Fate.REFUSED && life.received().hasMessage(life.idOfLatest(id), i)) {
                throw new AssertionError("value " + i + " of sender " + id + " was refused, and arrived");
            }
        }
    }

    @Override
    public String toString() {
        return id + ": " + fates + ", with its key " + latestFates
                + (thread != null && thread.isAlive() ? " at " + Arrays.toString(thread.getStackTrace()) : "");
    }
}
