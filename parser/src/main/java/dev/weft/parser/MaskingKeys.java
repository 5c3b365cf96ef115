package dev.weft.parser;

import java.security.SecureRandom;
import java.util.concurrent.locks.ReentrantLock;

/** Unpredictable masking keys (RFC 6455 §10.3). They are drawn many at a time, because one draw costs about a microsecond. */
final class MaskingKeys {
    private static final int BYTES = 4096;

    private static final ReentrantLock LOCK = new ReentrantLock();
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final byte[] DRAWN = new byte[BYTES];
    private static int position = BYTES;

    private MaskingKeys() {}

    static int next() {
        LOCK.lock();
        try {
            if (position == BYTES) {
                RANDOM.nextBytes(DRAWN);
                position = 0;
            }
            int key = 0;
            for (int end = position + 4; position < end; position++) {
                key = key << 8 | DRAWN[position] & 0xff;
                DRAWN[position] = 0;
            }
            return key;
        } finally {
            LOCK.unlock();
        }
    }
}
