package dev.weft.internal.transport;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The functions of Linux that a ring needs, called directly. From any thread. */
final class SystemCalls {
    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED_POPULATE = 0x8001;
    private static final int MAP_PRIVATE_ANONYMOUS = 0x22;
    private static final int EFD_CLOEXEC = 0x80000;
    private static final int F_DUPFD_CLOEXEC = 1030;

    private static final MethodHandle SYSCALL = NativeFunctions.link("syscall",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            Linker.Option.firstVariadicArg(1), NativeFunctions.captureError());
    private static final MethodHandle MMAP = NativeFunctions.link("mmap",
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MUNMAP = NativeFunctions.link("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle EVENTFD = NativeFunctions.link("eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle WRITE = NativeFunctions.link("write",
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle FCNTL = NativeFunctions.link("fcntl",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle CLOSE = NativeFunctions.link("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    private SystemCalls() {}

    /** Makes the system call with this number; returns its result, or the negated number of the error. */
    static long call(MemorySegment errorState, long number, long first, long second, long third, long fourth) {
        try {
            long result = (long) SYSCALL.invokeExact(errorState, number, first, second, third, fourth, 0L, 0L);
            return result < 0 ? -NativeFunctions.error(errorState) : result;
        } catch (Throwable e) {
            throw NativeFunctions.unexpected(e);
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
            throw NativeFunctions.unexpected(e);
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
            throw NativeFunctions.unexpected(e);
        }
    }

    /** The descriptor of a new counter of events, which is readable if it is not 0. */
    static int openEvent() throws IOException {
        int descriptor;
        try {
            descriptor = (int) EVENTFD.invokeExact(0, EFD_CLOEXEC);
        } catch (Throwable e) {
            throw NativeFunctions.unexpected(e);
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
            throw NativeFunctions.unexpected(e);
        }
    }

    /** Another descriptor of what this one is of. */
    static int duplicate(int descriptor) throws IOException {
        int another;
        try {
            another = (int) FCNTL.invokeExact(descriptor, F_DUPFD_CLOEXEC, 0);
        } catch (Throwable e) {
            throw NativeFunctions.unexpected(e);
        }
        if (another < 0) {
            throw new IOException("no descriptor is left");
        }
        return another;
    }

    /** Closes a descriptor. */
    static void close(int descriptor) {
        try {
            int ignored = (int) CLOSE.invokeExact(descriptor);
        } catch (Throwable e) {
            throw NativeFunctions.unexpected(e);
        }
    }
}
