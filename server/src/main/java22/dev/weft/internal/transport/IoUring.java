package dev.weft.internal.transport;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * A ring. Its two queues are memory that is shared with the system: each side writes to one of them, and announces by the
 * queue's tail how far; the other side announces by the queue's head how far it has read. Names in capitals are those of {@code
 * linux/io_uring.h}, without their prefix.
 * <p>
 * The thread may change because the ring is set up without {@code SINGLE_ISSUER}.
 */
final class IoUring implements Ring {
    private static final int SYS_SETUP = 425;
    private static final int SYS_ENTER = 426;
    private static final int SYS_REGISTER = 427;

    private static final int SETUP_CQSIZE = 1 << 3;
    private static final int SETUP_CLAMP = 1 << 4;
    private static final int SETUP_SUBMIT_ALL = 1 << 7;
    private static final int SETUP_COOP_TASKRUN = 1 << 8;
    private static final int SETUP_TASKRUN_FLAG = 1 << 9;
    private static final int FEATURES = 1 | 1 << 1 | 1 << 11; // SINGLE_MMAP, NODROP, CQE_SKIP
    private static final int ENTER_GETEVENTS = 1;
    private static final int REGISTER_PBUF_RING = 22;
    private static final int SQ_CQ_OVERFLOW = 1 << 1;
    private static final int SQ_TASKRUN = 1 << 2;
    private static final long OFF_SQ_RING = 0;
    private static final long OFF_SQES = 0x10000000L;

    private static final int OP_POLL_ADD = 6;
    private static final int OP_ACCEPT = 13;
    private static final int OP_ASYNC_CANCEL = 14;
    private static final int OP_READ = 22;
    private static final int OP_SEND = 26;
    private static final int OP_RECV = 27;
    private static final int SQE_BUFFER_SELECT = 1 << 5;
    private static final int SQE_CQE_SKIP_SUCCESS = 1 << 6;
    private static final int RECVSEND_POLL_FIRST = 1;
    private static final int ACCEPT_MULTISHOT = 1;
    private static final int CQE_BUFFER = 1;
    private static final int CQE_BUFFER_SHIFT = 16;
    private static final int CQE_MORE = 1 << 1;
    private static final int CQE_SOCK_NONEMPTY = 1 << 2;

    private static final int SQE_SIZE = 64;
    private static final int CQE_SIZE = 16;
    private static final int BUFFER_ENTRY_SIZE = 16;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_WAITALL = 0x100;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int POLLIN = 1;
    private static final int POLLOUT = 4;
    /** The user data of requests whose completions are skipped. */
    private static final long SKIPPED = 0;

    private static final VarHandle INT = JAVA_INT.varHandle();
    private static final VarHandle SHORT = JAVA_SHORT.varHandle();

    private final Arena arena = Arena.ofShared();
    private final MemorySegment errorState = NativeFunctions.errorState(arena);
    private final int ring;
    private int event = -1;

    private final MemorySegment sqes;
    private final int sqEntries;
    /** The memory of both queues, and the offsets in it. */
    private final MemorySegment rings;
    private final long sqHead;
    private final long sqTail;
    private final long sqFlags;
    private final long cqHead;
    private final long cqTail;
    private final long cqes;
    private final int cqMask;

    private final MemorySegment bufferRing;
    private final MemorySegment bufferMemory;
    private final ByteBuffer buffers;
    private final int bufferMask;
    private final int bufferSize;
    private short bufferTail;

    private final MemorySegment eventNumber;
    private final MemorySegment one;

    /** The number of requests so far, and how many of them are submitted; they wrap around. */
    private int requested;
    private int submitted;
    /** The number of completions that were taken so far, that are known to be there, and that were seen; they wrap around. */
    private int taken;
    private int completed;
    private int seen;
    /** The completion that was taken last. */
    private long userData;
    private int result;
    private int flags;

    /** Sets a ring up; the arguments are those of {@link Rings#open}. */
    IoUring(int requests, int completions, int bufferCount, int bufferSize) throws IOException {
        this.bufferMask = bufferCount - 1;
        this.bufferSize = bufferSize;
        MemorySegment parameters = arena.allocate(120, 8);
        parameters.set(JAVA_INT, 4, completions);
        parameters.set(JAVA_INT, 8,
                SETUP_CQSIZE | SETUP_CLAMP | SETUP_SUBMIT_ALL | SETUP_COOP_TASKRUN | SETUP_TASKRUN_FLAG);
        long opened = SystemCalls.call(errorState, SYS_SETUP, requests, parameters.address(), 0, 0);
        if (opened < 0) {
            arena.close();
            throw new IOException("io_uring_setup: error " + -opened);
        }
        ring = (int) opened;
        try {
            if ((parameters.get(JAVA_INT, 20) & FEATURES) != FEATURES) {
                throw new IOException("io_uring_setup: features " + parameters.get(JAVA_INT, 20));
            }
            sqEntries = parameters.get(JAVA_INT, 0);
            sqHead = parameters.get(JAVA_INT, 40);
            sqTail = parameters.get(JAVA_INT, 44);
            sqFlags = parameters.get(JAVA_INT, 56);
            cqHead = parameters.get(JAVA_INT, 80);
            cqTail = parameters.get(JAVA_INT, 84);
            cqes = parameters.get(JAVA_INT, 100);
            int cqEntries = parameters.get(JAVA_INT, 4);
            cqMask = cqEntries - 1;
            long sqArray = parameters.get(JAVA_INT, 64);
            long size = Math.max(sqArray + 4L * sqEntries, cqes + (long) CQE_SIZE * cqEntries);
            rings = SystemCalls.map(ring, OFF_SQ_RING, size, arena);
            sqes = SystemCalls.map(ring, OFF_SQES, (long) SQE_SIZE * sqEntries, arena);
            for (int i = 0; i < sqEntries; i++) {
                rings.set(JAVA_INT, sqArray + 4L * i, i);
            }
            bufferRing = SystemCalls.reserve((long) BUFFER_ENTRY_SIZE * bufferCount, arena);
            bufferMemory = SystemCalls.reserve((long) bufferCount * bufferSize, arena);
            buffers = bufferMemory.asByteBuffer();
            registerBuffers(bufferCount);
            eventNumber = arena.allocate(JAVA_LONG);
            one = arena.allocate(JAVA_LONG);
            one.set(JAVA_LONG, 0, 1);
            event = SystemCalls.openEvent();
        } catch (Throwable e) {
            close();
            throw e;
        }
    }

    private void registerBuffers(int count) throws IOException {
        MemorySegment registration = arena.allocate(40, 8);
        registration.set(JAVA_LONG, 0, bufferRing.address());
        registration.set(JAVA_INT, 8, count);
        long registered = SystemCalls.call(errorState, SYS_REGISTER, ring, REGISTER_PBUF_RING, registration.address(), 1);
        if (registered < 0) {
            throw new IOException("io_uring_register: error " + -registered);
        }
        for (int i = 0; i < count; i++) {
            giveBack(i);
        }
        publishBuffers();
    }

    // Requests.

    @Override
    public void receive(int descriptor, boolean perhapsArrived, long data) throws IOException {
        int priority = perhapsArrived ? 0 : RECVSEND_POLL_FIRST;
        request(OP_RECV | SQE_BUFFER_SELECT << 8 | priority << 16, descriptor, 0, 0, 0, data);
    }

    @Override
    public void send(int descriptor, long address, int length, long data) throws IOException {
        request(OP_SEND, descriptor, address, length, MSG_NOSIGNAL, data);
    }

    @Override
    public int sendAtOnce(int descriptor, long address, int length, long data) throws IOException {
        // With WAITALL, it is no success if the system takes only some.
        request(OP_SEND | SQE_CQE_SKIP_SUCCESS << 8, descriptor, address, length,
                MSG_NOSIGNAL | MSG_DONTWAIT | MSG_WAITALL, data);
        return requested - 1;
    }

    @Override
    public boolean isSubmitted(int request) {
        return request - submitted < 0 && ((int) INT.getOpaque(rings, sqFlags) & SQ_CQ_OVERFLOW) == 0;
    }

    @Override
    public void pollReadable(int descriptor, long data) throws IOException {
        request(OP_POLL_ADD, descriptor, 0, 0, POLLIN, data);
    }

    @Override
    public void pollWritable(int descriptor, long data) throws IOException {
        request(OP_POLL_ADD, descriptor, 0, 0, POLLOUT, data);
    }

    @Override
    public void accept(int descriptor, long data) throws IOException {
        request(OP_ACCEPT | ACCEPT_MULTISHOT << 16, descriptor, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC, data);
    }

    @Override
    public void awaitWakeUp(long data) throws IOException {
        request(OP_READ, event, eventNumber.address(), 8, 0, data);
    }

    @Override
    public void cancel(long data) throws IOException {
        request(OP_ASYNC_CANCEL, -1, data, 0, 0, SKIPPED);
    }

    private void request(int operation, int descriptor, long address, int length, int options, long data)
            throws IOException {
        if (isFull()) {
            enter(0);
            if (isFull()) {
                throw new IOException("the system takes no requests");
            }
        }
        long at = (long) SQE_SIZE * (requested & sqEntries - 1);
        sqes.set(JAVA_LONG, at, operation | (long) descriptor << 32);
        sqes.set(JAVA_LONG, at + 16, address);
        sqes.set(JAVA_LONG, at + 24, length | (long) options << 32);
        sqes.set(JAVA_LONG, at + 32, data);
        requested++;
    }

    private boolean isFull() {
        return requested - (int) INT.getAcquire(rings, sqHead) == sqEntries;
    }

    @Override
    public boolean hasRequests() {
        return requested != submitted;
    }

    @Override
    public boolean needsEnter() {
        return ((int) INT.getOpaque(rings, sqFlags) & (SQ_TASKRUN | SQ_CQ_OVERFLOW)) != 0;
    }

    @Override
    public void enter(int wanted) throws IOException {
        INT.setRelease(rings, sqTail, requested);
        long count = SystemCalls.call(errorState, SYS_ENTER, ring, requested - submitted, wanted, ENTER_GETEVENTS);
        if (count >= 0) {
            submitted += (int) count;
        } else if (count != SocketErrors.EINTR && count != SocketErrors.EAGAIN && count != SocketErrors.EBUSY) {
            throw new IOException("io_uring_enter: error " + -count);
        }
    }

    @Override
    public void wakeUp() {
        SystemCalls.addEvent(event, one);
    }

    // Completions.

    @Override
    public boolean hasNext() {
        if (taken == completed) {
            completed = (int) INT.getAcquire(rings, cqTail);
        }
        return taken != completed;
    }

    @Override
    public boolean next() {
        while (hasNext()) {
            load(taken++);
            INT.setRelease(rings, cqHead, taken);
            if (userData != SKIPPED) {
                return true;
            }
        }
        return false;
    }

    private void load(int completion) {
        long at = cqes + (long) CQE_SIZE * (completion & cqMask);
        userData = rings.get(JAVA_LONG, at);
        result = rings.get(JAVA_INT, at + 8);
        flags = rings.get(JAVA_INT, at + 12);
    }

    @Override
    public boolean see() {
        if (seen - taken < 0) {
            seen = taken;
        }
        if (seen - completed >= 0) {
            completed = (int) INT.getAcquire(rings, cqTail);
            if (seen == completed) {
                return false;
            }
        }
        load(seen++);
        return true;
    }

    @Override
    public void skip() {
        rings.set(JAVA_LONG, cqes + (long) CQE_SIZE * (seen - 1 & cqMask), SKIPPED);
    }

    @Override
    public long userData() {
        return userData;
    }

    @Override
    public int result() {
        return result;
    }

    @Override
    public int buffer() {
        return (flags & CQE_BUFFER) == 0 ? -1 : flags >>> CQE_BUFFER_SHIFT;
    }

    @Override
    public boolean isLast() {
        return (flags & CQE_MORE) == 0;
    }

    @Override
    public SocketChannel channel(int descriptor, InetSocketAddress listening) throws IOException {
        boolean created = false;
        try {
            SocketChannel channel = new AcceptedChannel(descriptor, listening);
            created = true;
            return channel;
        } finally {
            if (!created) {
                SystemCalls.close(descriptor);
            }
        }
    }

    @Override
    public int duplicate(int descriptor) throws IOException {
        return SystemCalls.duplicate(descriptor);
    }

    @Override
    public void closeDuplicate(int descriptor) {
        SystemCalls.close(descriptor);
    }

    @Override
    public boolean hasMore() {
        return (flags & CQE_SOCK_NONEMPTY) != 0;
    }

    // Buffers.

    @Override
    public ByteBuffer buffers() {
        return buffers;
    }

    @Override
    public void giveBack(int buffer) {
        long at = (long) BUFFER_ENTRY_SIZE * (bufferTail++ & bufferMask);
        bufferRing.set(JAVA_LONG, at, bufferMemory.address() + (long) buffer * bufferSize);
        bufferRing.set(JAVA_INT, at + 8, bufferSize);
        bufferRing.set(JAVA_SHORT, at + 12, (short) buffer);
    }

    @Override
    public void publishBuffers() {
        // The tail lies in the part of the first entry that entries do not use.
        SHORT.setRelease(bufferRing, 14L, bufferTail);
    }

    @Override
    public ByteBuffer allocate(int size) throws IOException {
        return SystemCalls.reserve(size, arena).asByteBuffer();
    }

    @Override
    public long address(ByteBuffer memory) {
        return MemorySegment.ofBuffer(memory).address();
    }

    // The end.

    @Override
    public void close() {
        abandon();
        if (event >= 0) {
            SystemCalls.close(event);
        }
        arena.close();
    }

    @Override
    public void abandon() {
        SystemCalls.close(ring);
    }
}
