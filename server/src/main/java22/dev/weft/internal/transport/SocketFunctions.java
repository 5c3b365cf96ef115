package dev.weft.internal.transport;

import static dev.weft.internal.transport.SocketCalls.MSG_DONTWAIT;
import static dev.weft.internal.transport.SocketCalls.MSG_MORE;
import static dev.weft.internal.transport.SocketCalls.MSG_NOSIGNAL;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;

/**
 * The functions of Linux for a connected socket, by the number of its descriptor, for {@link AcceptedChannel}. They do not wait.
 * From any thread, but only one at a time receives from a socket, and one sends. {@link SocketCalls} are quicker, but possible on
 * loops alone.
 * <p>
 * For each descriptor there is memory for the numbers of errors: of a receive, of a send, and of other functions. If two of the
 * latter fail at once, one may report the number of the other.
 */
final class SocketFunctions {
    /** An option of a socket: its level, and its name. */
    enum Option {
        TCP_NODELAY(6, 1), SO_SNDBUF(1, 7), SO_RCVBUF(1, 8), SO_KEEPALIVE(1, 9), SO_LINGER(1, 13);

        private final int level;
        private final int name;

        Option(int level, int name) {
            this.level = level;
            this.name = name;
        }
    }

    private static final long FIONREAD = 0x541b;
    private static final int SHUT_WR = 1;
    /** The size in bytes of an address of IPv6, which is larger than one of IPv4. */
    private static final int ADDRESS_SIZE = 28;

    private static final FunctionDescriptor NAME = FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
    private static final MethodHandle REMOTE = NativeFunctions.linkShort("getpeername", NAME);
    private static final MethodHandle LOCAL = NativeFunctions.linkShort("getsockname", NAME);
    private static final MethodHandle SHUT_DOWN = NativeFunctions.linkShort("shutdown",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle SET = NativeFunctions.linkShort("setsockopt",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));

    private static final MethodHandle GET = NativeFunctions.linkShort("getsockopt",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));

    @SuppressWarnings("restricted")
    private static final MethodHandle CONTROL = NativeFunctions.link("ioctl",
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS), Linker.Option.critical(true),
            Linker.Option.firstVariadicArg(2));

    // What a number of an error belongs to.
    private static final int RECEIVE = 0;
    private static final int SEND = 1;
    private static final int OTHER = 2;
    private static final int KINDS = 4;
    /** More descriptors than a process usually may have; beyond, two share their memory. */
    private static final int DESCRIPTORS = 1 << 20;
    /** Pages that are never used occupy no memory. */
    private static final MemorySegment ERRORS = reserve();

    private SocketFunctions() {}

    private static MemorySegment reserve() {
        try {
            return SystemCalls.reserve(KINDS * DESCRIPTORS * NativeFunctions.errorStateSize(), Arena.global());
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Memory for the number of an error of this kind. */
    private static MemorySegment error(int descriptor, int kind) {
        long size = NativeFunctions.errorStateSize();
        return ERRORS.asSlice(((descriptor & DESCRIPTORS - 1) * KINDS + kind) * size, size);
    }

    /** Receives what has arrived; returns the number of bytes, 0 if none have arrived, or -1 at their end. */
    static int receive(int descriptor, ByteBuffer target) throws IOException {
        int count = receive(error(descriptor, RECEIVE), descriptor, target);
        return count == 0 ? -1 : SocketErrors.count(count);
    }

    /** Whether bytes have arrived that were not received. Receives nothing: that would take the report of a reset. */
    static boolean haveArrived(int descriptor) {
        int[] count = new int[1];
        int result;
        try {
            result = (int) CONTROL.invokeExact(descriptor, FIONREAD, MemorySegment.ofArray(count));
        } catch (Throwable e) {
            throw NativeFunctions.unexpected(e);
        }
        return result == 0 && count[0] > 0;
    }

    private static int receive(MemorySegment error, int descriptor, ByteBuffer target) {
        MemorySegment memory = MemorySegment.ofBuffer(target);
        try {
            long count = (long) SocketCalls.RECEIVE.invokeExact(error, descriptor, memory, most(memory), MSG_DONTWAIT);
            return count < 0 ? -NativeFunctions.error(error) : (int) count;
        } catch (Throwable e) {
            throw NativeFunctions.unexpected(e);
        }
    }

    /** Sends what the system takes at once; returns the number of bytes. If more is sent at once, the system waits for it. */
    static int send(int descriptor, ByteBuffer source, boolean more) throws IOException {
        if (!source.hasRemaining()) {
            return 0;
        }
        MemorySegment error = error(descriptor, SEND);
        MemorySegment memory = MemorySegment.ofBuffer(source);
        int options = MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0);
        long count;
        try {
            count = (long) SocketCalls.SEND.invokeExact(error, descriptor, memory, most(memory), options);
        } catch (Throwable e) {
            throw NativeFunctions.unexpected(e);
        }
        return SocketErrors.count(count < 0 ? -NativeFunctions.error(error) : (int) count);
    }

    private static long most(MemorySegment memory) {
        return Math.min(memory.byteSize(), NonBlockingTransport.MOST_PER_CALL);
    }

    static void shutdownOutput(int descriptor) throws IOException {
        MemorySegment error = error(descriptor, OTHER);
        int result;
        try {
            result = (int) SHUT_DOWN.invokeExact(error, descriptor, SHUT_WR);
        } catch (Throwable e) {
            throw NativeFunctions.unexpected(e);
        }
        check(result, error);
    }

    /** Sets an option; a negative {@code SO_LINGER} turns that off. */
    static void set(int descriptor, Option option, int value) throws IOException {
        int[] values = option == Option.SO_LINGER ? new int[]{value < 0 ? 0 : 1, Math.max(0, value)} : new int[]{value};
        MemorySegment error = error(descriptor, OTHER);
        int result;
        try {
            result = (int) SET.invokeExact(error, descriptor, option.level, option.name, MemorySegment.ofArray(values),
                    Integer.BYTES * values.length);
        } catch (Throwable e) {
            throw NativeFunctions.unexpected(e);
        }
        check(result, error);
    }

    /** The value of an option; -1 for {@code SO_LINGER} if that is off. */
    static int get(int descriptor, Option option) throws IOException {
        int[] values = new int[option == Option.SO_LINGER ? 2 : 1];
        int[] size = {Integer.BYTES * values.length};
        MemorySegment error = error(descriptor, OTHER);
        int result;
        try {
            result = (int) GET.invokeExact(error, descriptor, option.level, option.name, MemorySegment.ofArray(values),
                    MemorySegment.ofArray(size));
        } catch (Throwable e) {
            throw NativeFunctions.unexpected(e);
        }
        check(result, error);
        return values.length == 1 ? values[0] : values[0] == 0 ? -1 : values[1];
    }

    // The handle of a function must be a constant where it is called: otherwise, the compiler cannot link the call.

    /** The address of the peer. Fails if the peer has reset the connection. */
    static CompactAddress remoteAddress(int descriptor) throws IOException {
        byte[] bytes = new byte[ADDRESS_SIZE];
        int[] size = {ADDRESS_SIZE};
        MemorySegment error = error(descriptor, OTHER);
        int result;
        try {
            result = (int) REMOTE.invokeExact(error, descriptor, MemorySegment.ofArray(bytes), MemorySegment.ofArray(size));
        } catch (Throwable e) {
            throw NativeFunctions.unexpected(e);
        }
        check(result, error);
        return CompactAddress.of(bytes);
    }

    static CompactAddress localAddress(int descriptor) throws IOException {
        byte[] bytes = new byte[ADDRESS_SIZE];
        int[] size = {ADDRESS_SIZE};
        MemorySegment error = error(descriptor, OTHER);
        int result;
        try {
            result = (int) LOCAL.invokeExact(error, descriptor, MemorySegment.ofArray(bytes), MemorySegment.ofArray(size));
        } catch (Throwable e) {
            throw NativeFunctions.unexpected(e);
        }
        check(result, error);
        return CompactAddress.of(bytes);
    }

    private static void check(int result, MemorySegment error) throws IOException {
        if (result < 0) {
            throw SocketErrors.failure(-NativeFunctions.error(error));
        }
    }
}
