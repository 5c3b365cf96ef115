package dev.weft.internal.transport;

import dev.weft.internal.time.TimeLimit;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A transport that can wait only inside a read or a write; the progress of that write is unknown. A {@link BackgroundReader}
 * detects bytes that no thread waits for.
 */
interface WaitingTransport extends Transport {
    /** The background reader; {@code null} before {@link #onUnread}. */
    BackgroundReader backgroundReader();

    /**
     * Reads bytes that have arrived after those that the background reader holds; returns 0 if there are none. Does not wait.
     */
    int readArrived(ByteBuffer target) throws IOException;

    @Override
    default int readNow(ByteBuffer target) throws IOException {
        BackgroundReader started = backgroundReader();
        if (started != null) {
            // Checked first: its bytes precede those that it has not read.
            if (started.isReading()) {
                return 0;
            }
            int count = started.read(target, null);
            if (count != 0) {
                return count;
            }
        }
        return readArrived(target);
    }

    @Override
    default void reportUnread() {
        backgroundReader().start();
    }

    @Override
    default boolean willReportUnread() {
        return backgroundReader().isReading();
    }

    @Override
    default boolean awaitReadable(TimeLimit limit) {
        return false;
    }

    @Override
    default boolean writesWithoutWaiting() {
        return false;
    }

    @Override
    default void writeNow(ByteBuffer source) {
        // Writes nothing, because every write may wait.
    }

    @Override
    default void writeNow(ByteBuffer first, ByteBuffer second) {
        // Writes nothing, because every write may wait.
    }

    @Override
    default byte writeProgress() {
        return 0;
    }

    @Override
    default void retryWrite() {
        // Nothing to do: the waiting thread is inside the write.
    }
}
