package dev.weft.internal.transport;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.weft.internal.loop.LoopThread;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Receives into arrays and sends from arrays, by calling the functions of Linux directly, with Java 22 and later: the JDK's
 * channels copy all bytes to memory outside of the heap first, and take locks.
 * <p>
 * During such a call the JVM cannot move the array, because it waits for the call before it stops its threads. So the calls must
 * be short: they do not wait for the peer, and are for a limited number of bytes.
 * <p>
 * The number of an error is stored in memory of the platform thread that makes the call. A virtual thread stays on that thread
 * from when it looks for the memory until it has read the number: everything in between is linked by {@link #prepare}.
 */
final class SocketCalls {
    static final int NOT_HERE = Integer.MIN_VALUE;

    static final int MSG_DONTWAIT = 0x40;
    static final int MSG_NOSIGNAL = 0x4000;
    static final int MSG_MORE = 0x8000;
    /** More calls than the JVM counts before it links a function in another way. */
    private static final int PREPARING_CALLS = 200;
    /** The number of arrays that a loop thread remembers: the buffers of a connection, and some more. */
    private static final int REMEMBERED = 4;
    /** The size in bytes of the largest array that is remembered. */
    private static final int LARGEST_REMEMBERED = 1 << 15;
    /** Instead of the state of a thread, if there is no memory for it. */
    private static final Object NO_MEMORY = new Object();

    private static final FunctionDescriptor TYPE = FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG,
            JAVA_INT);
    static final MethodHandle RECEIVE = NativeFunctions.linkShort("recv", TYPE);
    static final MethodHandle SEND = NativeFunctions.linkShort("send", TYPE);

    private SocketCalls() {}

    static void prepare() throws IOException {
        Descriptors.check();
        LoopThread.current();
        CallState state = new CallState(NativeFunctions.errorState(Arena.ofAuto()));
        byte[] bytes = new byte[2];
        for (int i = 0; i < PREPARING_CALLS; i++) {
            int from = i % 2; // both the whole array and a part of it
            int received = receive(state, -1, bytes, from, 1);
            int sent = send(state, -1, bytes, from, 1, 0);
            if (received != SocketErrors.EBADF || sent != SocketErrors.EBADF) {
                throw new IOException("calls without a descriptor returned " + received + " and " + sent);
            }
        }
    }

    static boolean arePossibleHere() {
        return state() != null;
    }

    static int receive(int descriptor, byte[] target, int from, int length) {
        CallState state = state();
        return state == null ? NOT_HERE : receive(state, descriptor, target, from, length);
    }

    private static int receive(CallState state, int descriptor, byte[] target, int from, int length) {
        try {
            long count = (long) RECEIVE.invokeExact(state.error, descriptor, state.segments.of(target, from),
                    (long) length, MSG_DONTWAIT);
            return count < 0 ? -NativeFunctions.error(state.error) : (int) count;
        } catch (Throwable e) {
            throw NativeFunctions.unexpected(e);
        }
    }

    static int send(int descriptor, byte[] source, int from, int length, boolean more) {
        CallState state = state();
        return state == null ? NOT_HERE : send(state, descriptor, source, from, length, more ? MSG_MORE : 0);
    }

    private static int send(CallState state, int descriptor, byte[] source, int from, int length, int options) {
        try {
            long count = (long) SEND.invokeExact(state.error, descriptor, state.segments.of(source, from),
                    (long) length, MSG_DONTWAIT | MSG_NOSIGNAL | options);
            return count < 0 ? -NativeFunctions.error(state.error) : (int) count;
        } catch (Throwable e) {
            throw NativeFunctions.unexpected(e);
        }
    }

    /** The state of the present thread; {@code null} if it runs no loops, or there is no memory. */
    private static CallState state() {
        LoopThread thread = LoopThread.current();
        if (thread == null) {
            return null;
        }
        Object state = thread.callState();
        if (state == null) {
            state = newState(thread);
        }
        return state == NO_MEMORY ? null : (CallState) state;
    }

    private static Object newState(LoopThread thread) {
        Object state = NO_MEMORY;
        try {
            // Not from the JVM's own memory outside of the heap: if that is used up, the JVM lets the thread sleep.
            state = new CallState(SystemCalls.reserve(NativeFunctions.errorStateSize(), Arena.ofAuto()));
        } catch (IOException | OutOfMemoryError e) {
            // Then this thread makes no direct calls.
        }
        if (LoopThread.current() != thread) {
            // A virtual thread may have had to wait, and now runs elsewhere.
            return NO_MEMORY;
        }
        thread.callState(state);
        return state;
    }

    /** What a thread needs for its calls. */
    private static final class CallState {
        /** Memory for the number of an error. */
        final MemorySegment error;
        final Segments segments = new Segments();

        CallState(MemorySegment error) {
            this.error = error;
        }
    }

    /**
     * The segments of the arrays of the last calls, which are often those of the next ones too. Otherwise, each call would allocate
     * objects, in memory that no cache of the processor has: that takes longer than all else that a call does outside of the
     * system.
     */
    private static final class Segments {
        private final byte[][] arrays = new byte[REMEMBERED][];
        private final MemorySegment[] segments = new MemorySegment[REMEMBERED];
        private int next;

        MemorySegment of(byte[] array, int from) {
            MemorySegment segment = of(array);
            return from == 0 ? segment : segment.asSlice(from);
        }

        private MemorySegment of(byte[] array) {
            for (int i = 0; i < REMEMBERED; i++) {
                if (arrays[i] == array) {
                    return segments[i];
                }
            }
            MemorySegment segment = MemorySegment.ofArray(array);
            if (array.length <= LARGEST_REMEMBERED) {
                segments[next] = segment;
                arrays[next] = array;
                next = (next + 1) % REMEMBERED;
            }
            return segment;
        }
    }
}
