package dev.weft.bench.topics;

import java.io.IOException;
import java.util.function.Predicate;

/** The broker of a fault run: one process, or the servers of a cluster. */
interface FaultBroker extends AutoCloseable {
    void start() throws IOException, InterruptedException;

    /** What {@link #stop} and {@link #kill} act on. */
    String target();

    /** SIGSTOP, so short that no replica takes over. */
    void stop() throws IOException, InterruptedException;

    /** SIGCONT. */
    void goOn() throws IOException, InterruptedException;

    /** As by {@code kill -9}. */
    void kill() throws IOException, InterruptedException;

    /** Starts again what was killed, if there are replicas only after one of them has taken over. */
    void restart() throws IOException, InterruptedException;

    /** Whether there are replicas, which can take over. */
    boolean hasReplicas();

    /** SIGSTOP of a master. Waits until a replica has taken over. The next {@link #goOn} ends it. */
    void stopUntilTakenOver() throws IOException, InterruptedException;

    /**
     * Returns after the faults for which topics accepted messages may be lost, so that their subscribers must be notified of a
     * gap. For all others, nothing is lost.
     */
    Predicate<String> losses() throws IOException, InterruptedException;

    @Override
    void close();
}
