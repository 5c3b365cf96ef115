package dev.weft.server;

import dev.weft.internal.Bounds;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Limits and timeouts of plain HTTP requests. All of them are finite. Immutable. */
public final class HttpSettings {
    /**
     * The default settings: 1 MiB for a body, 1,000 requests, 30 s for a handler, 20 s for a part of a body, 60 s until
     * the next request, any host.
     */
    public static final HttpSettings DEFAULT = builder().build();

    private final Builder values;

    private HttpSettings(Builder values) {
        this.values = values;
    }

    /** Returns a builder that is initialized with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder that is initialized with these settings. */
    public Builder toBuilder() {
        return new Builder(values);
    }

    /**
     * The maximum number of bytes in a request's body; a larger body gets 413. A body needs memory only if it is read
     * as a whole; it then counts towards {@code maxBufferedSize}.
     */
    public long maxBodySize() {
        return values.maxBodySize;
    }

    /** The maximum number of requests on a connection. The connection is closed after the response to the last one. */
    public int maxRequestsPerConnection() {
        return values.maxRequestsPerConnection;
    }

    /**
     * The maximum time for a handler to return its response, after the request's head or after its last wait for the
     * request's body. If a handler takes longer, it is interrupted, and the client gets 503. This is also the maximum pause of a streamed response;
     * after a longer one, the connection is cut off.
     */
    public Duration handlerTimeout() {
        return values.handlerTimeout;
    }

    /**
     * The maximum time that a handler waits for each 16 KiB of a request's body, or for the rest of the body if that is
     * shorter; a slower body gets 408, unless the server made the client wait for a rate.
     */
    public Duration bodyTimeout() {
        return values.bodyTimeout;
    }

    /** The maximum time that a connection may wait for its next request; then it is closed. */
    public Duration keepAliveTimeout() {
        return values.keepAliveTimeout;
    }

    /** The hosts to which requests may be addressed, as they were set; empty if any host is allowed. */
    public List<String> hosts() {
        return values.hosts;
    }

    /** Whether a request may be addressed to this host; any host is allowed if none is set. */
    boolean allowsHost(String authority) {
        return values.hostList.map(list -> list.contains(authority)).orElse(true);
    }

    /** The shortest of the timeouts, which determines how often deadlines are checked. */
    Duration shortest() {
        return Stream.of(values.handlerTimeout, values.bodyTimeout, values.keepAliveTimeout).min(Duration::compareTo)
                .orElseThrow();
    }

    private List<Object> values() {
        return List.of(maxBodySize(), maxRequestsPerConnection(), handlerTimeout(), bodyTimeout(), keepAliveTimeout(),
                hosts());
    }

    /** Whether all settings are equal. */
    @Override
    public boolean equals(Object other) {
        return other instanceof HttpSettings those && values().equals(those.values());
    }

    @Override
    public int hashCode() {
        return values().hashCode();
    }

    @Override
    public String toString() {
        return "HttpSettings" + values();
    }

    /**
     * Builds settings. A method that is given a value out of bounds throws an {@link IllegalArgumentException} that
     * names the setting, the value and the bounds. Not thread-safe.
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

        /**
         * Sets {@link HttpSettings#maxRequestsPerConnection()}: at least 1; with 1, no connection is kept alive.
         * Default 1,000.
         */
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
         * Sets the hosts to which requests may be addressed, as a protection against DNS rebinding; other requests get
         * 421. The entries have the syntax of {@link HandshakePolicy#hosts}. A request without a host, which HTTP/1.0
         * permits, cannot be from a browser and is answered. Default: any host.
         *
         * @throws IllegalArgumentException if one is not a host with an optional port, or there is none
         */
        public Builder hosts(Collection<String> allowed) {
            this.hostList = Optional.of(new HostList(allowed));
            this.hosts = List.copyOf(allowed);
            return this;
        }

        /** Returns the settings. The builder can be used again. */
        public HttpSettings build() {
            return new HttpSettings(new Builder(this));
        }
    }
}
