package dev.weft.server;

import dev.weft.parser.http.Headers;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The origin of a page (RFC 6454) of http or https, in canonical form. Other values of the header, including {@code
 * null}, are not origins that can be the same as another; {@link OriginRule} has the values that a list may name.
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
        // Converted to lower case after the match: before the match, the conversion could turn characters outside ASCII
        // into allowed letters.
        String scheme = matcher.group(1).toLowerCase(Locale.ROOT);
        return Optional
                .of(new Origin(scheme, matcher.group(2).toLowerCase(Locale.ROOT), port(matcher.group(3), scheme)));
    }

    /** Whether a request has no Origin, and so is not from a browser, or has an Origin that is allowed. */
    static boolean isAbsentOr(Headers headers, Predicate<String> good) {
        List<String> values = headers.all("Origin");
        return values.isEmpty() || values.size() == 1 && good.test(values.get(0));
    }

    /**
     * Whether a request has no Origin, or the one to which it was sent. A request over TLS has the scheme https. Without TLS, a
     * proxy may have terminated TLS, so either scheme is accepted; it determines the port of a Host that names none.
     *
     * @param host what the client has named
     */
    static boolean isAbsentOrOf(Headers headers, Optional<String> host, boolean tls) {
        return isAbsentOr(headers,
                value -> parse(value).filter(origin -> origin.isOf(host.orElse(""), tls)).isPresent());
    }

    private boolean isOf(String authority, boolean tls) {
        if (tls && !scheme.equals(HTTPS)) {
            return false;
        }
        Matcher matcher = AUTHORITY.matcher(authority);
        return matcher.matches() && host.equalsIgnoreCase(matcher.group(1)) && port == port(matcher.group(2), scheme);
    }

    /** The port that these digits denote, or the scheme's default port if there are none. */
    static int port(String digits, String scheme) {
        return digits != null ? Integer.parseInt(digits) : scheme.equals(HTTPS) ? 443 : 80;
    }
}
