package dev.weft.internal.transport;

import dev.weft.internal.time.TurnQuota;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Closes a transport so that the peer can still receive our last bytes (RFC 6455 §7.1.1). */
public final class LingeringClose {
    /** The maximum number of the peer's bytes that are read and dropped; beyond, a reset may destroy our last bytes. */
    private static final long DROPPED = 16 << 20;
    /** Most peers send nothing more, so the first buffer is small. */
    private static final int FIRST_PIECE = 64;
    private static final int PIECE = 4096;

    private LingeringClose() {}

    /**
     * Shuts down the output, reads and drops the peer's bytes until the peer has shut down its output, and closes. Blocks; the
     * caller's deadline ends it with {@link Transport#close()}.
     */
    public static void close(Transport transport) {
        try {
            transport.shutdownOutput();
            dropInput(transport);
        } catch (IOException e) {
            // The connection was already broken, or the deadline has passed.
        } finally {
            transport.close();
        }
    }

    /** As {@link #close}, but shuts down the output after the peer has. */
    public static void closeAfterPeer(Transport transport) {
        try {
            dropInput(transport);
            transport.shutdownOutput();
        } catch (IOException e) {
            // As above.
        } finally {
            transport.close();
        }
    }

    private static void dropInput(Transport transport) throws IOException {
        ByteBuffer piece = ByteBuffer.allocate(FIRST_PIECE);
        long total = 0;
        int count = 0;
        int spent = 0;
        while (count >= 0 && total < DROPPED) {
            total += count;
            if (count == piece.capacity() && count < PIECE) {
                piece = ByteBuffer.allocate(PIECE);
            }
            spent = TurnQuota.spend(spent, TurnQuota.FRAME + count);
            // Otherwise the first read would find nothing in most cases.
            transport.awaitReadable();
            count = transport.read(piece.clear());
        }
    }
}
