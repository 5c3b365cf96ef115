package dev.weft.internal.transport;

import java.util.Arrays;

/**
 * The sends of an {@link IoUringEngine} that complete only if the system has not taken everything, in the order of their requests.
 * For the engine's thread.
 */
final class SendsAtOnce {
    private IoUringTransport[] transports = new IoUringTransport[64];
    /** The numbers of the requests. */
    private int[] requests = new int[64];
    private int first;
    private int end;

    boolean isEmpty() {
        return first == end;
    }

    /** Makes room for another send; to be called before it is requested. */
    void reserve() {
        if (end == transports.length) {
            requests = Arrays.copyOf(requests, 2 * end);
            transports = Arrays.copyOf(transports, 2 * end);
        }
    }

    /** Adds a send that was requested. */
    void add(IoUringTransport transport, int request) {
        transports[end] = transport;
        requests[end++] = request;
    }

    /** The number of the first send's request; there must be one. */
    int request() {
        return requests[first];
    }

    /** Removes the first send. */
    IoUringTransport remove() {
        IoUringTransport transport = transports[first];
        transports[first++] = null;
        if (first == end) {
            first = 0;
            end = 0;
        }
        return transport;
    }
}
