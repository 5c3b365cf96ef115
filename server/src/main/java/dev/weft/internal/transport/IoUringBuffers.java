package dev.weft.internal.transport;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * The buffers into which a ring receives. The system takes one for each receive; the thread that reads the bytes gives it back,
 * from any thread, by pushing it on a list; the engine takes the whole list and returns the buffers to the ring.
 * <p>
 * If the system finds no buffer, the transport waits here until buffers have been given back.
 */
final class IoUringBuffers {
    /** Enough that all sockets of a usual server may be ready at once. */
    private static final int COUNT = 1024;
    private static final int SIZE = 8192;
    private static final int NONE = -1;

    private static final AtomicIntegerFieldUpdater<IoUringBuffers> RETURNED = AtomicIntegerFieldUpdater
            .newUpdater(IoUringBuffers.class, "returned");

    /** A receive for which the system had no buffer. */
    interface Waiter {
        /** Repeats the receive. */
        void receiveAgain();
    }

    private final Ring ring;
    private final Runnable wakeUp;
    private final ByteBuffer memory;
    /** The list of returned buffers: the newest, and for each the one that was returned before it. */
    private volatile int returned = NONE;
    private final int[] before = new int[COUNT];

    // For the engine's thread.

    /** The number of buffers that the system has, or has received into with a completion that is not served yet. */
    private int available = COUNT;
    /** The receives that wait for a buffer. */
    private final ArrayDeque<Waiter> waiting = new ArrayDeque<>();
    private volatile boolean wanted;

    IoUringBuffers(Ring ring, Runnable wakeUp) {
        this.ring = ring;
        this.wakeUp = wakeUp;
        this.memory = ring.buffers();
    }

    /** Opens a ring with such buffers. */
    static Ring openRing(int requests, int completions) throws IOException {
        return Rings.open(requests, completions, COUNT, SIZE);
    }

    // Any thread.

    /** The number of bytes of each buffer. */
    int size() {
        return SIZE;
    }

    /** Copies bytes from a buffer, from an offset on, and advances the target. */
    void copy(int buffer, int offset, ByteBuffer target, int count) {
        target.put(target.position(), memory, buffer * SIZE + offset, count).position(target.position() + count);
    }

    /** Gives a buffer back; the caller must not use it any more. */
    void giveBack(int buffer) {
        int newest;
        do {
            newest = returned;
            before[buffer] = newest;
        } while (!RETURNED.compareAndSet(this, newest, buffer));
        // The engine announces that buffers are wanted before it looks for returned ones for the last time.
        if (wanted) {
            wakeUp.run();
        }
    }

    // The engine's thread.

    /** The system has received into a buffer. */
    void took() {
        available--;
    }

    /**
     * Makes the receive be repeated when the system has a buffer. It may have one by now: buffers are returned while
     * the completions that found none wait to be served.
     */
    void await(Waiter waiter) {
        waiting.add(waiter);
        wanted = true;
    }

    /** Whether the engine must not wait, because a transport waits for a buffer and there is one. */
    boolean mustReturn() {
        return wanted && (returned != NONE || available > 0);
    }

    /** Returns the buffers to the ring, and repeats as many of the receives that had none as there are buffers. */
    void returnToRing() throws IOException {
        if (returned != NONE) {
            for (int buffer = RETURNED.getAndSet(this, NONE); buffer != NONE; buffer = before[buffer]) {
                ring.giveBack(buffer);
                available++;
            }
            ring.publishBuffers();
        }
        if (wanted) {
            // A receive that finds none after all waits here once more.
            for (int i = 0; i < available && !waiting.isEmpty(); i++) {
                waiting.remove().receiveAgain();
            }
            wanted = !waiting.isEmpty();
        }
    }
}
