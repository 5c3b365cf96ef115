package dev.weft.tools.conform.wire;

import java.net.URI;
import java.time.Duration;
import java.util.Objects;
import javax.net.ssl.SSLContext;

/**
 * The settings of a run.
 *
 * @param target the address of the server under test, or where the client under test must connect to: {@code
 *     ws://host:port/path} or {@code wss://host:port/path}
 * @param tls for {@code wss}: the certificates that are trusted, or, for a client under test, the suite's own key
 * @param timeout the maximum time for a required answer
 * @param patience the time to wait for an answer that a lax program sends only after it has received more; shorter than {@code
 *     timeout}, because every lax answer takes this long
 * @param maxMessage the maximum size of a message in bytes; cases that need larger messages are skipped
 * @param quick fewer repetitions
 */
public record Settings(URI target, SSLContext tls, Duration timeout, Duration patience, long maxMessage,
        boolean quick) {
    /** Checks the address. */
    public Settings {
        Objects.requireNonNull(tls);
        Objects.requireNonNull(timeout);
        Objects.requireNonNull(patience);
        if (!"ws".equals(target.getScheme()) && !"wss".equals(target.getScheme()) || target.getHost() == null) {
            throw new IllegalArgumentException("not of the form ws://host:port/path or wss://…: " + target);
        }
    }

    /** Whether TLS is used. */
    public boolean secured() {
        return "wss".equals(target.getScheme());
    }

    /** The server's host, without the brackets of an IPv6 address. */
    public String host() {
        return target.getHost().replaceAll("[\\[\\]]", "");
    }

    /** The server's port. */
    public int port() {
        return target.getPort() >= 0 ? target.getPort() : secured() ? 443 : 80;
    }

    /** The value of the Host header. */
    public String authority() {
        return target.getPort() < 0 ? target.getHost() : target.getHost() + ":" + target.getPort();
    }

    /** The request's target: path and query. */
    public String path() {
        String path = target.getRawPath().isEmpty() ? "/" : target.getRawPath();
        return target.getRawQuery() == null ? path : path + "?" + target.getRawQuery();
    }

    /** The maximum time until the client under test opens its next connection. */
    public Duration idle() {
        return timeout.multipliedBy(6);
    }

    /** The number of repetitions of a step: {@code times}, or a twentieth of it in a quick run. */
    public int times(int times) {
        return quick ? Math.max(1, times / 20) : times;
    }
}
