package dev.weft.internal.connection;

import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.transport.Transport;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The octets that came and are not yet parsed. A connection that waits never holds a pooled buffer: one is borrowed when
 * octets are here. Where the transport can wait only inside a read, it waits with a small buffer of its own, and a large
 * one is borrowed when that fills. The small one also serves when the budget for large ones is spent. Belongs to the
 * connection's thread.
 */
public final class Input {
    /** Holds a chat message or an echo, and costs every idle connection as much. */
    private static final int SMALL = 128;
    private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

    private final Transport transport;
    private final BufferPool pool;
    private ByteBuffer small;
    private ByteBuffer large;
    private ByteBuffer current = NOTHING;

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
    public boolean fill() throws IOException {
        release();
        while (transport.awaitReadable()) {
            int count = transport.readNow(borrow());
            if (count != 0) {
                return count > 0;
            }
            release();
        }
        return fillSmall();
    }

    private boolean fillSmall() throws IOException {
        current = small();
        int count = transport.read(small);
        if (count == SMALL) {
            readMore();
        }
        return count > 0;
    }

    /** The small buffer is full, so there may be more: one region is to hold it all, if there is a buffer to be had. */
    private void readMore() throws IOException {
        large = pool.borrow();
        if (large != null) {
            current = large.put(small.flip());
            transport.readNow(large);
        }
    }

    /** A large buffer, or, when others have spent the budget, the small one: what is small still comes through. */
    private ByteBuffer borrow() {
        large = pool.borrow();
        current = large == null ? small() : large;
        return current;
    }

    private ByteBuffer small() {
        if (small == null) {
            small = ByteBuffer.allocate(SMALL);
        }
        return small.clear();
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
        current = NOTHING;
        if (large != null) {
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
