package dev.weft.server;

import dev.weft.parser.http.HttpResponse;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An entry of a list of allowed origins, which allows certain values of the Origin header. */
sealed interface OriginRule {
    /** Whether the entry allows this value of an Origin header. */
    boolean allows(String value);

    /**
     * A literal value: {@code null}, or the origin of an app or an extension. Case is ignored, except for {@code null}.
     */
    record Named(String origin) implements OriginRule {
        @Override
        public boolean allows(String value) {
            return value.equals(origin)
                    || OTHER_SCHEME.matcher(value).matches() && value.toLowerCase(Locale.ROOT).equals(origin);
        }
    }

    /** Pages of http or https. */
    record Web(String scheme, HostRule host, int port) implements OriginRule {
        @Override
        public boolean allows(String value) {
            return Origin.parse(value).filter(origin -> origin.scheme().equals(scheme) && origin.port() == port
                    && host.matches(origin.host())).isPresent();
        }
    }

    /** RFC 6454 §6.2, §7.3: the value that a browser sends for pages without their own origin. */
    String OPAQUE = "null";
    /** RFC 3986 §3.1; the origins of files and of some apps have no host. */
    Pattern OTHER_SCHEME = Pattern.compile(
            "([a-z][a-z0-9+.-]*)://(?:" + HostRule.HOST + HostRule.PORT + ")?", Pattern.CASE_INSENSITIVE);
    /** An origin of http or https, optionally with {@code *.} before its host. */
    Pattern WEB = Pattern.compile("(https?)://(\\*\\.)?" + HostRule.HOST + HostRule.PORT, Pattern.CASE_INSENSITIVE);
    /**
     * Schemes that {@link #OTHER_SCHEME} must not match: such a value is the URI of a server, and never the origin of a
     * page.
     */
    List<String> NO_ORIGINS = List.of("http", "https", "ws", "wss");

    /** The decision for pages whose origin is not allowed. */
    static HandshakeDecision foreign() {
        return new HandshakeDecision.Reject(HttpResponse.text(403, "foreign origin\n"), RefusalReason.FOREIGN_ORIGIN);
    }

    /**
     * Returns the rule for an entry.
     *
     * @throws IllegalArgumentException if it is not an origin
     */
    static OriginRule require(String entry) {
        if (entry.equals(OPAQUE)) {
            return new Named(entry);
        }
        Matcher web = WEB.matcher(entry);
        if (web.matches()) {
            String scheme = web.group(1).toLowerCase(Locale.ROOT);
            return new Web(scheme, HostRule.require(web.group(2) != null, web.group(3)),
                    Origin.port(web.group(4), scheme));
        }
        Matcher other = OTHER_SCHEME.matcher(entry);
        if (!other.matches() || NO_ORIGINS.contains(other.group(1).toLowerCase(Locale.ROOT))) {
            throw new IllegalArgumentException("not an origin, such as https://example.com: " + entry);
        }
        return new Named(entry.toLowerCase(Locale.ROOT));
    }
}
