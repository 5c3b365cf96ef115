package dev.weft.internal.transport;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.SocketChannel;

/**
 * A transport over a non-blocking socket channel. On a loop it receives and sends by {@link SocketCalls}, if there are any, and
 * elsewhere by the channel.
 * <p>
 * Such a call names the socket by the number of its descriptor, which belongs to another connection soon after it is released. So
 * the channel is closed only while no call is in progress: a thread first says that it makes a call, and then looks whether the
 * transport is closed; the thread that closes it first says so, and then looks whether a call is in progress. At least one of
 * them sees the other, and the thread that finds the transport closed and no call in progress closes the channel. A field is set
 * and cleared without a call of a method, so this holds even if no stack is left.
 */
abstract class NonBlockingTransport extends ChannelTransport {
    /** The maximum number of bytes of a direct call: the JVM cannot stop its threads, for example to collect garbage, meanwhile. */
    static final int MOST_PER_CALL = 1 << 17;

    private static final int UNKNOWN = -2;
    /** There are no direct calls. */
    private static final int NONE = -1;

    /** The number of the socket's descriptor for direct calls, {@link #UNKNOWN}, or {@link #NONE}. */
    private int descriptor;
    /** Whether a direct call is in progress; at most one of each kind is. */
    private volatile boolean receiving;
    private volatile boolean sending;
    private volatile boolean closed;
    /** Whether the peer has reset the connection, which the system tells only once. For the thread that receives. */
    private boolean reset;

    /** @param onLoop whether the connection's threads run on a loop; elsewhere, there are no direct calls */
    NonBlockingTransport(SocketChannel channel, boolean onLoop) throws IOException {
        super(channel);
        this.descriptor = onLoop ? UNKNOWN : NONE;
    }

    @Override
    public void keepToChannel() {
        descriptor = NONE;
    }

    private boolean isDirect() {
        if (descriptor == UNKNOWN && DirectCalls.areReady()) {
            descriptor = Descriptors.of(channel);
        }
        return descriptor >= 0;
    }

    /** The channel is used although direct calls would be possible later. */
    private void countCall() {
        if (descriptor == UNKNOWN) {
            DirectCalls.countCall();
        }
    }

    /**
     * Receives what has arrived. For one thread at a time. Does not wait.
     *
     * @return the number of bytes, 0 if none have arrived, or -1 at their end
     */
    final int receive(ByteBuffer target) throws IOException {
        if (reset) {
            throw SocketErrors.failure(SocketErrors.ECONNRESET);
        }
        int count = isDirect() && target.hasRemaining() ? receiveDirectly(target) : SocketCalls.NOT_HERE;
        if (count == SocketCalls.NOT_HERE) {
            countCall();
            return channel.read(target);
        }
        if (count > 0) {
            target.position(target.position() + count);
            return count;
        }
        reset = count == SocketErrors.ECONNRESET;
        return count == 0 ? -1 : SocketErrors.count(count);
    }

    private int receiveDirectly(ByteBuffer target) throws AsynchronousCloseException {
        receiving = true;
        try {
            if (closed) {
                throw new AsynchronousCloseException();
            }
            return SocketCalls.receive(descriptor, target.array(), target.arrayOffset() + target.position(),
                    Math.min(target.remaining(), MOST_PER_CALL));
        } finally {
            receiving = false;
            if (closed) {
                closeChannel();
            }
        }
    }

    /** Sends what the system takes. For one thread at a time. Does not wait. Returns the number of bytes. */
    final int send(ByteBuffer source) throws IOException {
        return send(source, false);
    }

    /** Sends what the system takes of both buffers, one after the other. Otherwise as {@link #send(ByteBuffer)}. */
    final long send(ByteBuffer first, ByteBuffer second) throws IOException {
        if (!isDirect() || !SocketCalls.arePossibleHere()) {
            countCall();
            return channel.write(new ByteBuffer[]{first, second});
        }
        long count = send(first, second.hasRemaining());
        return first.hasRemaining() ? count : count + send(second, false);
    }

    private int send(ByteBuffer source, boolean moreFollows) throws IOException {
        int from = source.position();
        int asked;
        int count;
        do {
            asked = Math.min(source.remaining(), MOST_PER_CALL);
            count = asked == 0 ? 0 : sendSome(source, asked, moreFollows || asked < source.remaining());
        } while (count == asked && source.hasRemaining());
        return source.position() - from;
    }

    private int sendSome(ByteBuffer source, int length, boolean moreFollows) throws IOException {
        int count = isDirect() ? sendDirectly(source, length, moreFollows) : SocketCalls.NOT_HERE;
        if (count == SocketCalls.NOT_HERE) {
            countCall();
            return channel.write(source);
        }
        int sent = SocketErrors.count(count);
        source.position(source.position() + sent);
        return sent;
    }

    private int sendDirectly(ByteBuffer source, int length, boolean moreFollows) throws AsynchronousCloseException {
        sending = true;
        try {
            if (closed) {
                throw new AsynchronousCloseException();
            }
            return SocketCalls.send(descriptor, source.array(), source.arrayOffset() + source.position(), length,
                    moreFollows);
        } finally {
            sending = false;
            if (closed) {
                closeChannel();
            }
        }
    }

    /** Closes the channel, or leaves that to the threads whose calls are in progress. Does not wait. */
    @Override
    protected void closeChannel() {
        closed = true;
        if (!receiving && !sending) {
            try {
                super.closeChannel();
            } finally {
                channelClosed();
            }
        }
    }

    /** The channel was closed. Must not wait. */
    void channelClosed() {}
}
