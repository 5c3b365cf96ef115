package dev.weft.internal.connection;

import dev.weft.CloseReason;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.FrameWriter;
import dev.weft.parser.Opcode;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Sends frames, from any thread, one whole frame after another, and says what may go when: who sends waits for the lock, for
 * the end of a message in fragments, and for a peer that does not read. What waits for none of these is posted.
 */
final class Output extends SharedOutput {
    private static final long STREAM_CHECK_MILLIS = 100;
    private static final byte[] NO_PAYLOAD = {};

    /** The message that is sent in fragments; other messages wait for its end. */
    private volatile Streaming streaming;

    /** Who sends a message in fragments, and what is signalled at its end. */
    private record Streaming(Thread sender, Condition ended) {}

    Output(Transport transport, FrameWriter writer, boolean masked, ConnectionServices services, Closing closing,
            Deadlines deadlines, Extension extension) {
        super(transport, writer, masked, services, closing, deadlines, extension);
    }

    @Override
    boolean isStreaming() {
        return streaming != null;
    }

    /** Sends a message as one frame; waits for the end of a message that is being sent in fragments. */
    void message(Opcode opcode, byte[] payload, int from, int to, boolean hold) throws IOException {
        lock.lock();
        try {
            awaitStreamEnd();
            requireOpen();
            putPosted();
            putMessage(opcode, payload, from, to);
            leave(hold);
        } finally {
            unlock();
        }
    }

    /** Begins a message in fragments; the calling thread must end it. */
    void beginStream() throws IOException {
        lock.lock();
        try {
            awaitStreamEnd();
            requireOpen();
            putPosted();
            leave(true);
            streaming = new Streaming(Thread.currentThread(), lock.newCondition());
        } finally {
            unlock();
        }
    }

    /**
     * Sends what was written of the message that was begun: as one fragment, or, if the extension transforms it, as many
     * as that makes of it.
     *
     * @return the opcode of the next fragment
     */
    Opcode fragment(boolean fin, boolean transformed, Opcode opcode, byte[] payload, int from, int to)
            throws IOException {
        lock.lock();
        try {
            requireOpen();
            Opcode next = Opcode.CONTINUATION;
            if (transformed) {
                next = putTransformedPiece(fin, opcode, payload, from, to);
            } else {
                put(fin, 0, opcode, payload, from, to);
            }
            writeBuffer();
            return next;
        } finally {
            unlock();
        }
    }

    /** Lets other messages go again. */
    void endStream() {
        lock.lock();
        try {
            Streaming ended = streaming;
            streaming = null;
            ended.ended().signalAll();
        } finally {
            unlock();
        }
    }

    /** Sends a ping or pong that the user asked for, even between the fragments of a message. */
    void control(Opcode opcode, byte[] payload) throws IOException {
        lock.lock();
        try {
            requireOpen();
            put(true, 0, opcode, payload, 0, payload.length);
            writeBuffer();
        } finally {
            unlock();
        }
    }

    /** Sends the sweeper's ping. */
    void keepAlive() throws IOException {
        lock.lock();
        try {
            requireOpen();
            deadlines.pinging();
            put(true, 0, Opcode.PING, NO_PAYLOAD, 0, 0);
            writeBuffer();
        } finally {
            unlock();
        }
    }

    /** Answers a ping, unless our Close frame went. For the connection's own thread. */
    void pong(byte[] payload, int from, int to, boolean hold) throws IOException {
        if (flushing || unsentPongs != null || !lock.tryLock()) {
            leaveUnsent(Arrays.copyOfRange(payload, from, to));
            sendUnsent();
            return;
        }
        try {
            if (closing.isOpen()) {
                put(true, 0, Opcode.PONG, payload, from, to);
                leave(hold);
            }
        } finally {
            unlock();
        }
    }

    /** Sends our Close frame, unless it went or the connection is over: true if this call sent it. */
    boolean close(CloseReason reason) throws IOException {
        lock.lock();
        try {
            if (closing.isOpen() && !isStreaming()) {
                putPosted();
            }
            // Claimed under the lock: no frame may follow (§5.5.1).
            if (!closing.send(reason)) {
                return false;
            }
            deadlines.closing();
            byte[] payload = ClosePayload.encode(reason);
            put(true, 0, Opcode.CLOSE, payload, 0, payload.length);
            writeBuffer();
            return true;
        } catch (IOException e) {
            closing.sendFailed(e);
            throw e;
        } finally {
            unlock();
        }
    }

    /** Notes the peer's Close frame and answers it. */
    void answerClose(CloseReason reason) {
        closing.receive(reason);
        try {
            // §5.5.1: as soon as practical, with the code that came.
            close(new CloseReason(reason.code(), ""));
        } catch (IOException e) {
            // The peer did not stay for the answer: noted, and no reason to withhold what he said.
        }
    }

    /** The connection is over and its transport closed. */
    void end() {
        lock.lock();
        try {
            releaseBuffer();
            if (extension != null) {
                extension.encoder().close();
            }
        } finally {
            unlock();
        }
    }

    private void requireOpen() throws IOException {
        if (!closing.isOpen()) {
            throw closing.exception();
        }
    }

    private void awaitStreamEnd() throws IOException {
        while (streaming != null) {
            if (streaming.sender() == Thread.currentThread()) {
                throw new IllegalStateException("this thread has a streamed message open");
            }
            requireOpen();
            if (isUnsent() && !flushing) {
                sendUnsentNow();
            }
            try {
                // Not for ever: an abort takes no lock and so cannot signal.
                streaming.ended().await(STREAM_CHECK_MILLIS, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new java.io.InterruptedIOException("interrupted while another thread's message goes out");
            }
        }
    }
}
