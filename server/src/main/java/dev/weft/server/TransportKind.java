package dev.weft.server;

import dev.weft.internal.time.Failures;
import dev.weft.internal.transport.TransportFactory;
import java.io.IOException;

/** How connections wait for the network. All kinds behave alike; they differ in their cost. */
public enum TransportKind {
    /**
     * Weft's own loops, one for each processor. Each runs on a platform thread, watches sockets and runs the threads of
     * their connections. This kind costs the least if messages arrive one at a time, and other connections are served
     * even if a handler computes or blocks in native code. It needs the option
     * {@code --add-opens=java.base/java.lang=dev.weft.server} (on the class path: {@code ALL-UNNAMED}); without it,
     * this is {@link #PARKING}. With Java 22 and later, it receives and sends by direct system calls on Linux, if
     * {@code --add-exports=java.base/sun.nio.ch=dev.weft.server --enable-native-access=dev.weft.server} are also given.
     */
    LOOPS {
        @Override
        TransportFactory open(Failures failures) throws IOException {
            return TransportFactory.loopingOrParking(failures);
        }
    },
    /**
     * Weft's own pollers, and virtual threads that park, scheduled by the JDK. A message costs one read, one write and
     * a share of one poll. The poller is a virtual thread. Before Java 24, where blocking in a selector would pin its
     * carrier, this kind is {@link #PARKING_PLATFORM}.
     */
    PARKING {
        @Override
        TransportFactory open(Failures failures) throws IOException {
            return TransportFactory.parking(failures, "");
        }
    },
    /**
     * Like {@link #PARKING}, but on every Java version, a platform thread blocks in the selector when nothing is ready:
     * this costs the same under load, and slightly more without load.
     */
    PARKING_PLATFORM {
        @Override
        TransportFactory open(Failures failures) throws IOException {
            return TransportFactory.parking(true, failures, "");
        }
    },
    /**
     * The JDK's blocking channels. A message additionally costs a failed read and a change of the JDK's poller. After
     * memory has run out, the JDK may never wake some of the waiting threads; from then on, {@link
     * WebSocketServer#health()} is impaired.
     */
    BLOCKING {
        @Override
        TransportFactory open(Failures failures) throws IOException {
            return TransportFactory.blocking(failures);
        }
    };

    /**
     * Opens the transports. The failures are those of the threads that wake connections, which are named after them.
     */
    abstract TransportFactory open(Failures failures) throws IOException;
}
