package dev.weft.bench.memory;

import dev.weft.bench.process.ShortProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Live bytes of a JVM's heap by class.
 *
 * @param bytes by the names that {@code jcmd} uses: {@code [B} is {@code byte[]}
 */
record HeapHistogram(Map<String, Long> bytes) {
    private static final Duration JCMD_LIMIT = Duration.ofSeconds(120);

    HeapHistogram {
        bytes = Map.copyOf(bytes);
    }

    /**
     * Asks a JVM of the same user and JDK. That JVM collects garbage twice first, because the first collection may make more
     * objects unreachable.
     */
    static HeapHistogram of(long pid) throws IOException, InterruptedException {
        jcmd(pid, "GC.run");
        return parse(jcmd(pid, "GC.class_histogram"));
    }

    /** Reads what {@code GC.class_histogram} prints. */
    static HeapHistogram parse(List<String> lines) {
        Map<String, Long> bytes = new TreeMap<>();
        for (String line : lines) {
            // " 12:   34   5678  java.lang.String (java.base@25)"
            String[] columns = line.trim().split("\\s+");
            if (columns.length >= 4 && columns[0].matches("\\d+:")) {
                bytes.merge(columns[3], Long.parseLong(columns[2]), Long::sum);
            }
        }
        return new HeapHistogram(bytes);
    }

    /** All classes together. */
    long total() {
        return bytes.values().stream().mapToLong(Long::longValue).sum();
    }

    /** What each connection added to an earlier heap, the largest changes first. */
    Map<String, Double> perConnection(HeapHistogram before, int connections) {
        Map<String, Double> added = new TreeMap<>();
        bytes.forEach((name, count) -> added.put(name,
                (double) (count - before.bytes.getOrDefault(name, 0L)) / connections));
        before.bytes.forEach((name, count) -> added.putIfAbsent(name, -(double) count / connections));
        return added.entrySet().stream()
                .sorted(Comparator.comparingDouble(entry -> -Math.abs(entry.getValue())))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue, (a, b) -> a, LinkedHashMap::new));
    }

    private static List<String> jcmd(long pid, String command) throws IOException, InterruptedException {
        return ShortProcess.run(new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
                Long.toString(pid), command).redirectErrorStream(true), JCMD_LIMIT).lines().toList();
    }
}
