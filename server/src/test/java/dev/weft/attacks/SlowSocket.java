package dev.weft.attacks;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.util.concurrent.locks.LockSupport;

/**
 * A peer's socket that reads from the network at a steady pace, below TLS if TLS is used. Its small receive buffer makes the
 * pace visible to the sender. With a large buffer, the window would open in large steps, seconds apart at such a pace.
 */
final class SlowSocket extends Socket {
    private static final int STEPS_PER_SECOND = 25;

    private volatile int bytesPerSecond;

    SlowSocket(int receiveBufferSize) throws IOException {
        setReceiveBufferSize(receiveBufferSize);
    }

    /** From the next read on; 0 is as fast as possible, and is so at first. */
    void pace(int bytesPerSecond) {
        this.bytesPerSecond = bytesPerSecond;
    }

    @Override
    public InputStream getInputStream() throws IOException {
        return new FilterInputStream(super.getInputStream()) {
            private long due = System.nanoTime();

            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
                int pace = bytesPerSecond;
                if (pace == 0) {
                    return super.read(target, offset, length);
                }
                int count = super.read(target, offset, Math.min(length, Math.max(1, pace / STEPS_PER_SECOND)));
                due = Math.max(due, System.nanoTime()) + count * 1_000_000_000L / pace;
                for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                    LockSupport.parkNanos(left);
                }
                return count;
            }
        };
    }
}
