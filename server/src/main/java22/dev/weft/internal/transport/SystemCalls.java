package dev.weft.internal.transport;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/** The functions of Linux that a ring needs, called directly. From any thread. */
final class SystemCalls {
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED_POPULATE = 0x8001;
    private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
    private static final int EFD_CLOEXEC = 0x80000;

    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

    private static final MethodHandle SYSCALL = handle("syscall",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            Linker.Option.firstVariadicArg(1), Linker.Option.captureCallState("errno"));
    private static final MethodHandle MMAP = handle("mmap",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MUNMAP = handle("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle EVENTFD = handle("eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle WRITE = handle("write",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle CLOSE = handle("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    private SystemCalls() {}

    @SuppressWarnings("restricted")
    private static MethodHandle handle(String name, FunctionDescriptor type, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), type, options);
    }

    /**
     * A function that never waits, and takes arrays of the heap: the call is not interrupted by the JVM. Its first argument is
     * what {@link #errorState} returned.
     */
    static MethodHandle shortCall(String name, FunctionDescriptor type) {
        return handle(name, type, Linker.Option.critical(true), Linker.Option.captureCallState("errno"));
    }

    /** Memory for the number of an error; for one call at a time. */
    static MemorySegment errorState(Arena arena) {
        return arena.allocate(STATE);
    }

    /** The number of the error of the last call with this memory. */
    static int error(MemorySegment errorState) {
        return (int) ERRNO.get(errorState, 0L);
    }

    /** Makes the system call with this number; returns its result, or the negated number of the error. */
    static long call(MemorySegment errorState, long number, long first, long second, long third, long fourth) {
        try {
            long result = (long) SYSCALL.invokeExact(errorState, number, first, second, third, fourth, 0L, 0L);
            return result < 0 ? -error(errorState) : result;
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Maps the memory that a descriptor has at an offset, until the arena is closed. */
    static MemorySegment map(int descriptor, long offset, long size, Arena arena) throws IOException {
        return map(size, MAP_SHARED_POPULATE, descriptor, offset, arena);
    }

    /** Reserves whole pages of memory until the arena is closed. Those that are never used occupy none. */
    static MemorySegment reserve(long size, Arena arena) throws IOException {
        return map(size, MAP_PRIVATE_ANONYMOUS, -1, 0, arena);
    }

    @SuppressWarnings("restricted")
    private static MemorySegment map(long size, int kind, int descriptor, long offset, Arena arena) throws IOException {
        long address;
        try {
            address = (long) MMAP.invokeExact(0L, size, PROT_READ_WRITE, kind, descriptor, offset);
        } catch (Throwable e) {
            throw unexpected(e);
        }
        if (address == -1) {
            throw new IOException("memory for an io_uring cannot be mapped");
        }
        return MemorySegment.ofAddress(address).reinterpret(size, arena, SystemCalls::unmap);
    }

    private static void unmap(MemorySegment mapped) {
        try {
            int ignored = (int) MUNMAP.invokeExact(mapped.address(), mapped.byteSize());
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** The descriptor of a new counter of events, which is readable if it is not 0. */
    static int openEvent() throws IOException {
        int descriptor;
        try {
            descriptor = (int) EVENTFD.invokeExact(0, EFD_CLOEXEC);
        } catch (Throwable e) {
            throw unexpected(e);
        }
        if (descriptor < 0) {
            throw new IOException("no descriptor is left for the wake-ups of an io_uring");
        }
        return descriptor;
    }

    /** Adds the number in this memory to a counter of events. */
    static void addEvent(int descriptor, MemorySegment number) {
        try {
            long ignored = (long) WRITE.invokeExact(descriptor, number, 8L);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Closes a descriptor. */
    static void close(int descriptor) {
        try {
            int ignored = (int) CLOSE.invokeExact(descriptor);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** The functions throw nothing themselves, but there may be no memory, or no stack, to call them. */
    static RuntimeException unexpected(Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        return e instanceof RuntimeException runtime ? runtime : new IllegalStateException(e);
    }
}
