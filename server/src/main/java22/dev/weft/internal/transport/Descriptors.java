package dev.weft.internal.transport;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.channels.Channel;
import java.nio.channels.SocketChannel;
import java.util.Optional;

/**
 * The numbers of the descriptors of the JDK's channels, for calls of the system's functions, with Java 22 and later.
 * <p>
 * Only this class uses non-public API of the JDK for that: the method that returns the descriptor of a channel, for which the
 * package {@code sun.nio.ch} must be exported.
 */
final class Descriptors {
    private static final String PACKAGE = "sun.nio.ch";
    private static final Optional<String> MISSING_OPTIONS = findMissingOptions();
    private static final Optional<String> OBSTACLE = otherSystem().or(() -> MISSING_OPTIONS);

    private Descriptors() {}

    private static Optional<String> otherSystem() {
        String system = System.getProperty("os.name");
        String processor = System.getProperty("os.arch");
        return system.equals("Linux") && (processor.equals("amd64") || processor.equals("aarch64"))
                ? Optional.empty()
                : Optional.of("Linux on amd64 or aarch64 is needed, not " + system + " on " + processor);
    }

    private static Optional<String> findMissingOptions() {
        Module module = Descriptors.class.getModule();
        if (module.isNativeAccessEnabled() && Object.class.getModule().isExported(PACKAGE, module)) {
            return Optional.empty();
        }
        String name = module.isNamed() ? module.getName() : "ALL-UNNAMED";
        return Optional.of("both --add-exports=java.base/" + PACKAGE + "=" + name + " and --enable-native-access=" + name
                + " are needed");
    }

    /** The reason why the system's functions cannot be called in this JVM, for an operator; empty if they can. */
    static Optional<String> obstacle() {
        return OBSTACLE;
    }

    /** The obstacle, if it is that the JVM was started without options; for an operator. */
    static Optional<String> missingOptions() {
        return otherSystem().isEmpty() ? MISSING_OPTIONS : Optional.empty();
    }

    /** Looks for the descriptor of a channel. Fails if that cannot be found, although there is no obstacle. */
    static void check() throws IOException {
        try (SocketChannel channel = SocketChannel.open()) {
            if (of(channel) < 0) {
                throw new IOException("the JDK's channels have no descriptors");
            }
        }
    }

    /** The number of the channel's descriptor, until the channel is closed; -1 if there is an obstacle, or it is not known. */
    static int of(Channel channel) {
        if (channel instanceof AcceptedChannel accepted) {
            return accepted.descriptor();
        }
        return OBSTACLE.isEmpty() ? Lookup.of(channel) : -1;
    }

    /** Initialized only when it is needed, which takes a few milliseconds. */
    private static final class Lookup {
        private static final Class<?> CHANNEL;
        private static final MethodHandle DESCRIPTOR;

        static {
            try {
                CHANNEL = Class.forName(PACKAGE + ".SelChImpl");
                DESCRIPTOR = MethodHandles.lookup().findVirtual(CHANNEL, "getFDVal", MethodType.methodType(int.class))
                        .asType(MethodType.methodType(int.class, Channel.class));
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException("this JDK has other channels", e);
            }
        }

        static int of(Channel channel) {
            if (!CHANNEL.isInstance(channel)) {
                return -1;
            }
            try {
                return (int) DESCRIPTOR.invokeExact(channel);
            } catch (RuntimeException | Error e) {
                throw e;
            } catch (Throwable e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
