package dev.weft.bench.echo;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The CPU time of a process, as the system counts it: to the nanosecond by adding up its threads, where the kernel tells
 * that and no thread that did much has ended meanwhile, else from the process's own account in ticks.
 */
record CpuClock(long pid) {
    private static final long NANOS_PER_TICK = 10_000_000;
    /** Both accounts are cut to whole ticks: user time and system time, at either end. */
    private static final long TICKS_MAY_DIFFER = 4 * NANOS_PER_TICK;

    /** How much it took until now. */
    Reading read() throws IOException {
        return new Reading(ticks() * NANOS_PER_TICK, threads());
    }

    private long ticks() throws IOException {
        String stat = Files.readString(process().resolve("stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    }

    /** What threads whose name begins so took until now, in nanoseconds; 0 where the kernel does not tell. */
    long ofThreads(String prefix) throws IOException {
        return threads(prefix);
    }

    private long threads() throws IOException {
        return threads("");
    }

    private long threads(String prefix) throws IOException {
        long nanos = 0;
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(process().resolve("task"))) {
            for (Path thread : threads) {
                try {
                    if (!prefix.isEmpty() && !Files.readString(thread.resolve("comm")).startsWith(prefix)) {
                        continue;
                    }
                    String schedstat = Files.readString(thread.resolve("schedstat"));
                    nanos += Long.parseLong(schedstat.substring(0, schedstat.indexOf(' ')));
                } catch (IOException e) {
                    // The thread ended, or the kernel does not tell: the ticks will.
                }
            }
        }
        return nanos;
    }

    private Path process() {
        return Path.of("/proc", Long.toString(pid));
    }

    /** One reading. */
    record Reading(long byTicks, long byThreads) {
        long nanosSince(Reading before) {
            long ticks = byTicks - before.byTicks;
            long threads = byThreads - before.byThreads;
            return Math.abs(ticks - threads) <= TICKS_MAY_DIFFER ? threads : ticks;
        }
    }
}
