package dev.weft.internal.transport;

import java.util.Arrays;

/** The sockets of an {@link IoUringEngine} by their slots, which the user data of requests name. For the engine's thread. */
final class IoUringSockets {
    private static final int KIND_BITS = 8;
    private static final int KIND_MASK = (1 << KIND_BITS) - 1;
    /** User data that belongs to no socket: none has a request of this kind. */
    static final long NO_SOCKET = KIND_MASK;

    private IoUringSocket[] all = new IoUringSocket[64];
    /** For each free slot, the next free one. */
    private int[] nextFree = new int[64];
    private int firstFree = -1;
    private int slots;

    /** The user data of a request of this kind, from 1 to 254, for the socket at this slot. */
    static long key(int slot, int kind) {
        return (long) slot << KIND_BITS | kind;
    }

    /** The kind in user data. */
    static int kind(long key) {
        return (int) key & KIND_MASK;
    }

    /** The socket in user data. */
    IoUringSocket socket(long key) {
        return all[(int) (key >>> KIND_BITS)];
    }

    /** Gives a socket a slot. */
    int add(IoUringSocket socket) {
        int slot = firstFree;
        if (slot >= 0) {
            firstFree = nextFree[slot];
        } else {
            if (slots == all.length) {
                nextFree = Arrays.copyOf(nextFree, 2 * slots);
                all = Arrays.copyOf(all, 2 * slots);
            }
            slot = slots++;
        }
        all[slot] = socket;
        return slot;
    }

    /** Frees the slot of a socket for which no request is in progress. */
    void remove(int slot) {
        all[slot] = null;
        nextFree[slot] = firstFree;
        firstFree = slot;
    }

    /** The number of slots; some may be free. */
    int slots() {
        return slots;
    }

    /** The socket at a slot; {@code null} if it is free. */
    IoUringSocket at(int slot) {
        return all[slot];
    }
}
