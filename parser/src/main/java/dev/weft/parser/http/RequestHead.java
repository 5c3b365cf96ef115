package dev.weft.parser.http;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The head of a request. Immutable. Values that are derived from the headers are computed again on each call.
 *
 * @param method
 *            the method, a case-sensitive token
 * @param target the target in origin form: the path as it was sent and, after a '?', the query; nothing is decoded. For
 * an absolute target it is the part after the authority, or "/" if there is no path; "*" if an OPTIONS request is about
 * the server as a whole: its target is "*", or absolute with neither a path nor a query (RFC 9112 §3.2.4)
 * @param authority the host and optionally, after a colon, the port of an absolute target
 * ({@code GET http://host:port/path}); empty if the request was in origin form
 * @param minorVersion the minor version of HTTP, 0 to 9: 1 for HTTP/1.1
 * @param headers
 *            the header fields
 */
public record RequestHead(String method, String target, Optional<String> authority, int minorVersion,
        Headers headers) {

    /** The only method whose target may be {@link #ASTERISK}. */
    static final String OPTIONS = "OPTIONS";
    static final String ASTERISK = "*";

    /**
     * @throws IllegalArgumentException if the method is not a token, the target is neither in origin form nor "*" with
     * OPTIONS, the authority is not a host with an optional port, or the version is not 0 to 9
     */
    public RequestHead {
        Objects.requireNonNull(headers, "headers");
        if (!authority.map(HostSyntax::isValid).orElse(true)) {
            throw new IllegalArgumentException("not an authority: '" + HttpCharacters.escaped(authority.get()) + "'");
        }
        if (minorVersion < 0 || minorVersion > 9) {
            throw new IllegalArgumentException("HTTP/1." + minorVersion + " is not a version");
        }
        if (!HttpCharacters.isToken(method)) {
            throw new IllegalArgumentException("not a method: '" + HttpCharacters.escaped(method) + "'");
        }
        boolean isAsterisk = target.equals(ASTERISK) && method.equals(OPTIONS);
        if (!isAsterisk && !HttpCharacters.isOriginForm(target)) {
            throw new IllegalArgumentException("not a target in origin form: '" + HttpCharacters.escaped(target) + "'");
        }
    }

    /** An HTTP/1.1 request in origin form; throws the same exceptions as the other constructor. */
    public RequestHead(String method, String target, Headers headers) {
        this(method, target, Optional.empty(), 1, headers);
    }

    /** The target up to the first '?', not decoded and not normalised: it may contain {@code %2e} and {@code ..}. */
    public String path() {
        int mark = target.indexOf('?');
        return mark < 0 ? target : target.substring(0, mark);
    }

    /** The part of the target after the first '?', not decoded; the empty string if nothing follows the '?'. */
    public Optional<String> query() {
        int mark = target.indexOf('?');
        return mark < 0 ? Optional.empty() : Optional.of(target.substring(mark + 1));
    }

    /**
     * The host, and optionally after a colon the port, that the client wants to reach: the authority of an absolute
     * target, which replaces the {@code Host} header (RFC 9112 §3.2.2), otherwise that header. Empty if there is neither,
     * which HTTP/1.0 allows.
     */
    public Optional<String> host() {
        return authority.or(() -> headers.first("Host"));
    }

    /** The origin of the script that opens the connection. Browsers send it; other clients may omit it. */
    public Optional<String> origin() {
        return headers.first("Origin");
    }

    /**
     * The cookies, by name, in the order of the request (RFC 6265 §4.2). If several have the same name, the first is used:
     * user agents send the most specific one first (§5.4). Parts without a name or without '=' are skipped; values are
     * kept as sent, with quotes. Takes linear time.
     */
    public Map<String, String> cookies() {
        Map<String, String> cookies = new LinkedHashMap<>();
        for (String value : headers.all("Cookie")) {
            int from = 0;
            while (from <= value.length()) {
                int semicolon = value.indexOf(';', from);
                int end = semicolon < 0 ? value.length() : semicolon;
                addCookie(cookies, value.substring(from, end));
                from = end + 1;
            }
        }
        return Collections.unmodifiableMap(cookies);
    }

    private static void addCookie(Map<String, String> cookies, String pair) {
        int equals = pair.indexOf('=');
        String name = HttpCharacters.trimmed(pair, 0, Math.max(equals, 0));
        if (!name.isEmpty()) {
            cookies.putIfAbsent(name, HttpCharacters.trimmed(pair, equals + 1, pair.length()));
        }
    }
}
