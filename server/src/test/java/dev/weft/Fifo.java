package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** A named pipe that nothing is written to: a thread that opens it and reads from it blocks in native code. */
public final class Fifo {
    private final Path file;
    private final AtomicInteger inside = new AtomicInteger();
    private volatile boolean released;

    private Fifo(Path file) {
        this.file = file;
    }

    /** A new one in this folder. */
    public static Fifo in(Path folder) throws IOException, InterruptedException {
        Path file = folder.resolve("fifo");
        assertEquals(0, new ProcessBuilder("mkfifo", file.toString()).inheritIO().start().waitFor());
        return new Fifo(file);
    }

    /** Blocks until {@link #release}, with a virtual thread's carrier. */
    public void block() throws IOException {
        inside.incrementAndGet();
        try {
            if (!released) {
                try (FileInputStream in = new FileInputStream(file.toFile())) {
                    assertEquals(-1, in.read());
                }
            }
        } finally {
            inside.decrementAndGet();
        }
    }

    /** The number of threads in {@link #block}. */
    public int inside() {
        return inside.get();
    }

    /** Lets go of the threads that block, and of those that would. */
    public void release() throws IOException {
        released = true;
        while (inside.get() > 0) {
            // For both: to open it for writing alone blocks while none reads. Its close ends the reads of others.
            RandomAccessFile both = new RandomAccessFile(file.toFile(), "rw");
            LockSupport.parkNanos(1_000_000);
            both.close();
        }
    }
}
