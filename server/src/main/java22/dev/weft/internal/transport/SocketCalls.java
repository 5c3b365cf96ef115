package dev.weft.internal.transport;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.weft.internal.loop.LoopThread;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Receives into arrays and sends from arrays, by calling the functions of Linux directly, with Java 22 and later: the JDK's
 * channels copy all bytes to memory outside of the heap first, and take locks.
 * <p>
 * During such a call the JVM cannot move the array, because it waits for the call before it stops the threads. So the calls must
 * be short: they never wait, and are for a limited number of bytes.
 */
final class SocketCalls {
    static final int NOT_HERE = Integer.MIN_VALUE;

    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_MORE = 0x8000;

    private static final FunctionDescriptor TYPE = FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG,
            JAVA_INT);
    private static final MethodHandle RECEIVE = SystemCalls.shortCall("recv", TYPE);
    private static final MethodHandle SEND = SystemCalls.shortCall("send", TYPE);

    private SocketCalls() {}

    /** Finds no descriptor, and makes each call once without one, so that the JVM links it now, and not while a loop waits. */
    static void prepare() throws Throwable {
        MemorySegment state = SystemCalls.errorState(Arena.ofAuto());
        Descriptors.of(null);
        byte[] bytes = new byte[1];
        int received = receive(state, -1, bytes, 0, 1);
        int sent = send(state, -1, bytes, 0, 1, 0);
        if (received != SocketErrors.EBADF || sent != SocketErrors.EBADF) {
            throw new IOException("calls without a descriptor returned " + received + " and " + sent);
        }
    }

    static int receive(int descriptor, byte[] target, int from, int length) {
        MemorySegment state = errorState();
        return state == null ? NOT_HERE : receive(state, descriptor, target, from, length);
    }

    private static int receive(MemorySegment state, int descriptor, byte[] target, int from, int length) {
        try {
            long count = (long) RECEIVE.invokeExact(state, descriptor, MemorySegment.ofArray(target).asSlice(from),
                    (long) length, MSG_DONTWAIT);
            return count < 0 ? -SystemCalls.error(state) : (int) count;
        } catch (Throwable e) {
            throw SystemCalls.unexpected(e);
        }
    }

    static int send(int descriptor, byte[] source, int from, int length, boolean more) {
        MemorySegment state = errorState();
        return state == null ? NOT_HERE : send(state, descriptor, source, from, length, more ? MSG_MORE : 0);
    }

    private static int send(MemorySegment state, int descriptor, byte[] source, int from, int length, int options) {
        try {
            long count = (long) SEND.invokeExact(state, descriptor, MemorySegment.ofArray(source).asSlice(from),
                    (long) length, MSG_DONTWAIT | MSG_NOSIGNAL | options);
            return count < 0 ? -SystemCalls.error(state) : (int) count;
        } catch (Throwable e) {
            throw SystemCalls.unexpected(e);
        }
    }

    /** Memory of the present thread for the number of an error; {@code null} if the thread runs no loops. */
    private static MemorySegment errorState() {
        LoopThread thread = LoopThread.current();
        if (thread == null) {
            return null;
        }
        Object state = thread.callState();
        if (state == null) {
            state = SystemCalls.errorState(Arena.ofAuto());
            thread.callState(state);
        }
        return (MemorySegment) state;
    }
}
