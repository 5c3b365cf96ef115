package dev.weft.internal.transport;

import java.util.EnumSet;
import java.util.Set;

/** The driver of the engine of a parking transport under stress. */
enum Driver {
    /** A poller, as before Java 24: a virtual thread that waits in a selector would hold its carrier. */
    PINNED_POLLER,
    /** A poller that waits in its selector itself. */
    POLLER,
    /** A loop, which runs the connection's threads too. */
    LOOP;

    /**
     * The drivers that servers have on this Java. A poller that would hold its carrier is not among them: the threads that it
     * has just woken may be in the queue of that carrier, where they wait until the JDK gives another carrier a reason to look.
     */
    static Set<Driver> ofThisJava() {
        return TransportFactory.selectPins(Runtime.version().feature())
                ? EnumSet.complementOf(EnumSet.of(POLLER))
                : EnumSet.allOf(Driver.class);
    }
}
