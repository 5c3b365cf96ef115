package dev.weft.client;

import dev.weft.internal.Bounds;
import java.net.IDN;
import java.net.URI;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The destination that a URI names (RFC 6455 §3).
 *
 * @param uri    the URI, in ASCII
 * @param secure whether TLS is used
 * @param host   a name or an address; an IPv6 address has no brackets, and may have a zone such as {@code %eth0}
 * @param port   1 to 65,535
 * @param target path and query, in origin form
 */
record Destination(URI uri, boolean secure, String host, int port, String target) {
    private static final int HTTP_PORT = 80;
    private static final int HTTPS_PORT = 443;
    private static final int HIGHEST_PORT = 65_535;
    /** A name as RFC 3986 §3.2.2 allows it, and perhaps a port. {@link URI} follows an older RFC, in which names have no {@code _}. */
    private static final Pattern AUTHORITY = Pattern.compile("([A-Za-z0-9._~-]+)(?::([0-9]{0,5}))?");
    private static final Pattern IPV4 = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");

    /**
     * Parses a URI.
     *
     * @throws IllegalArgumentException if its scheme is not ws, wss, http or https, if it has no host, if it has a fragment,
     *     which RFC 6455 §3 forbids, or if it has user information, which would not be sent
     */
    static Destination of(URI given) {
        URI uri = URI.create(given.toASCIIString());
        String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
        boolean secure = switch (scheme) {
            case "ws", "http" -> false;
            case "wss", "https" -> true;
            default -> throw refused("the scheme must be ws, wss, http or https");
        };
        if (uri.getRawFragment() != null) {
            throw refused("a WebSocket URI has no fragment");
        }
        if (uri.getRawAuthority() != null && uri.getRawAuthority().indexOf('@') >= 0) {
            throw refused("user information is not sent: set the header Authorization");
        }
        String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        String target = uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
        String host = uri.getHost();
        int port = uri.getPort();
        if (host == null) {
            Matcher authority = authority(given.getRawAuthority());
            host = authority.group(1);
            port = authority.group(2) == null || authority.group(2).isEmpty()
                    ? -1
                    : Integer.parseInt(authority.group(2));
            uri = URI.create(scheme + "://" + authority.group() + target);
        } else if (host.startsWith("[")) {
            host = host.substring(1, host.length() - 1);
        }
        port = port == -1 ? secure ? HTTPS_PORT : HTTP_PORT : port;
        Bounds.check("the URI's port", port, 1, HIGHEST_PORT);
        return new Destination(uri, secure, host, port, target);
    }

    /** Takes apart what {@link URI} does not; names in other scripts become ASCII (RFC 3490). */
    private static Matcher authority(String given) {
        String ascii;
        try {
            ascii = given == null ? "" : IDN.toASCII(given);
        } catch (IllegalArgumentException e) {
            throw refused("there is no valid host");
        }
        Matcher authority = AUTHORITY.matcher(ascii);
        if (!authority.matches()) {
            throw refused("there is no valid host");
        }
        return authority;
    }

    /** The message does not contain the URI, because its query may be secret. */
    private static IllegalArgumentException refused(String why) {
        return new IllegalArgumentException("the URI cannot be connected to: " + why);
    }

    boolean isAddress() {
        return isAddress(host);
    }

    /** Whether this is an address rather than a name that must be looked up. */
    static boolean isAddress(String host) {
        return host.indexOf(':') >= 0 || IPV4.matcher(host).matches();
    }

    boolean hasSameOrigin(Destination other) {
        return secure == other.secure && port == other.port && host.equalsIgnoreCase(other.host);
    }

    /** The same URI with an HTTP scheme, which cookie handlers and proxy selectors understand. */
    URI httpUri() {
        return URI.create((secure ? "https://" : "http://") + hostHeader() + target);
    }

    /** The host without a zone, which means something on this machine only (RFC 6874 §1): nothing that is sent has it. */
    String hostWithoutZone() {
        int zone = host.indexOf(':') >= 0 ? host.indexOf('%') : -1;
        return zone < 0 ? host : host.substring(0, zone);
    }

    private String bracketed() {
        return host.indexOf(':') >= 0 ? "[" + hostWithoutZone() + "]" : host;
    }

    /** The value of the {@code Host} header; it has a port only if that is not the scheme's default port. */
    String hostHeader() {
        return port == (secure ? HTTPS_PORT : HTTP_PORT) ? bracketed() : authority();
    }

    /** Host and port. */
    String authority() {
        return bracketed() + ":" + port;
    }

    /** Host, port and path, without the query, which may be secret. */
    @Override
    public String toString() {
        int mark = target.indexOf('?');
        return (secure ? "wss://" : "ws://") + hostHeader() + (mark < 0 ? target : target.substring(0, mark));
    }
}
