package dev.weft.server;

import dev.weft.internal.transport.Transports;
import java.io.IOException;

/** How connections wait for the network. All kinds behave alike; they differ in what they cost. */
public enum TransportKind {
    /**
     * Weft's own poller and threads that park: a message costs one read, one write and a share of one poll. The poller is
     * a virtual thread from Java 24 on, and a platform thread before, where blocking in a selector pins the carrier.
     */
    PARKING {
        @Override
        Transports open(String name) throws IOException {
            return Transports.parking(name, blocksWithoutPinning(Runtime.version().feature()));
        }
    },
    /** {@link #PARKING} with the poller on a platform thread on every Java. */
    PARKING_PLATFORM {
        @Override
        Transports open(String name) throws IOException {
            return Transports.parking(name, false);
        }
    },
    /** The JDK's blocking channels: a message costs a failed read and a change of the JDK's poller more. */
    BLOCKING {
        @Override
        Transports open(String name) {
            return Transports.blocking();
        }
    };

    private static final int FIRST_WITHOUT_PINNING = 24;

    /** Whether, on this release of Java, a virtual thread that blocks in a selector leaves its carrier to others. */
    static boolean blocksWithoutPinning(int feature) {
        return feature >= FIRST_WITHOUT_PINNING;
    }

    abstract Transports open(String name) throws IOException;
}
