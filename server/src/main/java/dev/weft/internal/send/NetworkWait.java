package dev.weft.internal.send;

import dev.weft.internal.event.ConnectionEvents;
import dev.weft.internal.time.Deadlines;
import dev.weft.internal.transport.Transport;
import org.jspecify.annotations.Nullable;

/** A wait of a sending thread for the network: has a deadline, and is recorded if it is long and somebody records. */
final class NetworkWait {
    private NetworkWait() {}

    /** Returns what {@link #end} needs. */
    static @Nullable Object begin(Deadlines deadlines) {
        Object recorded = null;
        try {
            recorded = ConnectionEvents.get().sendWaits();
        } catch (OutOfMemoryError e) {
            // The wait itself needs no memory.
        }
        deadlines.writing();
        return recorded;
    }

    static void end(@Nullable Object recorded, Deadlines deadlines, Transport transport) {
        deadlines.written();
        if (recorded != null) {
            ConnectionEvents.get().sendEnds(recorded, transport.remoteAddress());
        }
    }
}
