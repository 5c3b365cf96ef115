package dev.weft.parser.deflate;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * An outgoing message for any number of connections: compressed at most once for each window size that these
 * connections agreed on, and only once for all sizes that are at least as large as the message. Its compressed form
 * does not refer to earlier messages, so every peer can decompress it, whatever that peer has received before (RFC 7692
 * §7.1.1). For any thread.
 */
public final class SharedMessage {
    private static final VarHandle COMPRESSED = MethodHandles.arrayElementVarHandle(byte[][].class);
    private static final int SIZES = NegotiatedDeflate.MAX_WINDOW_BITS - NegotiatedDeflate.MIN_WINDOW_BITS + 1;

    private final byte[] bytes;
    private final ReentrantLock lock = new ReentrantLock();
    /**
     * The compressed message for each window size, or {@link #bytes} itself if compression would not make it smaller. Set
     * under the lock, and read without it by the many connections that find it there.
     */
    private final byte[] @Nullable [] compressed = new byte[SIZES][];

    /**
     * A message that is not compressed yet.
     *
     * @param bytes the message, which is not copied and must not be changed afterwards
     */
    public SharedMessage(byte[] bytes) {
        this.bytes = Objects.requireNonNull(bytes);
    }

    /** The uncompressed message; must not be changed. */
    public byte[] bytes() {
        return bytes;
    }

    /** The message compressed for this window, or {@link #bytes} if compression does not make it smaller. */
    byte[] compressed(int windowBits, DeflaterPool pool) {
        int bits = sufficientBits(windowBits);
        byte[] known = known(bits);
        return known == null ? compressOnce(bits, pool) : known;
    }

    /** Whether {@link #compressed} would have to compress. */
    boolean isNewTo(int windowBits) {
        return known(sufficientBits(windowBits)) == null;
    }

    private byte @Nullable [] known(int bits) {
        return (byte[]) COMPRESSED.getAcquire(compressed, bits - NegotiatedDeflate.MIN_WINDOW_BITS);
    }

    private byte[] compressOnce(int bits, DeflaterPool pool) {
        lock.lock();
        try {
            byte[] known = known(bits);
            if (known == null) {
                known = compress(bits, pool);
                COMPRESSED.setRelease(compressed, bits - NegotiatedDeflate.MIN_WINDOW_BITS, known);
            }
            return known;
        } finally {
            lock.unlock();
        }
    }

    /** The smallest window that holds the whole message, or the given one: a larger one would make no difference. */
    private int sufficientBits(int windowBits) {
        int bits = NegotiatedDeflate.MIN_WINDOW_BITS;
        while (bits < windowBits && 1 << bits < bytes.length) {
            bits++;
        }
        return bits;
    }

    private byte[] compress(int bits, DeflaterPool pool) {
        try (MessageDeflater deflater = new MessageDeflater(pool, bits, false, 0)) {
            // If the compressed message does not fit, it is not smaller.
            byte[] target = new byte[bytes.length];
            deflater.input(bytes, 0, bytes.length, true);
            int length = deflater.output(target, 0, target.length);
            return length < target.length ? Arrays.copyOf(target, length) : bytes;
        }
    }
}
