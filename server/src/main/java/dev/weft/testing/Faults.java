package dev.weft.testing;

import dev.weft.internal.Bounds;
import java.time.Duration;
import java.util.Random;

/**
 * The faults in one direction of a connection over memory. Bytes are counted from 0, starting with the first byte of that
 * direction. Immutable: each method that sets something returns a copy. Of the methods that end a direction ({@code stallAt},
 * {@code halfCloseAt}, {@code resetAt}, {@code cutAt}), the last call counts.
 */
public final class Faults {
    /** How a direction ends. */
    enum End {
        NONE, STALL, HALF_CLOSE, RESET, CUT
    }

    private static final Faults NONE = new Faults("", Integer.MAX_VALUE, Duration.ZERO, -1, End.NONE, Long.MAX_VALUE);
    private static final Duration LONGEST_DELAY = Duration.ofMinutes(1);

    private final String label;
    private final int piece;
    private final Duration delay;
    private final long corrupted;
    private final End end;
    private final long endsAt;

    private Faults(String label, int piece, Duration delay, long corrupted, End end, long endsAt) {
        this.label = label;
        this.piece = piece;
        this.delay = delay;
        this.corrupted = corrupted;
        this.end = end;
        this.endsAt = endsAt;
    }

    /** No faults. */
    public static Faults none() {
        return NONE;
    }

    /**
     * Faults that depend only on the arguments: pieces of 1 to 16 bytes, and one end or corruption before a position.
     * {@link #toString()} lists them.
     *
     * @param before greater than 0: the end or corruption is at a position lower than this
     */
    public static Faults seeded(long seed, int before) {
        Bounds.check("before", before, 1, Integer.MAX_VALUE);
        Random random = new Random(seed);
        Faults dribbled = new Faults("seed " + seed + ": ", 1 + random.nextInt(16), Duration.ZERO, -1, End.NONE,
                Long.MAX_VALUE);
        int at = random.nextInt(before);
        return switch (random.nextInt(5)) {
            case 0 -> dribbled.stallAt(at);
            case 1 -> dribbled.halfCloseAt(at);
            case 2 -> dribbled.resetAt(at);
            case 3 -> dribbled.cutAt(at);
            default -> dribbled.corrupt(at);
        };
    }

    /**
     * Lets at most this number of bytes arrive at a time. Each piece arrives after the receiver has read the previous
     * one, or after 20 ms if it has not.
     *
     * @throws IllegalArgumentException if it is not greater than 0
     */
    public Faults dribble(int bytes) {
        Bounds.check("bytes", bytes, 1, Integer.MAX_VALUE);
        return new Faults(label, bytes, delay, corrupted, end, endsAt);
    }

    /**
     * Delays the bytes by this duration in real time; each piece is delayed after the previous one has arrived.
     *
     * @throws IllegalArgumentException if it is negative or longer than a minute
     */
    public Faults delay(Duration duration) {
        Bounds.check("delay", duration, Duration.ZERO, LONGEST_DELAY);
        return new Faults(label, piece, duration, corrupted, end, endsAt);
    }

    /** Inverts all bits of the byte at this position. */
    public Faults corrupt(long position) {
        Bounds.check("position", position, 0, Long.MAX_VALUE);
        return new Faults(label, piece, delay, position, end, endsAt);
    }

    /**
     * The byte at this position and all later ones never arrive, nor does the end of the stream. The sender can write until the
     * network is full.
     */
    public Faults stallAt(long position) {
        return endingAt(End.STALL, position);
    }

    /** The receiver reads the end of the stream at this position; the other direction continues. */
    public Faults halfCloseAt(long position) {
        return endingAt(End.HALF_CLOSE, position);
    }

    /** Resets the connection at this position: both ends get an {@code IOException}. */
    public Faults resetAt(long position) {
        return endingAt(End.RESET, position);
    }

    /** Both ends read the end of the stream at this position, as if a process between them had ended. */
    public Faults cutAt(long position) {
        return endingAt(End.CUT, position);
    }

    private Faults endingAt(End how, long position) {
        Bounds.check("position", position, 0, Long.MAX_VALUE);
        return new Faults(label, piece, delay, corrupted, how, position);
    }

    int piece() {
        return piece;
    }

    Duration delay() {
        return delay;
    }

    long corrupted() {
        return corrupted;
    }

    End end() {
        return end;
    }

    long endsAt() {
        return endsAt;
    }

    /** A description of the faults, for the message of a failed test. */
    @Override
    public String toString() {
        return "Faults[" + label + (piece == Integer.MAX_VALUE ? "" : "dribble " + piece + " ")
                + (delay.isZero() ? "" : "delay " + delay.toMillis() + " ms ")
                + (corrupted < 0 ? "" : "corrupt byte " + corrupted + " ")
                + (end == End.NONE ? "" : end + " at byte " + endsAt) + "]";
    }
}
