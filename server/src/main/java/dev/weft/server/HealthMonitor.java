package dev.weft.server;

import dev.weft.internal.time.ServiceThread;
import dev.weft.internal.transport.TransportFactory;
import dev.weft.server.ServerHealth.Status;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Monitors the threads on which all connections of a server depend. {@link #look} is called by the sweeper and
 * allocates only if something is wrong; any thread may call the other methods.
 * <p>
 * The thread that wakes the connections' threads can be silent for three reasons:
 * <ul>
 * <li>When memory has run out, the JDK lets a virtual thread that parks keep its carrier. If all carriers are kept,
 * nothing can wake these threads, and they stay parked even when there is memory again. The monitor unparks them: each
 * finds that it has to wait, and this time parks properly. They are also unparked after any failure, since without
 * memory the JDK also loses wake-ups.
 * <li>Every carrier is busy with handlers that compute. This ends by itself.
 * <li>The JDK has lost the thread. To distinguish this from the other two reasons, a virtual thread is started. If it
 * runs, but the silence continues for the same time again, the thread is lost.
 * </ul>
 */
final class HealthMonitor {
    /** In milliseconds of the sweeper's clock, which does not count time during which the whole process did not run. */
    static final int LONGEST_SILENCE = 10_000;
    /** The connections' threads are unparked after this time, and again each time it passes. */
    private static final int NUDGE_INTERVAL = 3_000;

    private final BooleanSupplier beat;
    private final BooleanSupplier dead;
    private final Supplier<Optional<String>> impairment;
    private final List<ServiceThread> threads;
    private final Runnable nudge;

    private volatile boolean silent;
    private volatile String lost;

    /** Used only by the sweeper. */
    private int beatAt;
    private int nudgedAt;
    private long failuresSeen;
    private int failedAt;
    private boolean failedLately;
    private boolean begun;
    private boolean probed;
    private volatile boolean probeRan;
    private int probeRanAt;
    private boolean probeSeen;

    /**
     * Creates a monitor that has not checked anything yet.
     *
     * @param beat  as {@link TransportFactory#beat()}
     * @param dead  as {@link TransportFactory#isDead()}
     * @param impairment as {@link TransportFactory#impairment()}
     * @param nudge unparks the thread of every connection; does not wait
     */
    HealthMonitor(BooleanSupplier beat, BooleanSupplier dead, Supplier<Optional<String>> impairment,
            List<ServiceThread> threads, Runnable nudge) {
        this.beat = beat;
        this.dead = dead;
        this.impairment = impairment;
        this.threads = threads;
        this.nudge = nudge;
    }

    /**
     * Performs one check, at this time of the clock.
     *
     * @return whether something is lost for good
     */
    boolean look(int now) {
        for (ServiceThread thread : threads) {
            thread.failures().report();
            if (thread.isLost()) {
                lost = ended(thread);
            }
        }
        if (dead.getAsBoolean()) {
            lost = "what wakes connections has ended";
        } else if (beat.getAsBoolean() || !begun) {
            begun = true;
            beatAt = now;
            silent = false;
            probed = false;
        } else {
            lookAtSilence(now);
        }
        nudgeIfNeeded(now);
        return lost != null;
    }

    /** Nudges during silence, and for a while after any failure. */
    private void nudgeIfNeeded(int now) {
        long count = failures();
        if (count != failuresSeen) {
            failuresSeen = count;
            failedAt = now;
            failedLately = true;
        }
        failedLately &= now - failedAt < LONGEST_SILENCE;
        if (!failedLately && beatAt == now) {
            nudgedAt = now;
        } else if (now - nudgedAt >= NUDGE_INTERVAL) {
            nudgedAt = now;
            nudge.run();
        }
    }

    private long failures() {
        long count = 0;
        for (ServiceThread thread : threads) {
            count += thread.failures().count();
        }
        return count;
    }

    private void lookAtSilence(int now) {
        if (now - beatAt >= LONGEST_SILENCE) {
            silent = true;
            probe(now);
        }
    }

    private static String ended(ServiceThread thread) {
        return "the thread " + thread.failures().what() + " has ended";
    }

    private void probe(int now) {
        if (!probed) {
            probeRan = false;
            probeSeen = false;
            Thread.startVirtualThread(() -> probeRan = true);
            probed = true;
        } else if (probeRan && !probeSeen) {
            probeSeen = true;
            probeRanAt = now;
        } else if (probeSeen && now - probeRanAt >= LONGEST_SILENCE) {
            lost = "what wakes connections is lost: it does not run, though other virtual threads do";
        }
    }

    /** The result of the last check. */
    ServerHealth health() {
        String why = lost;
        if (why != null) {
            return new ServerHealth(Status.FAILED, why);
        }
        for (ServiceThread thread : threads) {
            if (thread.isLost()) {
                return new ServerHealth(Status.FAILED, ended(thread));
            }
            if (thread.isFailing() && !thread.isStopped()) {
                return new ServerHealth(Status.IMPAIRED,
                        thread.failures().what() + " fails, " + thread.failures().count() + " times so far");
            }
        }
        Optional<String> impaired = impairment.get();
        if (impaired.isPresent()) {
            return new ServerHealth(Status.IMPAIRED, impaired.get());
        }
        return silent
                ? new ServerHealth(Status.IMPAIRED, "no virtual thread has been woken for " + LONGEST_SILENCE + " ms")
                : ServerHealth.HEALTHY;
    }
}
