package dev.weft.bench.echo;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.HdrHistogram.Histogram;

/**
 * Makes connections, a fixed number of them at a time: connect, opening handshake, one echo, closing handshake. They end with a
 * reset, so that no port is left waiting; even so, their number is limited.
 */
record ConnectRate(int concurrent, int payload) implements Scenario {
    private static final int MOST = 60_000;
    /**
     * The number of connections until a server's JVM has compiled the code for handshakes. After only 1,000, a connection costs
     * twice as much.
     */
    private static final int WARM_UP = 40_000;
    private static final long LONGEST_WARM_UP = 15_000_000_000L;
    private static final int SELECT_MILLIS = 20;
    private static final long SILENCE_NANOS = 10_000_000_000L;
    private static final long LONGEST = 60_000_000_000L;

    @Override
    public String name() {
        return "connect, echo " + Sizes.name(payload) + ", close; " + concurrent + " at a time";
    }

    @Override
    public List<Figure> run(ServerProcess.Target target, Pace pace) throws IOException {
        try (Visitors visitors = new Visitors(target.port())) {
            visitors.warmUp(pace.warmUp());
            visitors.handshake.reset();
            visitors.whole.reset();
            long before = visitors.done;
            EchoFigures figures = EchoFigures.start(target.cpu());
            visitors.run(pace.measure());
            return figures.done(visitors.done - before, "connection", "connections")
                    .latency(visitors.handshake, "connect and opening handshake")
                    .latency(visitors.whole, "whole connection").all();
        }
    }

    /** Continues for this time; returns the number of connections, all of which have ended. */
    long visit(int port, long nanos) throws IOException {
        try (Visitors visitors = new Visitors(port)) {
            visitors.run(nanos);
            return visitors.done;
        }
    }

    /** The connections in progress. */
    private final class Visitors implements AutoCloseable {
        private final Selector selector = Selector.open();
        private final VisitScript script;
        private final Set<Visit> under = new HashSet<>();
        private final Histogram handshake = new Histogram(LONGEST, 3);
        private final Histogram whole = new Histogram(LONGEST, 3);
        private long done;

        Visitors(int port) throws IOException {
            this.script = new VisitScript(port, payload);
        }

        /** Continues at least for this time, and until the server is warm. */
        void warmUp(long least) throws IOException {
            long end = System.nanoTime() + LONGEST_WARM_UP;
            run(least);
            while (done < WARM_UP && System.nanoTime() < end) {
                run(least);
            }
        }

        /** Keeps this number of connections in progress for this time, then lets them finish. */
        void run(long nanos) throws IOException {
            long end = System.nanoTime() + nanos;
            long started = done + under.size();
            long most = started + MOST;
            long lastDone = System.nanoTime();
            while (true) {
                while (under.size() < concurrent && System.nanoTime() < end && started < most) {
                    under.add(new Visit(script, selector));
                    started++;
                }
                if (under.isEmpty()) {
                    return;
                }
                long before = done;
                turn();
                if (done > before) {
                    lastDone = System.nanoTime();
                } else if (System.nanoTime() - lastDone > SILENCE_NANOS) {
                    throw new IOException(under.size() + " connections are stuck: " + under.iterator().next());
                }
            }
        }

        private void turn() throws IOException {
            try {
                selector.select(this::ready, SELECT_MILLIS);
            } catch (UncheckedIOException e) {
                throw e.getCause();
            }
        }

        private void ready(SelectionKey key) {
            Visit visit = (Visit) key.attachment();
            try {
                if (visit.isOverAfter(key)) {
                    visit.close();
                    under.remove(visit);
                    handshake.recordValue(Math.min(visit.handshakeNanos(), LONGEST));
                    whole.recordValue(Math.min(visit.wholeNanos(), LONGEST));
                    done++;
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void close() throws IOException {
            under.forEach(Visit::close);
            selector.close();
        }
    }
}
