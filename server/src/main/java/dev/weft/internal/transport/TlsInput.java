package dev.weft.internal.transport;

import dev.weft.internal.time.TimeLimit;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLProtocolException;

/**
 * Decrypts records, directly into the reader's buffer if it has room for a record, and handles the messages of TLS itself. For
 * the thread that reads.
 */
final class TlsInput {
    private static final ByteBuffer NO_ROOM = ByteBuffer.allocate(0);

    /**
     * The maximum number of records of a handshake. A hello needs one record and a handshake about ten, but records of one byte
     * are legal, and with each record an engine copies what it already has of the message.
     */
    private static final int MOST_IN_HANDSHAKE = 1024;
    /**
     * The maximum number of consecutive records without application data (KeyUpdates, warnings, empty records) while this end
     * sends none. Each one costs this end work.
     */
    private static final int MOST_WITHOUT_BYTES = 32;

    private final SSLEngine engine;
    private final TlsBuffers buffers;
    private final TlsRecords records;
    private final TlsOutput output;

    /** Decrypted bytes that did not fit into the target, up to its limit; {@code null} if there are none. */
    private ByteBuffer plain;
    private boolean handshaken;
    private int withoutBytes;
    /** The output's count of writes when counting those records began. */
    private int writes;
    /** Whether the peer's close_notify has been received. */
    private boolean ended;
    /** A failure to throw when the bytes before it have been read; {@code null} if there is none. */
    private IOException failure;

    TlsInput(Transport below, SSLEngine engine, TlsBuffers buffers, TlsOutput output) {
        this.engine = engine;
        this.buffers = buffers;
        this.records = new TlsRecords(below, buffers);
        this.output = output;
    }

    /** Waits for the first byte, before the handshake. Blocks. */
    void awaitFirstByte() throws IOException {
        records.awaitFirstByte();
    }

    /** Performs the handshake, or the rest of it. Blocks. */
    void handshake() throws IOException {
        try {
            engine.beginHandshake();
            HandshakeStatus status;
            while ((status = engine.getHandshakeStatus()) != HandshakeStatus.NOT_HANDSHAKING) {
                switch (status) {
                    case NEED_WRAP -> output.flush();
                    case NEED_TASK -> runTasks();
                    default -> readHandshake();
                }
            }
        } catch (SSLException e) {
            output.alert();
            throw e;
        }
        handshaken = true;
        withoutBytes = 0;
    }

    private void readHandshake() throws IOException {
        while (!records.isReady()) {
            records.await(TimeLimit.NONE);
            if (!records.isReady()) {
                records.fetch();
            }
        }
        if (!decrypt(NO_ROOM)) {
            decryptAside();
        }
        if (failure != null) {
            throw failure;
        } else if (ended) {
            throw new EOFException("the peer ended TLS within the handshake");
        } else if (plain != null) {
            throw new SSLProtocolException("bytes arrived before the end of the TLS handshake");
        }
    }

    /** Runs the engine's long computations on this thread, the connection's own. */
    private void runTasks() {
        Runnable task;
        while ((task = engine.getDelegatedTask()) != null) {
            task.run();
        }
    }

    /**
     * Reads the bytes that are available, up to the target's room.
     *
     * @return the number of bytes; 0 if there are none and this call must not wait, or none arrived in time; -1 at the end of
     *         the bytes
     */
    int read(ByteBuffer target, boolean wait, TimeLimit limit) throws IOException {
        int start = target.position();
        while (true) {
            takePlain(target);
            while (target.hasRemaining() && canDecrypt()) {
                if (!decrypt(target)) {
                    if (target.position() > start) {
                        break;
                    }
                    decryptAside();
                    takePlain(target);
                }
            }
            int count = target.position() - start;
            if (count > 0 || !target.hasRemaining()) {
                return count;
            }
            if (failure != null) {
                throw failure;
            }
            if (ended) {
                return -1;
            }
            if (wait) {
                await(limit);
            }
            if (!records.isReady() && !records.fetch() && (!wait || limit.hasPassed())) {
                return 0;
            }
        }
    }

    /**
     * Reads the bytes that are available, like {@link #read} without waiting, and also finds the end. Afterwards it holds no
     * more memory than during a wait.
     */
    int poll(ByteBuffer target) throws IOException {
        records.poll(true);
        try {
            return read(target, false, TimeLimit.NONE);
        } finally {
            records.poll(false);
        }
    }

    /** Waits for something to read, no longer than the limit. May return although there is nothing. */
    void await(TimeLimit limit) throws IOException {
        if (!holdsUnread()) {
            records.await(limit);
        }
    }

    /** Whether there may be unread bytes that were already taken from the network. */
    boolean holdsUnread() {
        return plain != null || failure != null || ended || records.isReady();
    }

    /** Returns the buffers, whatever they contain. */
    void release() {
        records.release();
        releasePlain();
    }

    private void releasePlain() {
        if (plain != null) {
            buffers.giveBack(plain);
            plain = null;
        }
    }

    private void takePlain(ByteBuffer target) {
        if (plain != null) {
            int count = Math.min(plain.remaining(), target.remaining());
            target.put(target.position(), plain, plain.position(), count).position(target.position() + count);
            plain.position(plain.position() + count);
            if (!plain.hasRemaining()) {
                releasePlain();
            }
        }
    }

    private boolean canDecrypt() {
        return plain == null && failure == null && !ended && records.isReady();
    }

    /** Decrypts a record into the target; returns false, and does nothing, if there may be too little room. */
    private boolean decrypt(ByteBuffer target) {
        try {
            SSLEngineResult result = engine.unwrap(records.bytes(), target);
            if (result.getStatus() == Status.BUFFER_OVERFLOW) {
                return false;
            }
            examine(result);
        } catch (IOException e) {
            fail(e);
        }
        return true;
    }

    /** Decrypts a record to a buffer of our own. */
    private void decryptAside() {
        ByteBuffer room = buffers.borrow();
        boolean sparing = room == null;
        if (sparing) {
            room = buffers.sized(records.bytes().remaining());
        }
        if (room == null) {
            fail(TlsRecords.noBuffer());
            return;
        }
        try {
            SSLEngineResult result = engine.unwrap(records.bytes(), room);
            if (result.getStatus() != Status.BUFFER_OVERFLOW) {
                examine(result);
            } else if (sparing) {
                // It has room for all bytes of the record that have been received, so the record is incomplete.
                records.taken(true);
            } else {
                throw new SSLException("a TLS record needs a larger buffer than the TLS session promised");
            }
        } catch (IOException e) {
            fail(e);
        } finally {
            if (room.flip().hasRemaining()) {
                plain = room;
            } else {
                buffers.giveBack(room);
            }
        }
    }

    private void examine(SSLEngineResult result) throws IOException {
        boolean needsMore = result.getStatus() == Status.BUFFER_UNDERFLOW;
        records.taken(needsMore);
        if (needsMore) {
            return;
        }
        ended |= result.getStatus() == Status.CLOSED;
        boolean progress = result.bytesConsumed() > 0 || result.bytesProduced() > 0;
        if (result.bytesProduced() == 0) {
            countUseless();
        }
        if (handshaken) {
            boolean owes = serve(result.getHandshakeStatus(), progress);
            // Records are still counted while answers accumulate because a writer waits.
            if (result.bytesProduced() > 0 && !owes) {
                withoutBytes = 0;
            }
        }
    }

    private void countUseless() throws SSLException {
        int most = handshaken ? MOST_WITHOUT_BYTES : MOST_IN_HANDSHAKE;
        if (writes != output.writes()) {
            writes = output.writes();
            withoutBytes = 0;
        }
        if (++withoutBytes > most) {
            throw refusal("over " + most + " TLS records without application data");
        }
    }

    /** Does the TLS work that is needed after the handshake; returns true if this end then owes the peer an answer. */
    private boolean serve(HandshakeStatus status, boolean progress) throws IOException {
        switch (status) {
            case NEED_WRAP -> {
                if (progress) {
                    output.answer();
                } else {
                    // The JDK's engine does not do this: another engine may take no more bytes until its output is sent.
                    output.flush();
                }
                return engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP;
            }
            case NEED_TASK -> {
                refuseRenegotiation();
                runTasks();
            }
            case NEED_UNWRAP -> {
                // An engine also returns this while it waits for the answer to our close_notify.
                if (!output.isEnded()) {
                    refuseRenegotiation();
                }
            }
            default -> {
            }
        }
        return false;
    }

    /**
     * TLS 1.3 has no renegotiation (RFC 8446 §4.1.2). In earlier versions it would let a peer make this end sign any number of
     * times, and it has no use here.
     */
    private void refuseRenegotiation() throws SSLException {
        if (!engine.getSession().getProtocol().equals("TLSv1.3")) {
            throw refusal("TLS renegotiation");
        }
    }

    private SSLException refusal(String what) {
        engine.closeOutbound();
        return new SSLProtocolException("refused: " + what);
    }

    /** Records a failure: the bytes before it can still be read; everything after it is ignored. */
    private void fail(IOException e) {
        failure = e;
        records.release();
        if (e instanceof SSLException) {
            output.alert();
        }
    }
}
