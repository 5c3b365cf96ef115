package dev.weft.server;

import dev.weft.HandshakeRequest;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The origin of a page (RFC 6454) of http or https, in one spelling. Other values of the header, {@code null} included,
 * are no origin that anything could be the same as; {@link OriginRule} has those that a list may name.
 */
record Origin(String scheme, String host, int port) {
    private static final String HTTPS = "https";
    private static final String HOST_AND_PORT = HostRule.HOST + HostRule.PORT;
    private static final Pattern ORIGIN = Pattern.compile("(https?)://" + HOST_AND_PORT, Pattern.CASE_INSENSITIVE);
    private static final Pattern AUTHORITY = Pattern.compile(HOST_AND_PORT, Pattern.CASE_INSENSITIVE);

    static Optional<Origin> parse(String value) {
        Matcher matcher = ORIGIN.matcher(value);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        // Folded after the match: before it, characters outside ASCII could fold to letters inside.
        String scheme = matcher.group(1).toLowerCase(Locale.ROOT);
        return Optional
                .of(new Origin(scheme, matcher.group(2).toLowerCase(Locale.ROOT), port(matcher.group(3), scheme)));
    }

    /** Whether the request has no Origin, and so comes from no browser, or a good one. */
    static boolean isAbsentOr(HandshakeRequest request, Predicate<String> good) {
        List<String> values = request.headers().all("Origin");
        return values.isEmpty() || values.size() == 1 && good.test(values.get(0));
    }

    /**
     * Whether this is the origin to which the request was sent. A request over TLS has the scheme https. Without TLS, a
     * proxy may have terminated TLS, so either scheme is accepted; it determines the port of a Host that names none.
     */
    boolean isOf(HandshakeRequest request) {
        if (request.tlsSession().isPresent() && !scheme.equals(HTTPS)) {
            return false;
        }
        Matcher matcher = AUTHORITY.matcher(request.host().orElse(""));
        return matcher.matches() && host.equalsIgnoreCase(matcher.group(1)) && port == port(matcher.group(2), scheme);
    }

    /** The port of these digits, or the scheme's if there are none. */
    static int port(String digits, String scheme) {
        return digits != null ? Integer.parseInt(digits) : scheme.equals(HTTPS) ? 443 : 80;
    }
}
