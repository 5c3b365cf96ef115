package dev.weft.bench.scaling;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;

/**
 * Cores that process messages or connections one after another, and access shared cache lines meanwhile. A line that a core
 * accesses and does not have is transferred to it, which takes a fixed time; transfers of the same line do not overlap. Between
 * two accesses the core works on its own. After a write only the writing core has the line; after a read, all cores that have
 * read it.
 */
final class Simulation {
    /** The time for one message or connection varies up or down by at most this share. */
    private static final double JITTER = 0.5;
    private static final int MOST_CORES = 64;

    /**
     * Lines that are accessed in the same way.
     *
     * @param lines  their number
     * @param writes the writes for each message or connection
     * @param reads  the reads for each message or connection
     */
    record Lines(int lines, double writes, double reads) {}

    /**
     * The work for each message or connection.
     *
     * @param ownNanos    the time on the core that processes it
     * @param serialNanos the time on the one thread that gets all of them first, such as the acceptor; 0 if there is none
     * @param handedOver  the number of lines that another core had before, and for which no other core competes
     * @param lines       the lines for which cores compete
     */
    record Work(double ownNanos, double serialNanos, double handedOver, List<Lines> lines) {}

    private static final class Line {
        private int writer = -1;
        private long having;
        private double freeAt;

        /** The time at which an access ends that begins at the given time. */
        double access(int core, boolean writes, double now, double transferNanos) {
            long bit = 1L << core;
            boolean has = writes ? writer == core && having == bit : (having & bit) != 0;
            double end = now;
            if (!has) {
                end = Math.max(now, freeAt) + transferNanos;
                freeAt = end;
            }
            having = writes ? bit : having | bit;
            if (writes) {
                writer = core;
            }
            return end;
        }
    }

    private record Access(Line line, boolean writes) {}

    /** A core whose next step is due. */
    private static final class Core implements Comparable<Core> {
        private final int number;
        private double time;
        private List<Access> accesses = List.of();
        private int next;
        private double piece;
        private boolean admitted;

        Core(int number) {
            this.number = number;
        }

        @Override
        public int compareTo(Core other) {
            return Double.compare(time, other.time);
        }
    }

    private final Work work;
    private final double transferNanos;
    private final List<List<Line>> lines = new ArrayList<>();
    private final SplittableRandom random = new SplittableRandom(1);
    private double handedOverNanos;
    private double serialFreeAt;

    private Simulation(Work work, double transferNanos) {
        this.work = work;
        this.transferNanos = transferNanos;
        for (Lines group : work.lines()) {
            List<Line> all = new ArrayList<>();
            for (int i = 0; i < Math.max(1, group.lines()); i++) {
                all.add(new Line());
            }
            lines.add(all);
        }
    }

    /** The number of messages or connections processed in a second. */
    static double perSecond(Work work, int cores, double transferNanos, int things) {
        if (cores < 1 || cores > MOST_CORES) {
            throw new IllegalArgumentException("cores: " + cores + ", of 1 to " + MOST_CORES);
        }
        return new Simulation(work, transferNanos).run(cores, things);
    }

    private double run(int cores, int things) {
        handedOverNanos = cores > 1 ? work.handedOver() * transferNanos : 0;
        PriorityQueue<Core> due = new PriorityQueue<>();
        for (int i = 0; i < cores; i++) {
            due.add(new Core(i));
        }
        int done = 0;
        double now = 0;
        while (done < things) {
            Core core = due.remove();
            now = core.time;
            if (core.next < core.accesses.size()) {
                Access access = core.accesses.get(core.next++);
                core.time = access.line().access(core.number, access.writes(), now, transferNanos) + core.piece;
            } else if (!core.admitted && work.serialNanos() > 0) {
                serialFreeAt = Math.max(now, serialFreeAt) + work.serialNanos();
                core.time = serialFreeAt;
                core.admitted = true;
            } else {
                done += core.piece > 0 ? 1 : 0;
                begin(core);
            }
            due.add(core);
        }
        return done / now * 1e9;
    }

    private void begin(Core core) {
        core.accesses = accesses();
        core.next = 0;
        core.admitted = false;
        double own = work.ownNanos() * (1 - JITTER + 2 * JITTER * random.nextDouble());
        core.piece = (own + handedOverNanos) / (core.accesses.size() + 1);
        core.time += core.piece;
    }

    /** The accesses for one message or connection; a group's reads come before its writes. */
    private List<Access> accesses() {
        List<Access> accesses = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            Lines group = work.lines().get(i);
            List<Line> all = lines.get(i);
            Line line = all.get(random.nextInt(all.size()));
            for (int reads = whole(group.reads()); reads > 0; reads--) {
                accesses.add(new Access(line, false));
            }
            for (int writes = whole(group.writes()); writes > 0; writes--) {
                accesses.add(new Access(line, true));
            }
        }
        return accesses;
    }

    /** The mean rounded up or down at random, so that the average is right. */
    private int whole(double mean) {
        return (int) (mean + random.nextDouble());
    }
}
