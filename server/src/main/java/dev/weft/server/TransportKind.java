package dev.weft.server;

import dev.weft.internal.time.Failures;
import dev.weft.internal.transport.TransportFactory;
import java.io.IOException;

/** How connections wait for the network. All kinds behave alike; they differ in what they cost. */
public enum TransportKind {
    /**
     * Weft's own loops, one for each processor: each watches sockets and runs the threads of their connections, on a platform
     * thread. The cheapest where messages come one at a time, and no handler that computes or blocks in native code keeps
     * others from being served. It needs the option {@code --add-opens=java.base/java.lang=dev.weft.server} (on the class
     * path: {@code ALL-UNNAMED}); without it, this is {@link #PARKING}.
     */
    LOOPS {
        @Override
        TransportFactory open(Failures failures) throws IOException {
            return TransportFactory.loopingOrParking(failures);
        }
    },
    /**
     * Weft's own pollers and threads that park, scheduled by the JDK: a message costs one read, one write and a share of one poll. The poller is
     * a virtual thread; before Java 24, where blocking in a selector would pin its carrier, it is
     * {@link #PARKING_PLATFORM}.
     */
    PARKING {
        @Override
        TransportFactory open(Failures failures) throws IOException {
            return TransportFactory.parking(failures, "");
        }
    },
    /**
     * {@link #PARKING} with a platform thread that blocks in the selector when nothing is ready, on every Java: as cheap
     * under load, and a little dearer without.
     */
    PARKING_PLATFORM {
        @Override
        TransportFactory open(Failures failures) throws IOException {
            return TransportFactory.parking(true, failures, "");
        }
    },
    /**
     * The JDK's blocking channels: a message costs a failed read and a change of the JDK's poller more. After a lack of memory
     * the JDK may never wake some of the threads that wait; {@link WebSocketServer#health()} is impaired from then on.
     */
    BLOCKING {
        @Override
        TransportFactory open(Failures failures) throws IOException {
            return TransportFactory.blocking(failures);
        }
    };

    /** The failures are those of the threads that wake connections, which have its name. */
    abstract TransportFactory open(Failures failures) throws IOException;
}
