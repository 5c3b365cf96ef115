package dev.weft.internal.transport;

import dev.weft.internal.time.Failures;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;
import java.nio.channels.Pipe;

/**
 * Checks whether the JDK still wakes virtual threads whose socket is ready: a virtual thread reads from a pipe, to which a byte
 * is written from time to time. For transports that leave waiting to the JDK.
 * <p>
 * After memory was exhausted, the JDK may not work fully: a thread that waits for a socket may never be woken again, and
 * nothing shows it. So the probe also records whether memory is, or ever was, exhausted.
 */
final class WakeUpProbe implements AutoCloseable {
    /**
     * The size of a test allocation in bytes. If it fails, there is too little memory to work with. It is larger than what a
     * thread usually has left of the memory that it has reserved for itself, so the attempt depends on the heap.
     */
    private static final int LITTLE = 1 << 16;

    private final Pipe pipe = Pipe.open();
    private final Failures failures;
    private final Thread thread;
    private final ByteBuffer written = ByteBuffer.allocate(1);
    private volatile boolean closed;
    private volatile boolean memoryLacked;
    /** Never used; a field, so that the allocation is not optimized away. */
    private volatile byte[] little;
    /**
     * The number of bytes that have been read, which wraps around; and, for the caller of {@link #beat}, its value at the last
     * call.
     */
    private volatile int beats;
    private int beatsSeen;
    private boolean asked;

    /** Starts the probe. */
    WakeUpProbe(Failures failures) throws IOException {
        this.failures = failures;
        pipe.sink().configureBlocking(false);
        thread = Thread.ofVirtual().name(failures.what()).inheritInheritableThreadLocals(false).start(this::run);
    }

    /**
     * Whether the thread was woken since the last call; if so, writes a byte to wake it again. For one thread. Does not block.
     */
    boolean beat() {
        int now = beats;
        boolean moved = now != beatsSeen;
        beatsSeen = now;
        if (moved || !asked) {
            try {
                asked = pipe.sink().write(written.clear()) > 0;
            } catch (IOException e) {
                asked = false;
                failures.note(e);
            }
        }
        return moved;
    }

    /** Checks whether memory can be allocated. Call it about once a second. Does not block, and does not throw. */
    void checkMemory() {
        try {
            little = new byte[LITTLE];
        } catch (OutOfMemoryError e) {
            memoryLacked = true;
        }
        little = null;
    }

    /** Whether memory was exhausted at some time since the start, so that the JDK may have lost waiting threads. */
    boolean hasLackedMemory() {
        return memoryLacked;
    }

    /** Whether the thread has ended although the probe was not closed. */
    boolean isDead() {
        return !closed && !thread.isAlive();
    }

    private void run() {
        ByteBuffer read = ByteBuffer.allocate(1);
        while (!closed) {
            try {
                readOnce(read);
            } catch (Throwable e) {
                // Even handling a failure can fail: code that runs for the first time may have to load a class.
            }
        }
    }

    private void readOnce(ByteBuffer read) {
        try {
            if (pipe.source().read(read.clear()) > 0) {
                beats++;
            }
        } catch (Throwable e) {
            if (!closed) {
                failures.note(e);
                Thread.yield();
            }
        }
    }

    /** Ends the thread. */
    @Override
    public void close() {
        closed = true;
        close(pipe.sink());
        close(pipe.source());
    }

    private static void close(Channel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // The descriptor is released either way.
        }
    }
}
