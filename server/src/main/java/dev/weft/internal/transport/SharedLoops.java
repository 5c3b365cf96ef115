package dev.weft.internal.transport;

import dev.weft.internal.loop.Loops;
import dev.weft.internal.time.Failures;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * The loops of this process, which all servers and clients use: created when the first one starts, and never ended, because a
 * handler may have started virtual threads on them that still run after its server has been closed. Their threads are daemons.
 */
final class SharedLoops {
    /** The number of loops; by default one for each processor. 0: no loops. */
    private static final String COUNT = "dev.weft.loops";
    private static final int MOST = 1024;
    /** What watches the sockets: {@code selector}, the default, or {@code io_uring}. */
    private static final String ENGINE = "dev.weft.engine";
    private static final String IO_URING = "io_uring";

    private static final Logger LOGGER = System.getLogger("dev.weft");
    private static final ReentrantLock LOCK = new ReentrantLock();
    private static LoopTransportFactory shared;

    private SharedLoops() {}

    /** Like {@link TransportFactory#looping}. */
    static Optional<TransportFactory> transports(Consumer<String> obstacle) throws IOException {
        int count = Integer.getInteger(COUNT, Runtime.getRuntime().availableProcessors());
        if (count <= 0) {
            obstacle.accept("no loops: " + COUNT + " is " + count);
            return Optional.empty();
        }
        Optional<String> why = Loops.obstacle();
        if (why.isPresent()) {
            obstacle.accept("no loops: " + why.get());
            return Optional.empty();
        }
        LOCK.lock();
        try {
            if (shared == null) {
                shared = open("weft-loop", Math.min(count, MOST), true, SharedLoops::report);
            }
            return Optional.of(shared);
        } finally {
            LOCK.unlock();
        }
    }

    /** Starts separate loops, shared or not; there must be no obstacle. */
    static LoopTransportFactory open(String name, int count, boolean shared, Failures.Reporter reporter)
            throws IOException {
        boolean wanted = IO_URING.equals(System.getProperty(ENGINE));
        Optional<String> obstacle = wanted ? Rings.obstacle() : Optional.empty();
        boolean rings = wanted && obstacle.isEmpty();
        List<SocketEngine> engines = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                Failures failures = new Failures(name + "-" + i, reporter);
                engines.add(rings ? new IoUringEngine(failures, i) : new SelectorEngine(failures, i));
            }
            String what = (rings
                    ? ", " + IO_URING
                    : obstacle.map(why -> " (no " + IO_URING + ": " + why + ")").orElse(""))
                    + Descriptors.missingOptions().map(why -> " (no direct system calls: " + why + ")").orElse("");
            return new LoopTransportFactory(new Loops(name, engines, reporter), List.copyOf(engines), what, shared);
        } catch (Throwable e) {
            engines.forEach(SocketEngine::close);
            throw e;
        }
    }

    private static void report(String what, long count, Throwable latest) {
        LOGGER.log(Level.WARNING, what + " failed, " + count + " times since the last report", latest);
    }
}
