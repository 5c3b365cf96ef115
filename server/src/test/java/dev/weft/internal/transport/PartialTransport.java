package dev.weft.internal.transport;

import dev.weft.internal.time.TimeLimit;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.ByteBuffer;

/** For a transport of a test, which implements what is used of it: all else is unsupported. */
public abstract class PartialTransport implements Transport {
    @Override
    public int read(ByteBuffer target, TimeLimit limit) throws IOException {
        throw new UnsupportedOperationException();
    }

    @Override
    public int readNow(ByteBuffer target) throws IOException {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean awaitReadable(TimeLimit limit) throws IOException {
        throw new UnsupportedOperationException();
    }

    @Override
    public void write(ByteBuffer source) throws IOException {
        throw new UnsupportedOperationException();
    }

    @Override
    public void write(ByteBuffer first, ByteBuffer second) throws IOException {
        throw new UnsupportedOperationException();
    }

    @Override
    public void writeNow(ByteBuffer source) throws IOException {
        throw new UnsupportedOperationException();
    }

    @Override
    public void writeNow(ByteBuffer first, ByteBuffer second) throws IOException {
        throw new UnsupportedOperationException();
    }

    @Override
    public byte writeProgress() {
        return 0;
    }

    @Override
    public void retryWrite() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void shutdownOutput() throws IOException {
        throw new UnsupportedOperationException();
    }

    @Override
    public SocketAddress localAddress() {
        throw new UnsupportedOperationException();
    }

    @Override
    public SocketAddress remoteAddress() {
        throw new UnsupportedOperationException();
    }
}
