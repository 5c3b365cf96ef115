package dev.weft.server;

import dev.weft.internal.Bounds;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Limits and timeouts of plain HTTP requests. Every one is finite. Immutable. */
public final class HttpSettings {
    /** 1 MiB, 1,000 requests, 30 s for a handler, 20 s for a part of a body, 60 s until the next request, any host. */
    public static final HttpSettings DEFAULT = builder().build();

    private final Builder values;

    private HttpSettings(Builder values) {
        this.values = values;
    }

    /** A builder with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** A builder that begins with these settings. */
    public Builder toBuilder() {
        return new Builder(values);
    }

    /**
     * The most bytes of a request's body; beyond: 413. A body costs memory only where it is read as a whole, which counts
     * against {@code maxBufferedSize}.
     */
    public long maxBodySize() {
        return values.maxBodySize;
    }

    /** The most requests of a connection; the response to the last one closes it. */
    public int maxRequestsPerConnection() {
        return values.maxRequestsPerConnection;
    }

    /**
     * How long a handler may take for its response, waits for the request's body not counted; then it is interrupted, and the
     * client gets 503. Also how long a streamed response may pause; then the connection is cut off.
     */
    public Duration handlerTimeout() {
        return values.handlerTimeout;
    }

    /** How long each 16 KiB of a request's body may take, or the rest; beyond: 408. */
    public Duration bodyTimeout() {
        return values.bodyTimeout;
    }

    /** How long a connection may wait for its next request; then it is closed. */
    public Duration keepAliveTimeout() {
        return values.keepAliveTimeout;
    }

    /** The hosts that requests may be meant for, as they were set; empty if any. */
    public List<String> hosts() {
        return values.hosts;
    }

    /** Whether a request may be meant for this host; any host if none is set. */
    boolean allowsHost(String authority) {
        return values.hostList.map(list -> list.contains(authority)).orElse(true);
    }

    /** The shortest of the timeouts, which decides how often deadlines are looked at. */
    Duration shortest() {
        return Stream.of(values.handlerTimeout, values.bodyTimeout, values.keepAliveTimeout).min(Duration::compareTo)
                .orElseThrow();
    }

    /**
     * Collects settings. A value out of bounds is refused when it is set, by an {@link IllegalArgumentException} that names the
     * setting, the value and the bounds. Not for use by several threads at once.
     */
    public static final class Builder {
        private static final Duration SHORTEST = Duration.ofMillis(1);
        private static final Duration LONGEST = Duration.ofDays(20);

        private long maxBodySize = 1 << 20;
        private int maxRequestsPerConnection = 1000;
        private Duration handlerTimeout = Duration.ofSeconds(30);
        private Duration bodyTimeout = Duration.ofSeconds(20);
        private Duration keepAliveTimeout = Duration.ofSeconds(60);
        private List<String> hosts = List.of();
        private Optional<HostList> hostList = Optional.empty();

        private Builder() {}

        private Builder(Builder other) {
            this.maxBodySize = other.maxBodySize;
            this.maxRequestsPerConnection = other.maxRequestsPerConnection;
            this.handlerTimeout = other.handlerTimeout;
            this.bodyTimeout = other.bodyTimeout;
            this.keepAliveTimeout = other.keepAliveTimeout;
            this.hosts = other.hosts;
            this.hostList = other.hostList;
        }

        /** Sets {@link HttpSettings#maxBodySize()}: 0 or more bytes. Default 1 MiB. */
        public Builder maxBodySize(long maxBodySize) {
            Bounds.check("maxBodySize", maxBodySize, 0, Long.MAX_VALUE);
            this.maxBodySize = maxBodySize;
            return this;
        }

        /** Sets {@link HttpSettings#maxRequestsPerConnection()}: at least 1; with 1 no connection is kept. Default 1,000. */
        public Builder maxRequestsPerConnection(int maxRequestsPerConnection) {
            Bounds.check("maxRequestsPerConnection", maxRequestsPerConnection, 1, Integer.MAX_VALUE);
            this.maxRequestsPerConnection = maxRequestsPerConnection;
            return this;
        }

        /** Sets {@link HttpSettings#handlerTimeout()}: 1 ms to 20 days. Default 30 s. */
        public Builder handlerTimeout(Duration handlerTimeout) {
            Bounds.check("handlerTimeout", handlerTimeout, SHORTEST, LONGEST);
            this.handlerTimeout = handlerTimeout;
            return this;
        }

        /** Sets {@link HttpSettings#bodyTimeout()}: 1 ms to 20 days. Default 20 s. */
        public Builder bodyTimeout(Duration bodyTimeout) {
            Bounds.check("bodyTimeout", bodyTimeout, SHORTEST, LONGEST);
            this.bodyTimeout = bodyTimeout;
            return this;
        }

        /** Sets {@link HttpSettings#keepAliveTimeout()}: 1 ms to 20 days. Default 60 s. */
        public Builder keepAliveTimeout(Duration keepAliveTimeout) {
            Bounds.check("keepAliveTimeout", keepAliveTimeout, SHORTEST, LONGEST);
            this.keepAliveTimeout = keepAliveTimeout;
            return this;
        }

        /**
         * Sets the hosts that requests may be meant for, against DNS rebinding; others get 421. The entries are those of {@link
         * HandshakePolicy#hosts}. A request that names no host, as may be with HTTP/1.0, is no browser's and is answered.
         * Default: any host.
         *
         * @throws IllegalArgumentException if one is not a host with an optional port, or there is none
         */
        public Builder hosts(Collection<String> allowed) {
            this.hostList = Optional.of(new HostList(allowed));
            this.hosts = List.copyOf(allowed);
            return this;
        }

        /** The settings; the builder may go on. */
        public HttpSettings build() {
            return new HttpSettings(new Builder(this));
        }
    }
}
