package dev.weft.internal.transport;

import dev.weft.internal.time.TimeLimit;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Optional;
import javax.net.ssl.SSLSession;

/**
 * A transport over a pair of blocking streams that come from other code, such as another HTTP server. Every write may wait, and
 * the progress of a waiting write is unknown, so the deadline applies to the whole write. A {@link BackgroundReader} does reads
 * with a limit, and detects bytes that no thread waits for. Only closing ends a read or write that waits.
 */
public final class StreamTransport implements WaitingTransport {
    private final InputStream input;
    private final OutputStream output;
    private final Closeable connection;
    private final SocketAddress local;
    private final SocketAddress remote;
    private final SSLSession tlsSession;
    /** Set by {@link #onUnread}. */
    private volatile BackgroundReader backgroundReader;

    /**
     * A transport over these streams, which it owns.
     *
     * @param connection closes both streams and so releases threads that wait in them; must allow calls at any time, from any
     *                   thread
     * @param tlsSession the TLS session below the streams, or {@code null} if there is none
     */
    public StreamTransport(InputStream input, OutputStream output, Closeable connection, SocketAddress local,
            SocketAddress remote, SSLSession tlsSession) {
        this.input = input;
        this.output = output;
        this.connection = connection;
        this.local = local;
        this.remote = remote;
        this.tlsSession = tlsSession;
    }

    @Override
    public Optional<SSLSession> tlsSession() {
        return Optional.ofNullable(tlsSession);
    }

    @Override
    public int read(ByteBuffer target, TimeLimit limit) throws IOException {
        BackgroundReader started = backgroundReader;
        if (started == null) {
            return readStream(target);
        }
        int count = started.read(target, limit);
        if (count != 0 || started.isReading()) {
            return count;
        }
        if (limit == TimeLimit.NONE) {
            return readStream(target);
        }
        started.start();
        return started.read(target, limit);
    }

    private int readStream(ByteBuffer target) throws IOException {
        int count = input.read(target.array(), target.arrayOffset() + target.position(), target.remaining());
        target.position(target.position() + Math.max(count, 0));
        return count;
    }

    @Override
    public BackgroundReader backgroundReader() {
        return backgroundReader;
    }

    @Override
    public int readArrived(ByteBuffer target) throws IOException {
        return input.available() > 0 ? readStream(target) : 0;
    }

    @Override
    public void onUnread(UnreadListener listener) {
        backgroundReader = new BackgroundReader(new Source(), listener);
    }

    @Override
    public void write(ByteBuffer source) throws IOException {
        put(source);
        output.flush();
    }

    @Override
    public void write(ByteBuffer first, ByteBuffer second) throws IOException {
        put(first);
        put(second);
        output.flush();
    }

    private void put(ByteBuffer source) throws IOException {
        output.write(source.array(), source.arrayOffset() + source.position(), source.remaining());
        source.position(source.limit());
    }

    @Override
    public void shutdownOutput() throws IOException {
        output.close();
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (IOException e) {
            // No caller could use this exception.
        }
    }

    @Override
    public SocketAddress localAddress() {
        return local;
    }

    @Override
    public SocketAddress remoteAddress() {
        return remote;
    }

    /** The input for the background reader. */
    private final class Source implements ReadableByteChannel {
        @Override
        public int read(ByteBuffer target) throws IOException {
            return readStream(target);
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {
            StreamTransport.this.close();
        }
    }
}
