package dev.weft.bench.scaling;

import dev.weft.bench.scaling.Sites.Kind;
import dev.weft.bench.scaling.Sites.Site;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Finds the shared memory among the counted accesses: memory that more than one thread accessed and at least one wrote. An
 * object counts as one cache line, an array as one line for each 64 bytes. Two objects that share a line are not detected.
 */
final class SharedMemory {
    /** The names of the loops' threads, without the watchdog. */
    private static final Pattern LOOP = Pattern.compile("weft-loop-\\d+");
    private static final String ONE_LOOP = " +";

    /** One line. */
    private record Key(int identity, Class<?> type, int line) {}

    /** The accesses to one line. */
    private static final class Line {
        private final Map<String, Long> loops = new HashMap<>();
        private final Map<String, Long> others = new HashMap<>();
        private final Map<Site, Long> sites = new HashMap<>();
        private long writes;
        private long reads;
        private String owner;

        void add(String thread, Site site, int count) {
            if (site.kind() == Kind.OWNER) {
                owner = simple(site.type());
                return;
            }
            (LOOP.matcher(thread).matches() ? loops : others).merge(thread, (long) count, Long::sum);
            sites.merge(site, (long) count, Long::sum);
            if (site.writes()) {
                writes += count;
            } else {
                reads += count;
            }
        }

        boolean isShared() {
            return writes > 0 && loops.size() + others.size() > 1;
        }

        /**
         * The maximum number of transfers between cores that these accesses can need. It is at most the number of accesses; at
         * most two for each access by a thread other than the one with the most accesses; and at most, for each write, one for
         * every thread and one more.
         */
        long transfers() {
            long most = Stream.concat(loops.values().stream(), others.values().stream()).mapToLong(Long::longValue)
                    .max()
                    .orElse(0);
            long all = writes + reads;
            return Math.min(all, Math.min(2 * (all - most), writes * (1 + loops.size() + others.size())));
        }

        boolean isFoughtOver() {
            return sites.keySet().stream().anyMatch(site -> site.kind() == Kind.ATOMIC || site.kind() == Kind.LOCK);
        }

        /** The place with the most accesses. */
        String mostAt() {
            return sites.entrySet().stream().max(Map.Entry.comparingByValue())
                    .map(site -> simple(site.getKey().type()) + "." + site.getKey().method()).orElse("");
        }
    }

    /**
     * Lines of the same kind.
     *
     * @param what       the kind of lines
     * @param byLoops    whether more than one loop accessed them, or one loop and another thread, such as the acceptor
     * @param foughtOver whether threads compare and set them, or lock them; if not, only one thread at a time accesses them
     * @param equal      the number of equally used lines that would be as crowded as these
     * @param writes     the total number of writes to these lines
     * @param reads      the total number of reads of these lines
     * @param transfers  the maximum number of transfers that these can need
     */
    record Group(String what, boolean byLoops, boolean foughtOver, double equal, double writes, double reads,
            double transfers) {
        /** This group with all counts divided by the number of messages or connections. */
        Group perEach(double count) {
            return new Group(what, byLoops, foughtOver, equal, writes / count, reads / count, transfers / count);
        }
    }

    private SharedMemory() {}

    /** The shared lines in groups, the most written first. */
    static List<Group> groups(List<Accesses.Table> tables) {
        Map<Key, Line> lines = new HashMap<>();
        for (Accesses.Table table : tables) {
            table.forEach((identity, line, site, type, count) -> lines
                    .computeIfAbsent(new Key(identity, type, line), key -> new Line())
                    .add(table.thread(), Sites.get(site), count));
        }
        Map<String, List<Line>> byName = new HashMap<>();
        lines.forEach((key, line) -> {
            if (line.isShared()) {
                byName.computeIfAbsent(name(key, line), name -> new ArrayList<>()).add(line);
            }
        });
        List<Group> groups = new ArrayList<>();
        byName.forEach((name, of) -> groups.add(group(name, of)));
        groups.sort(Comparator.comparingDouble(Group::transfers).reversed());
        return groups;
    }

    private static String name(Key key, Line line) {
        return simple(key.type().getName()) + (line.owner == null ? "" : " of " + line.owner) + " (" + line.mostAt()
                + ")"
                + (line.loops.size() > 1 ? "" : ONE_LOOP);
    }

    private static Group group(String name, List<Line> lines) {
        double writes = 0;
        double reads = 0;
        double transfers = 0;
        double squares = 0;
        for (Line line : lines) {
            writes += line.writes;
            reads += line.reads;
            transfers += line.transfers();
            squares += Math.pow(line.writes + line.reads, 2);
        }
        return new Group(name.endsWith(ONE_LOOP) ? name.substring(0, name.length() - ONE_LOOP.length()) : name,
                !name.endsWith(ONE_LOOP), lines.stream().anyMatch(Line::isFoughtOver),
                Math.pow(writes + reads, 2) / squares, writes, reads, transfers);
    }

    private static String simple(String type) {
        String name = type.startsWith("[L") ? type.substring(2, type.length() - 1) + "[]" : type;
        return name.substring(name.lastIndexOf('.') + 1);
    }
}
