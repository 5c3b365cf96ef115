package dev.weft.internal.transport;

import dev.weft.internal.time.TimeLimit;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * The JDK's blocking socket channel: on a virtual thread, it parks where it would block. It behaves as these channels do: an
 * interrupt closes the channel, as does a read or write by a thread whose interrupt flag is set; every write may wait, and the
 * progress of a waiting write is unknown, so the deadline applies to the whole write. A wait with a limit is a read of the
 * channel's socket, which has a timeout in whole milliseconds, so it waits at least one. A {@link BackgroundReader} detects
 * bytes that no thread waits for.
 */
public final class SocketTransport extends ChannelTransport implements WaitingTransport {
    /** Set by {@link #onUnread}, or by the first read of a Unix domain socket that has a limit. */
    private volatile BackgroundReader backgroundReader;
    /** Whether somebody waits for a call of the listener, and other threads may be writing. */
    private volatile boolean listens;

    /** A transport over a connected channel in blocking mode. */
    public SocketTransport(SocketChannel channel) throws IOException {
        super(channel);
    }

    @Override
    public int read(ByteBuffer target, TimeLimit limit) throws IOException {
        BackgroundReader started = backgroundReader;
        if (started != null) {
            int count = started.read(target, limit);
            if (count != 0 || started.isReading()) {
                return count;
            }
        }
        return limit == TimeLimit.NONE ? channel.read(target) : readInTime(target, limit);
    }

    /** Reads with a timeout, which applies only to reads of the socket's stream and so need not be reset. */
    private int readInTime(ByteBuffer target, TimeLimit limit) throws IOException {
        if (isUnixDomain()) {
            return readInBackground(target, limit);
        }
        Socket socket = channel.socket();
        socket.setSoTimeout(limit.leftMillis());
        try {
            int from = target.arrayOffset() + target.position();
            int count = socket.getInputStream().read(target.array(), from, target.remaining());
            target.position(target.position() + Math.max(count, 0));
            return count;
        } catch (SocketTimeoutException e) {
            return 0;
        }
    }

    /** Lets another thread wait, because the JDK's Unix domain sockets have no read timeout. */
    private int readInBackground(ByteBuffer target, TimeLimit limit) throws IOException {
        if (backgroundReader == null) {
            backgroundReader = new BackgroundReader(channel, () -> {});
        }
        backgroundReader.start();
        return backgroundReader.read(target, limit);
    }

    @Override
    public BackgroundReader backgroundReader() {
        return backgroundReader;
    }

    @Override
    public int readArrived(ByteBuffer target) throws IOException {
        return hasArrived() ? channel.read(target) : 0;
    }

    /** Reads without waiting, which finds the end; the number of available bytes does not show it. */
    @Override
    public int poll(ByteBuffer target) throws IOException {
        BackgroundReader started = backgroundReader;
        int count = started == null ? 0 : readNow(target);
        if (count != 0 || listens || started != null && started.isReading()) {
            // The background reader finds the end; changing the blocking mode would have to wait for a thread that writes.
            return count;
        }
        channel.configureBlocking(false);
        try {
            return channel.read(target);
        } finally {
            channel.configureBlocking(true);
        }
    }

    @Override
    public void onUnread(UnreadListener listener) {
        listens = true;
        BackgroundReader started = backgroundReader;
        if (started == null) {
            backgroundReader = new BackgroundReader(channel, listener);
        } else {
            started.listener(listener);
        }
    }

    @Override
    public void write(ByteBuffer source) throws IOException {
        do {
            channel.write(source);
        } while (source.hasRemaining());
    }

    @Override
    public void write(ByteBuffer first, ByteBuffer second) throws IOException {
        ByteBuffer[] both = {first, second};
        do {
            channel.write(both);
        } while (second.hasRemaining() || first.hasRemaining());
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // The descriptor is released either way, and no caller could use this exception.
        }
    }
}
