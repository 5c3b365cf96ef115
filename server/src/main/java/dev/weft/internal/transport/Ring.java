package dev.weft.internal.transport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * A ring of Linux's io_uring: a queue of requests to the system, a queue of their results, the completions, and buffers of which
 * the system chooses one for each receive. Each completion has the user data of its request, which is not 0.
 * <p>
 * All methods except {@link #wakeUp} and {@link #duplicate} are for one thread at a time, which may change.
 */
interface Ring {
    /** Whether a request with this result had no effect, and may be repeated. */
    static boolean hadNoEffect(int result) {
        return result == SocketErrors.ECANCELED || result == SocketErrors.EINTR || result == SocketErrors.EAGAIN;
    }

    // Requests.

    /**
     * Requests to receive into one of the ring's buffers, when bytes arrive.
     *
     * @param perhapsArrived whether to try it before waiting for bytes
     */
    void receive(int descriptor, boolean perhapsArrived, long data) throws IOException;

    /** Requests to send bytes at an address. Completes when the system has taken some, perhaps not all. */
    void send(int descriptor, long address, int length, long data) throws IOException;

    /**
     * Requests to send like {@link #send}, but only what the system takes when the request is submitted. If that is everything,
     * the request does not complete; otherwise, it completes with the number of bytes or with {@link SocketErrors#EAGAIN}.
     *
     * @return the number of the request, for {@link #isSubmitted}
     */
    int sendAtOnce(int descriptor, long address, int length, long data) throws IOException;

    /** Whether the request with this number has been submitted, and all completions due until then are there to be taken. */
    boolean isSubmitted(int request);

    /** Requests a report when bytes, or their end, have arrived. */
    void pollReadable(int descriptor, long data) throws IOException;

    /** Requests a report when the system takes bytes. */
    void pollWritable(int descriptor, long data) throws IOException;

    /**
     * Requests that connections are accepted. Completes for each connection with the descriptor of a non-blocking socket, until it
     * is cancelled or fails: see {@link #isLast}.
     */
    void accept(int descriptor, long data) throws IOException;

    /** Requests a report of the next {@link #wakeUp}. */
    void awaitWakeUp(long data) throws IOException;

    /** Requests the end of the request with this user data. That request completes in any case; this one does not. */
    void cancel(long data) throws IOException;

    /** Whether there are requests that have not been submitted. */
    boolean hasRequests();

    /** Whether the system has to be entered before it adds completions that are due. */
    boolean needsEnter();

    /**
     * Submits the requests.
     *
     * @param wanted the number of completions to wait for: 0 or 1. A signal may end the wait earlier
     */
    void enter(int wanted) throws IOException;

    /** Makes {@link #awaitWakeUp} complete. From any thread; does not wait. */
    void wakeUp();

    // Completions.

    /**
     * Proceeds to the next completion that was never seen before, without taking it; returns false if there is none. All of them
     * can be seen before any is taken.
     */
    boolean see();

    /** Makes {@link #next} leave out the completion that was seen last. */
    void skip();

    /** Whether there is a completion. */
    boolean hasNext();

    /** Proceeds to the next completion; returns false if there is none. */
    boolean next();

    /** The user data of the completion that was taken or seen last. */
    long userData();

    /** The result of the request: 0 or more, such as a number of bytes, or a negative error. */
    int result();

    /** The number of the buffer that was received into; -1 if there is none. */
    int buffer();

    /** Whether the request does not complete again. */
    boolean isLast();

    /** Whether the socket had more bytes. */
    boolean hasMore();

    /**
     * A channel for a descriptor that was accepted.
     *
     * @param listening the address of the listening socket
     * @throws IOException if the peer has reset the connection already; the descriptor is then closed, as after an error
     */
    SocketChannel channel(int descriptor, InetSocketAddress listening) throws IOException;

    /**
     * Another descriptor of the same socket, whose number belongs to this socket until it is closed. From any thread; does not
     * wait.
     *
     * @throws IOException if no descriptor is left
     */
    int duplicate(int descriptor) throws IOException;

    /** Closes a descriptor that {@link #duplicate} has returned. No request for it may be in progress. */
    void closeDuplicate(int descriptor);

    // Buffers.

    /** The memory of all buffers; the buffer with number {@code n} begins at {@code n} times the size of one. */
    ByteBuffer buffers();

    /** Gives a buffer back to the system, at the next {@link #publishBuffers}. */
    void giveBack(int buffer);

    /** Lets the system use the buffers that were given back. */
    void publishBuffers();

    /** Memory outside of the heap that lives as long as the ring. Pages that are never used occupy none. */
    ByteBuffer allocate(int size) throws IOException;

    /** The address of this memory. */
    long address(ByteBuffer memory);

    // The end.

    /** Releases the ring and its memory. No request may be in progress. */
    void close();

    /** Releases the ring, but not what requests and a {@link #wakeUp} in progress may still use. */
    void abandon();
}
