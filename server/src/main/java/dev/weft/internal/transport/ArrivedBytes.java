package dev.weft.internal.transport;

import java.io.IOException;

/** A channel that knows whether bytes have arrived that were not read. From any thread; does not wait. */
interface ArrivedBytes {
    boolean haveArrived() throws IOException;
}
