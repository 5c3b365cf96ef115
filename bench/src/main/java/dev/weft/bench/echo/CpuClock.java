package dev.weft.bench.echo;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The CPU time of a process, as the system counts it. It is exact to the nanosecond, as the sum over the threads, if the kernel
 * provides this and no busy thread has ended meanwhile. Otherwise it comes from the account of the process, in ticks.
 */
public record CpuClock(long pid) {
    private static final long NANOS_PER_TICK = 10_000_000;
    /** User time and system time are both truncated to whole ticks, at the start and at the end. */
    private static final long TICKS_MAY_DIFFER = 4 * NANOS_PER_TICK;

    /** The CPU time used so far. */
    public Reading read() throws IOException {
        return new Reading(ticks() * NANOS_PER_TICK, threads());
    }

    private long ticks() throws IOException {
        String stat = Files.readString(process().resolve("stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    }

    /** The CPU time so far of threads whose names have this prefix, in nanoseconds; 0 if the kernel does not provide it. */
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
                    // The thread has ended, or the kernel does not provide this: the ticks are used instead.
                }
            }
        }
        return nanos;
    }

    private Path process() {
        return Path.of("/proc", Long.toString(pid));
    }

    /** One reading. */
    public record Reading(long byTicks, long byThreads) {
        /** The CPU time since an earlier reading. */
        public long nanosSince(Reading before) {
            long ticks = byTicks - before.byTicks;
            long threads = byThreads - before.byThreads;
            return Math.abs(ticks - threads) <= TICKS_MAY_DIFFER ? threads : ticks;
        }
    }
}
