package dev.weft.internal.connection;

import static dev.weft.parser.CloseCode.TRY_AGAIN_LATER;

import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.ProtocolViolationException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The octets that came and are not yet parsed. The transport can wait only inside a read, so this waits with a small
 * buffer of its own, and borrows a large one when that fills: a connection that waits never holds a large one. Belongs to
 * the connection's thread.
 */
public final class Input {
    /** Holds a chat message or an echo, and costs every idle connection as much. */
    private static final int SMALL = 128;

    private final Transport transport;
    private final BufferPool pool;
    private final ByteBuffer small = ByteBuffer.allocate(SMALL);
    private ByteBuffer large;
    private ByteBuffer current = small;

    /** An input with nothing in it. */
    public Input(Transport transport, BufferPool pool) {
        this.transport = transport;
        this.pool = pool;
    }

    /**
     * Waits for octets; the region before must be used up, and is gone. Afterwards {@link #array()} holds the new region
     * from 0 to {@link #length()}.
     *
     * @return false when no more will come
     */
    public boolean fill() throws IOException, ProtocolViolationException {
        release();
        if (transport.read(small.clear()) < 0) {
            return false;
        }
        if (!small.hasRemaining() && transport.canRead()) {
            fillLarge();
        }
        return true;
    }

    /** The small buffer is full and there is more: it goes on in a large one, so that one region holds it all. */
    private void fillLarge() throws IOException, ProtocolViolationException {
        large = pool.borrow();
        if (large == null) {
            throw new ProtocolViolationException(TRY_AGAIN_LATER, "10.4", "the server's bufferedOctets are used up");
        }
        current = large.put(small.flip());
        transport.read(large);
    }

    /**
     * Waits for octets and reads them to where they shall be; for when the region is used up and what comes next is
     * known.
     *
     * @return how many, or -1 when no more will come
     */
    int read(byte[] target, int from, int to) throws IOException {
        release();
        return transport.read(ByteBuffer.wrap(target, from, to - from));
    }

    /** Gives the large buffer back, if there is one; the region is gone. */
    public void release() {
        if (large != null) {
            current = small;
            pool.giveBack(large);
            large = null;
        }
    }

    /** Holds the region. */
    public byte[] array() {
        return current.array();
    }

    /** Where the region ends. */
    public int length() {
        return current.position();
    }
}
