package dev.weft.bench.scaling;

import dev.weft.bench.process.ShortProcess;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicIntegerArray;

/** The cost of transferring a cache line from one core to another on this machine. */
final class LineTransfer {
    private static final int BATCHES = 2000;
    /** Small enough that the threads rarely lose their cores meanwhile, whatever else the machine does. */
    private static final int ROUNDS = 1000;
    /** In the middle of an array that is longer than two lines. */
    private static final int AT = 32;
    private static final int SIZE = 64;
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private LineTransfer() {}

    /**
     * Nanoseconds for one transfer between cores 0 and 1. Two threads pass a number back and forth; the time is from a write on
     * one core until the other core has seen it and has written in turn. The minimum of many short batches.
     */
    static double nanos() throws IOException, InterruptedException {
        AtomicIntegerArray turn = new AtomicIntegerArray(SIZE);
        long[] least = {Long.MAX_VALUE, Long.MAX_VALUE};
        both(side -> {
            for (int i = 0; i < BATCHES; i++) {
                long start = System.nanoTime();
                handOver(turn, side);
                least[side] = Math.min(least[side], System.nanoTime() - start);
            }
        });
        return least[0] / (2.0 * ROUNDS);
    }

    private static void handOver(AtomicIntegerArray turn, int side) {
        for (int i = 0; i < ROUNDS; i++) {
            while (turn.get(AT) != side) {
                Thread.onSpinWait();
            }
            turn.set(AT, 1 - side);
        }
    }

    private interface Side {
        void run(int side);
    }

    /** Runs both sides, each on its own core. */
    private static void both(Side work) throws IOException, InterruptedException {
        CountDownLatch pinned = new CountDownLatch(1);
        Thread[] threads = new Thread[2];
        for (int i = 0; i < 2; i++) {
            int side = i;
            threads[i] = Thread.ofPlatform().name("weft-line-" + i).daemon().start(() -> {
                try {
                    pinned.await();
                } catch (InterruptedException e) {
                    return;
                }
                work.run(side);
            });
        }
        for (int i = 0; i < 2; i++) {
            pin("weft-line-" + i, i);
        }
        pinned.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
    }

    private static void pin(String name, int core) throws IOException, InterruptedException {
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(Path.of("/proc/self/task"))) {
            for (Path thread : threads) {
                if (Files.readString(thread.resolve("comm")).strip().equals(name)) {
                    ShortProcess.run(new ProcessBuilder("taskset", "-p", "-c", Integer.toString(core),
                            thread.getFileName().toString()).redirectErrorStream(true), LIMIT);
                    return;
                }
            }
        }
        throw new IOException("no thread is called " + name);
    }
}
