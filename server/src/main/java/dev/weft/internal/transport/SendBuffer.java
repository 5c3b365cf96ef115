package dev.weft.internal.transport;

import java.nio.ByteBuffer;

/**
 * Memory outside of the heap from which a ring sends. It belongs to one transport from the time that a thread has taken it until
 * its bytes are sent.
 */
final class SendBuffer {
    /** The owner, to which it is given back. */
    final SendBuffers owner;
    final int index;
    final long address;
    /** The bytes, from 0 to its position. */
    final ByteBuffer bytes;

    SendBuffer(SendBuffers owner, int index, ByteBuffer bytes, long address) {
        this.owner = owner;
        this.index = index;
        this.bytes = bytes;
        this.address = address;
    }
}
