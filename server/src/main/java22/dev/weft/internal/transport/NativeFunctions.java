package dev.weft.internal.transport;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/** Links functions of the C library, and reads the numbers of their errors. From any thread. */
final class NativeFunctions {
    private static final String ERRNO_NAME = "errno";
    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement(ERRNO_NAME));

    private NativeFunctions() {}

    /** A function. */
    @SuppressWarnings("restricted")
    static MethodHandle link(String name, FunctionDescriptor type, Linker.Option... options) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().find(name).orElseThrow(), type, options);
    }

    /**
     * A function that does not wait, and takes arrays of the heap, which the JVM does not move during the call. Its first
     * argument is what {@link #errorState} returned.
     */
    static MethodHandle linkShort(String name, FunctionDescriptor type) {
        return link(name, type, Linker.Option.critical(true), captureError());
    }

    /** An option: the function's first argument is what {@link #errorState} returned. */
    static Linker.Option captureError() {
        return Linker.Option.captureCallState(ERRNO_NAME);
    }

    /** The size in bytes of the memory for the number of an error. */
    static long errorStateSize() {
        return STATE.byteSize();
    }

    /** Memory for the number of an error; for one call at a time. */
    static MemorySegment errorState(Arena arena) {
        return arena.allocate(STATE);
    }

    /** The number of the error of the last call with this memory. */
    static int error(MemorySegment errorState) {
        return (int) ERRNO.get(errorState, 0L);
    }

    /** The functions throw nothing themselves, but there may be no memory, or no stack, to call them. */
    static RuntimeException unexpected(Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        return e instanceof RuntimeException runtime ? runtime : new IllegalStateException(e);
    }
}
