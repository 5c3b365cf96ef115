package dev.weft.testing;

import dev.weft.internal.Bounds;
import java.time.Duration;
import java.util.Random;

/**
 * What happens to the bytes of one direction of a connection over memory. Bytes are counted from 0, from the direction's first
 * one. Immutable: each method that sets something returns a copy. Of the ends ({@code stallAt}, {@code halfCloseAt},
 * {@code resetAt}, {@code cutAt}) the last one set counts.
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

    /** Nothing happens. */
    public static Faults none() {
        return NONE;
    }

    /**
     * Faults that depend on the seed alone: pieces of 1 to 16 bytes, and one end or corruption before a position.
     * {@link #toString()} says which.
     *
     * @param before greater than 0: where the end or corruption is, at the latest
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
     * At most this number of bytes arrives at a time, each time after the receiver has read the ones before, for which at most
     * 20 ms are waited.
     *
     * @throws IllegalArgumentException if it is not greater than 0
     */
    public Faults dribble(int bytes) {
        Bounds.check("bytes", bytes, 1, Integer.MAX_VALUE);
        return new Faults(label, bytes, delay, corrupted, end, endsAt);
    }

    /**
     * Bytes arrive later by this duration of real time, each piece after the one before.
     *
     * @throws IllegalArgumentException if it is negative or over a minute
     */
    public Faults delay(Duration duration) {
        Bounds.check("delay", duration, Duration.ZERO, LONGEST_DELAY);
        return new Faults(label, piece, duration, corrupted, end, endsAt);
    }

    /** All bits of the byte at this position are inverted. */
    public Faults corrupt(long position) {
        Bounds.check("position", position, 0, Long.MAX_VALUE);
        return new Faults(label, piece, delay, position, end, endsAt);
    }

    /** The byte at this position and all later ones never arrive, nor does their end; the sender finds the network full. */
    public Faults stallAt(long position) {
        return endingAt(End.STALL, position);
    }

    /** The receiver finds the end of the bytes at this position; the other direction goes on. */
    public Faults halfCloseAt(long position) {
        return endingAt(End.HALF_CLOSE, position);
    }

    /** The connection is reset at this position: both ends get an {@code IOException}. */
    public Faults resetAt(long position) {
        return endingAt(End.RESET, position);
    }

    /** Both ends find the end of the bytes at this position, as if the process between them had ended. */
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

    /** The script, for the message of a failed test. */
    @Override
    public String toString() {
        return "Faults[" + label + (piece == Integer.MAX_VALUE ? "" : "dribble " + piece + " ")
                + (delay.isZero() ? "" : "delay " + delay.toMillis() + " ms ")
                + (corrupted < 0 ? "" : "corrupt byte " + corrupted + " ")
                + (end == End.NONE ? "" : end + " at byte " + endsAt) + "]";
    }
}
