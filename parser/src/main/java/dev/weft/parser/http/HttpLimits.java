package dev.weft.parser.http;

import dev.weft.parser.internal.Bounds;
import java.util.List;

/**
 * The limits of a request head, or of a response head. A peer is refused at the first byte beyond a limit, so no more
 * bytes than the limit are ever kept. Immutable.
 */
public final class HttpLimits {
    /** 8 KiB for a line, 100 header lines, 32 KiB for all header lines together. */
    public static final HttpLimits DEFAULT = builder().build();

    private final int maxRequestLineSize;
    private final int maxStatusLineSize;
    private final int maxHeaderLineSize;
    private final int maxHeaderCount;
    private final int maxHeadersSize;

    private HttpLimits(Builder builder) {
        this.maxRequestLineSize = builder.maxRequestLineSize;
        this.maxStatusLineSize = builder.maxStatusLineSize;
        this.maxHeaderLineSize = builder.maxHeaderLineSize;
        this.maxHeaderCount = builder.maxHeaderCount;
        this.maxHeadersSize = builder.maxHeadersSize;
    }

    /** The maximum number of bytes of the request line, without its line end. A longer line gets 414. */
    public int maxRequestLineSize() {
        return maxRequestLineSize;
    }

    /** The maximum number of bytes of a response's status line, without its line end. */
    public int maxStatusLineSize() {
        return maxStatusLineSize;
    }

    /** The maximum number of bytes of one header line, without its line end. A longer line gets 431. */
    public int maxHeaderLineSize() {
        return maxHeaderLineSize;
    }

    /** The maximum number of header lines. A request with more gets 431. */
    public int maxHeaderCount() {
        return maxHeaderCount;
    }

    /**
     * The maximum number of bytes of all header lines together, without their line ends. A request with more gets 431.
     * A head that is being parsed takes up to about this much heap, plus the overhead of its strings.
     */
    public int maxHeadersSize() {
        return maxHeadersSize;
    }

    /** Returns a builder that is initialized with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder that is initialized with these limits. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.maxRequestLineSize = maxRequestLineSize;
        builder.maxStatusLineSize = maxStatusLineSize;
        builder.maxHeaderLineSize = maxHeaderLineSize;
        builder.maxHeaderCount = maxHeaderCount;
        builder.maxHeadersSize = maxHeadersSize;
        return builder;
    }

    private List<Integer> values() {
        return List.of(maxRequestLineSize, maxStatusLineSize, maxHeaderLineSize, maxHeaderCount, maxHeadersSize);
    }

    /** Whether all values are the same. */
    @Override
    public boolean equals(Object other) {
        return other instanceof HttpLimits those && values().equals(those.values());
    }

    @Override
    public int hashCode() {
        return values().hashCode();
    }

    @Override
    public String toString() {
        return "HttpLimits" + values();
    }

    /**
     * Collects limits. Setting a limit that is not positive throws an {@link IllegalArgumentException} that names the
     * limit and the value. Not thread-safe.
     */
    public static final class Builder {
        private int maxRequestLineSize = 8_192;
        private int maxStatusLineSize = 8_192;
        private int maxHeaderLineSize = 8_192;
        private int maxHeaderCount = 100;
        private int maxHeadersSize = 32_768;

        private Builder() {}

        private static int positive(String setting, int value) {
            Bounds.check(setting, value, 1, Integer.MAX_VALUE);
            return value;
        }

        /** Sets {@link HttpLimits#maxRequestLineSize()}. Default 8,192. */
        public Builder maxRequestLineSize(int size) {
            maxRequestLineSize = positive("maxRequestLineSize", size);
            return this;
        }

        /** Sets {@link HttpLimits#maxStatusLineSize()}. Default 8,192. */
        public Builder maxStatusLineSize(int size) {
            maxStatusLineSize = positive("maxStatusLineSize", size);
            return this;
        }

        /** Sets {@link HttpLimits#maxHeaderLineSize()}. Default 8,192. */
        public Builder maxHeaderLineSize(int size) {
            maxHeaderLineSize = positive("maxHeaderLineSize", size);
            return this;
        }

        /** Sets {@link HttpLimits#maxHeaderCount()}. Default 100. */
        public Builder maxHeaderCount(int count) {
            maxHeaderCount = positive("maxHeaderCount", count);
            return this;
        }

        /** Sets {@link HttpLimits#maxHeadersSize()}. Default 32,768. */
        public Builder maxHeadersSize(int size) {
            maxHeadersSize = positive("maxHeadersSize", size);
            return this;
        }

        /** The limits. */
        public HttpLimits build() {
            return new HttpLimits(this);
        }
    }
}
