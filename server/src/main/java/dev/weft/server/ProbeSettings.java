package dev.weft.server;

import dev.weft.internal.Bounds;
import dev.weft.internal.PathPattern;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The paths at which supervisors and load balancers learn, by plain HTTP, whether a server can do its work: 200 means
 * yes, 503 means no. A probe answers every method. The server's own listeners serve probes even when the server is full
 * or refuses connections during a drain, on up to 256 connections at a time. With a
 * {@linkplain Builder#listen listener of their own}, probes do not depend on that limit. Immutable. {@snippet class =
 * "dev.weft.server.Snippets" region = "probes"}
 */
public final class ProbeSettings {
    /** No probes. */
    public static final ProbeSettings NONE = builder().build();

    private final Optional<String> liveness;
    private final Optional<String> readiness;
    private final Optional<String> health;
    private final Optional<InetSocketAddress> address;

    private ProbeSettings(Builder builder) {
        this.liveness = builder.liveness;
        this.readiness = builder.readiness;
        this.health = builder.health;
        this.address = builder.address;
    }

    /** The path of the probe that says whether the process should be restarted. */
    public Optional<String> liveness() {
        return liveness;
    }

    /** The path of the probe that says whether new clients should be sent to this server. */
    public Optional<String> readiness() {
        return readiness;
    }

    /** The path of the report for people and monitoring systems. */
    public Optional<String> health() {
        return health;
    }

    /** The address of the probes' own listener, unresolved; empty if the server's own listeners serve them. */
    public Optional<InetSocketAddress> address() {
        return address;
    }

    /** The paths of all probes. */
    List<String> paths() {
        return Stream.of(liveness, readiness, health).flatMap(Optional::stream).toList();
    }

    /** Returns a builder that is initialized with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder that is initialized with these settings. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.liveness = liveness;
        builder.readiness = readiness;
        builder.health = health;
        builder.address = address;
        return builder;
    }

    private List<Object> values() {
        return List.of(liveness, readiness, health, address);
    }

    /** Whether all settings are equal. */
    @Override
    public boolean equals(Object other) {
        return other instanceof ProbeSettings those && values().equals(those.values());
    }

    @Override
    public int hashCode() {
        return values().hashCode();
    }

    @Override
    public String toString() {
        return "ProbeSettings" + values();
    }

    /**
     * Builds settings. A method that is given a path that is malformed or has parameters, or a value out of bounds, throws an
     * {@link IllegalArgumentException}. Not thread-safe.
     */
    public static final class Builder {
        private Optional<String> liveness = Optional.empty();
        private Optional<String> readiness = Optional.empty();
        private Optional<String> health = Optional.empty();
        private Optional<InetSocketAddress> address = Optional.empty();

        private Builder() {}

        private static Optional<String> checked(String path) {
            PathPattern.parse(path);
            if (path.contains("{") || path.endsWith("**")) {
                throw new IllegalArgumentException("the path " + path + " of a probe has parameters");
            }
            return Optional.of(path);
        }

        /**
         * Sets the path of the liveness probe, such as {@code /livez}. It returns 503 if {@link WebSocketServer#health()} is
         * {@code FAILED}, so that the process must be restarted. Default: none.
         */
        public Builder liveness(String path) {
            liveness = checked(path);
            return this;
        }

        /**
         * Sets the path of the readiness probe, such as {@code /readyz}. It returns 200 if {@link
         * WebSocketServer#isReady()} does. Default: none.
         */
        public Builder readiness(String path) {
            readiness = checked(path);
            return this;
        }

        /**
         * Sets the path of a JSON object with the members {@code status} and {@code reason} of {@link ServerHealth}, {@code
         * ready}, {@code draining} and {@code connections}. The response is 503 unless the status is {@code HEALTHY}.
         * Default: none.
         */
        public Builder health(String path) {
            health = checked(path);
            return this;
        }

        /**
         * Sets an address of a separate listener for the probes and the
         * {@linkplain WebSocketServerBuilder#metrics(String) metrics}. It serves nothing else, does not use TLS, has
         * its own threads, and listens until the server has been closed. Default: the server's own listeners serve
         * them.
         *
         * @param port 0 to 65,535; with 0 the system chooses one, and {@link WebSocketServer#probeAddress()} returns it
         */
        public Builder listen(String host, int port) {
            Bounds.check("port", port, 0, ListenSettings.HIGHEST_PORT);
            address = Optional.of(InetSocketAddress.createUnresolved(Objects.requireNonNull(host, "host"), port));
            return this;
        }

        /** Returns the settings. */
        public ProbeSettings build() {
            return new ProbeSettings(this);
        }
    }
}
