package dev.weft.internal.time;

import dev.weft.ConnectionTimeouts;
import java.lang.invoke.MethodHandles;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;

/**
 * What a connection is waiting for, and since when. The connection's threads write timestamps, and the sweeper checks them; a
 * timestamp of 0 means "not waiting for that". Times are the coarse clock's.
 */
public final class Deadlines {
    /** The action that the sweeper has to take. */
    public enum Due {
        NOTHING, PING, MESSAGE_TIMEOUT, PONG_TIMEOUT, WRITE_TIMEOUT, CLOSE_TIMEOUT
    }

    /** The number of times within its deadline that a waiting write tries the network again. */
    private static final int RETRIES = 8;

    private static final AtomicReferenceFieldUpdater<Deadlines, Pings> PINGS = AtomicReferenceFieldUpdater
            .newUpdater(Deadlines.class, Pings.class, "pings");
    private static final AtomicIntegerFieldUpdater<Deadlines> UNFINISHED_SINCE = AtomicIntegerFieldUpdater
            .newUpdater(Deadlines.class, "unfinishedSince");

    static {
        try {
            // Initialized early: if a class's initialization fails once, for example because memory is exhausted, the class is
            // unusable from then on.
            MethodHandles.lookup().ensureInitialized(Pings.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final CoarseClock clock;
    private final ConnectionTimeouts timeouts;
    /** When the connection was opened, in seconds of the time of day since 1970; as an int it takes no memory: it fills a gap. */
    private final int openedAt = (int) (System.currentTimeMillis() / 1000);

    /** When something last arrived from the peer; at first, when the connection was opened. */
    private volatile int heardAt;
    private volatile int readingSince;
    /** How long reads may wait, as set by the caller that receives. */
    private TimeLimit readLimit = TimeLimit.NONE;
    private volatile int unfinishedSince;
    private volatile int pingedSince;
    /** {@code null} until the first ping. */
    private volatile Pings pings;
    /**
     * Set when a ping is about to be sent, but may have to wait for a frame that the peer reads slowly: then the write deadline
     * applies.
     */
    private volatile boolean pingUnderWay;
    private volatile int writingSince;
    private volatile int closingSince;

    /** For the sweeper: the progress it last saw of a waiting write, and when that last changed. */
    private volatile byte progressSeen;
    private volatile int progressAt;

    public Deadlines(CoarseClock clock, ConnectionTimeouts timeouts) {
        this.clock = clock;
        this.timeouts = timeouts;
        this.heardAt = clock.now();
    }

    /** Records that something arrived from the peer, so the peer is alive. */
    public void heard() {
        heardAt = clock.now();
        if (pingedSince != 0) {
            pingedSince = 0;
        }
    }

    /** When the connection was opened. */
    public Instant openedAt() {
        return Instant.ofEpochSecond(Integer.toUnsignedLong(openedAt));
    }

    /** The time since something last arrived from the peer; with the clock's precision. */
    public Duration silence() {
        return Duration.ofMillis(Math.max(0, clock.now() - heardAt));
    }

    /** Whether the thread that receives waits for the peer. */
    public boolean isReading() {
        return readingSince != 0;
    }

    /**
     * Records that a read begins that may wait.
     *
     * @param unfinished whether a frame or message is incomplete
     */
    public void reading(boolean unfinished) {
        int now = clock.now();
        if (unfinished && unfinishedSince == 0) {
            unfinishedSince = now;
        }
        readingSince = now;
    }

    /** Records that the read has ended. */
    public void read() {
        readingSince = 0;
    }

    /** Sets how long reads may wait, from now on. For the thread that receives. */
    public void limitReads(TimeLimit limit) {
        readLimit = limit;
    }

    /** How long reads may wait. */
    public TimeLimit readLimit() {
        return readLimit;
    }

    /** Records that a message, or a control frame between messages, is complete: the next one has its own deadline. */
    public void messageEnded() {
        if (unfinishedSince != 0) {
            unfinishedSince = 0;
        }
    }

    /** Restarts the message's deadline, if it runs: this end has made the peer wait. For the sweeper, with its time. */
    public void postponeMessage(int now) {
        int since = unfinishedSince;
        if (since != 0) {
            // The message may have ended meanwhile.
            UNFINISHED_SINCE.compareAndSet(this, since, now);
        }
    }

    /** Restarts the message's deadline: the reading thread continues an incomplete message after it paused itself. */
    public void messageContinues() {
        unfinishedSince = 0;
    }

    public void writing() {
        writingSince = clock.now();
    }

    public void written() {
        writingSince = 0;
    }

    /** Starts the close deadline, because our Close frame has been sent. Bytes from the peer do not extend it. */
    public void closing() {
        if (closingSince == 0) {
            closingSince = clock.now();
        }
    }

    /** Starts the pong deadline, because the sweeper's ping is being sent. */
    public void pinging() {
        pingedSince = clock.now();
        pingUnderWay = false;
    }

    /** Records that the sweeper's ping could not be sent: it is due again, and no pong is expected. */
    public void pingFailed() {
        pingedSince = 0;
        pingUnderWay = false;
    }

    /** The connection's pings; created with the first one. For any thread. */
    public Pings pings() {
        Pings now = pings;
        if (now == null) {
            PINGS.compareAndSet(this, null, new Pings());
            now = pings;
        }
        return now;
    }

    /**
     * Processes a pong. For the thread that reads.
     *
     * @return the nanoseconds until the ping was answered; negative if the pong answers none
     */
    public long pong(byte[] array, int from, int to) {
        Pings now = pings;
        return now == null ? Pings.NONE : now.answer(array, from, to);
    }

    /** The time until the last answered ping was answered. For any thread. */
    public Optional<Duration> latency() {
        Pings now = pings;
        return now == null ? Optional.empty() : now.latency();
    }

    /** Whether a write waits for the network. */
    public boolean isWriting() {
        return writingSince != 0;
    }

    /**
     * Whether the network has taken nothing from a waiting write since the sweeper's last check but one.
     *
     * @param progress the transport's write progress
     */
    public boolean isWithoutProgress(byte progress) {
        return progress == progressSeen && (progressAt == 0 || clock.now() != progressAt);
    }

    /**
     * Returns the first deadline that has passed. A due ping is returned once, until {@link #pinging} is called.
     *
     * @param progress of the transport: if the network takes bytes of a waiting write, the peer reads
     */
    public Due due(int now, byte progress) {
        if (progress != progressSeen) {
            progressSeen = progress;
            progressAt = now;
        }
        int writing = writingSince;
        if (writing != 0) {
            if (passed(sinceProgress(writing), now, timeouts.writeTimeout())) {
                return Due.WRITE_TIMEOUT;
            }
        }
        if (closingSince != 0) {
            return passed(closingSince, now, timeouts.closeTimeout()) ? Due.CLOSE_TIMEOUT : Due.NOTHING;
        }
        // While no thread receives, the peer cannot be late with its message.
        if (readingSince != 0 && passed(unfinishedSince, now, timeouts.messageTimeout())) {
            return Due.MESSAGE_TIMEOUT;
        }
        if (pingUnderWay) {
            return Due.NOTHING;
        }
        int pinged = pingedSince;
        if (pinged != 0) {
            // A slow peer answers the ping only after it has read everything before it.
            return passed(sinceProgress(pinged), now, timeouts.pongTimeout()) ? Due.PONG_TIMEOUT : Due.NOTHING;
        }
        if (passed(heardAt, now, timeouts.pingInterval())) {
            pingUnderWay = true;
            return Due.PING;
        }
        return Due.NOTHING;
    }

    /** Whether a waiting write should try the network again; true a few times within the write deadline. */
    public boolean isRetryDue(int now) {
        int writing = writingSince;
        if (writing == 0) {
            return false;
        }
        int since = sinceProgress(writing);
        int pause = Math.max(1, (int) (timeouts.writeTimeout().toMillis() / RETRIES));
        return (now - since) / pause > Math.max(0, clock.before() - since) / pause;
    }

    /** The later of this time and the time of the last progress. */
    private int sinceProgress(int time) {
        return progressAt != 0 && progressAt - time > 0 ? progressAt : time;
    }

    /** Whether a message has been incomplete since before the clock last advanced, and its thread waits for more. */
    public boolean isHalfRead() {
        int reading = readingSince;
        return reading != 0 && unfinishedSince != 0 && reading != clock.now();
    }

    public DeadlineException exception(Due due) {
        return switch (due) {
            case WRITE_TIMEOUT -> timeout(due, "the peer read nothing for ", "writeTimeout", timeouts.writeTimeout());
            case CLOSE_TIMEOUT ->
                timeout(due, "the closing handshake took over ", "closeTimeout", timeouts.closeTimeout());
            case MESSAGE_TIMEOUT ->
                timeout(due, "a message was unfinished for ", "messageTimeout", timeouts.messageTimeout());
            case PONG_TIMEOUT -> timeout(due, "no answer to a ping for ", "pongTimeout", timeouts.pongTimeout());
            case NOTHING, PING -> throw new IllegalArgumentException(due.toString());
        };
    }

    private static DeadlineException timeout(Due due, String what, String setting, Duration value) {
        return new DeadlineException(due, what + value.toMillis() + " ms (" + setting + ")");
    }

    private static boolean passed(int since, int now, Duration allowed) {
        return since != 0 && now - since >= allowed.toMillis();
    }
}
