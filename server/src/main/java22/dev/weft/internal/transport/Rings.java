package dev.weft.internal.transport;

import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.channels.Channel;
import java.util.Optional;

/**
 * Opens rings of Linux's io_uring, with Java 22 and later.
 * <p>
 * Only this class uses non-public API of the JDK for them: the method that returns the descriptor of a channel, for which the
 * package {@code sun.nio.ch} must be exported.
 */
final class Rings {
    private static final MethodHandle DESCRIPTOR;
    private static final String OBSTACLE;

    static {
        MethodHandle descriptor = null;
        String obstacle = platformObstacle();
        if (obstacle == null) {
            try {
                descriptor = MethodHandles.lookup()
                        .findVirtual(Class.forName("sun.nio.ch.SelChImpl"), "getFDVal", MethodType.methodType(int.class))
                        .asType(MethodType.methodType(int.class, Channel.class));
                new IoUring(2, 4, 2, 16).close();
            } catch (IllegalAccessException e) {
                obstacle = needs("--add-exports=java.base/sun.nio.ch=");
            } catch (IOException e) {
                obstacle = "io_uring is not permitted here (" + e.getMessage() + ")";
            } catch (Throwable e) {
                obstacle = "io_uring cannot be used with this JDK (" + e + ")";
            }
        }
        DESCRIPTOR = descriptor;
        OBSTACLE = obstacle;
    }

    private Rings() {}

    private static String platformObstacle() {
        String system = System.getProperty("os.name");
        String processor = System.getProperty("os.arch");
        if (!system.equals("Linux") || !processor.equals("amd64") && !processor.equals("aarch64")) {
            return "there is no io_uring for " + system + " on " + processor;
        }
        String release = System.getProperty("os.version");
        if (!LinuxRelease.isAtLeast(6, 1, release)) {
            // Older ones report a send of which the system took only some as one of which it took nothing.
            return "io_uring needs Linux 6.1 or later, not " + release;
        }
        return Rings.class.getModule().isNativeAccessEnabled() ? null : needs("--enable-native-access=");
    }

    private static String needs(String option) {
        Module module = Rings.class.getModule();
        return "io_uring needs the option " + option + (module.isNamed() ? module.getName() : "ALL-UNNAMED");
    }

    static Optional<String> obstacle() {
        return Optional.ofNullable(OBSTACLE);
    }

    static Ring open(int requests, int completions, int buffers, int bufferSize) throws IOException {
        return new IoUring(requests, completions, buffers, bufferSize);
    }

    static int descriptor(Channel channel) throws IOException {
        try {
            return (int) DESCRIPTOR.invokeExact(channel);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
