package dev.weft.tools.conform.deflate;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.zip.Deflater;

/**
 * Deflates messages (RFC 7692 §7.2.1) so that no reference reaches back more than 2^bits bytes. {@code java.util.zip} supports
 * only the largest window. For a smaller one the input is split into pieces of half a window, and each piece is compressed
 * separately with the previous half window as its dictionary. Not thread-safe. The caller must close it.
 */
public final class WindowDeflater implements AutoCloseable {
    private static final int WHOLE = 15;

    private final int bits;
    private final boolean noContextTakeover;
    private final Deflater deflater = new Deflater(6, true);
    private final byte[] buffer = new byte[16_384];
    private byte[] history = {};

    /** A deflater with an empty window. */
    public WindowDeflater(int bits, boolean noContextTakeover) {
        this.bits = bits;
        this.noContextTakeover = noContextTakeover;
    }

    /** Compresses a message; the last four bytes, 00 00 FF FF, are removed. */
    public byte[] deflate(byte[] message) {
        if (message.length == 0) {
            return new byte[1]; // §7.2.3.6
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (bits == WHOLE) {
            if (noContextTakeover) {
                deflater.reset();
            }
            deflater.setInput(message);
            flush(out);
        } else {
            deflatePieces(message, out);
        }
        byte[] all = out.toByteArray();
        return Arrays.copyOf(all, all.length - 4);
    }

    private void deflatePieces(byte[] message, ByteArrayOutputStream out) {
        int half = 1 << bits - 1;
        if (noContextTakeover) {
            history = new byte[0];
        }
        for (int from = 0; from < message.length; from += half) {
            int to = Math.min(from + half, message.length);
            deflater.reset();
            if (history.length > 0) {
                deflater.setDictionary(history);
            }
            deflater.setInput(message, from, to - from);
            flush(out);
            byte[] seen = Arrays.copyOf(history, history.length + to - from);
            System.arraycopy(message, from, seen, history.length, to - from);
            history = Arrays.copyOfRange(seen, Math.max(0, seen.length - half), seen.length);
        }
    }

    private void flush(ByteArrayOutputStream out) {
        int length;
        do {
            length = deflater.deflate(buffer, 0, buffer.length, Deflater.SYNC_FLUSH);
            out.write(buffer, 0, length);
        } while (length == buffer.length);
    }

    @Override
    public void close() {
        deflater.end();
    }
}
