package dev.weft.internal.transport;

import java.io.IOException;
import java.util.Optional;

/** Opens rings of Linux's io_uring, with Java 22 and later. */
final class Rings {
    private static final Optional<String> OBSTACLE = Descriptors.obstacle().or(Rings::ringObstacle);

    private Rings() {}

    private static Optional<String> ringObstacle() {
        String release = System.getProperty("os.version");
        if (!LinuxRelease.isAtLeast(6, 1, release)) {
            // Older ones report a send of which the system took only some as one of which it took nothing.
            return Optional.of("Linux 6.1 or later is needed, not " + release);
        }
        try {
            Descriptors.check();
            new IoUring(2, 4, 2, 16).close();
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of("not permitted here (" + e.getMessage() + ")");
        } catch (Throwable e) {
            return Optional.of("not possible with this JDK (" + e + ")");
        }
    }

    static Optional<String> obstacle() {
        return OBSTACLE;
    }

    static Ring open(int requests, int completions, int buffers, int bufferSize) throws IOException {
        return new IoUring(requests, completions, buffers, bufferSize);
    }
}
