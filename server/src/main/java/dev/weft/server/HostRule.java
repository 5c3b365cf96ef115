package dev.weft.server;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A host of a list: a name or an address, or all subdomains of a name.
 *
 * @param name       in lower case, without the {@code *.} before it
 * @param subdomains whether the name's subdomains are meant, and not the name itself
 */
record HostRule(String name, boolean subdomains) {
    /** A name, an IPv4 or an IPv6 address: nothing with a path, user information or blanks. */
    static final String HOST = "([a-z0-9._-]+|\\[[0-9a-f:.]+])";
    static final String PORT = "(?::([0-9]{1,5}))?";

    private static final Pattern IPV4_END = Pattern.compile("(?:.*\\.)?[0-9]+");
    private static final Pattern ENTRY = Pattern.compile("(\\*\\.)?" + HOST + PORT, Pattern.CASE_INSENSITIVE);
    private static final Pattern AUTHORITY = Pattern.compile(HOST + PORT, Pattern.CASE_INSENSITIVE);

    /** One entry of a list of hosts: a rule and the digits of the port, which may be absent. */
    record Entry(HostRule rule, String port) {
        /**
         * Whether the entry matches the value of a Host header. A value without a port means 80 or 443, since a proxy
         * may terminate TLS.
         */
        boolean matches(String authority) {
            Matcher matcher = AUTHORITY.matcher(authority);
            if (!matcher.matches() || !rule.matches(matcher.group(1).toLowerCase(Locale.ROOT))) {
                return false;
            }
            String actual = matcher.group(2);
            if (port == null) {
                return true;
            }
            int allowed = Integer.parseInt(port);
            return actual == null ? allowed == 80 || allowed == 443 : allowed == Integer.parseInt(actual);
        }
    }

    /**
     * Returns an entry of a list of hosts.
     *
     * @throws IllegalArgumentException if it is not a host with an optional port
     */
    static Entry requireEntry(String text) {
        Matcher matcher = ENTRY.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("not a host with an optional port: " + text);
        }
        return new Entry(require(matcher.group(1) != null, matcher.group(2)), matcher.group(3));
    }

    /** Returns the rule of a host that matched {@link #HOST}. */
    static HostRule require(boolean subdomains, String host) {
        // Converted to lower case after the match: before the match, the conversion could turn characters outside ASCII
        // into allowed letters.
        String name = host.toLowerCase(Locale.ROOT);
        if (subdomains && (name.startsWith("[") || !isLabels(name) || IPV4_END.matcher(name).matches())) {
            throw new IllegalArgumentException("only a name has subdomains: *." + host);
        }
        return new HostRule(name, subdomains);
    }

    /**
     * Whether the rule matches this host, given in lower case. Subdomains match at any depth, with a whole label before
     * the dot.
     */
    boolean matches(String host) {
        if (!subdomains) {
            return host.equals(name);
        }
        int dot = host.length() - name.length() - 1;
        return dot > 0 && host.charAt(dot) == '.' && host.endsWith(name)
                && isLabels(host.substring(0, dot));
    }

    /**
     * Whether none of the labels between the dots is empty. Not a regular expression, which would recurse once for each
     * label.
     */
    private static boolean isLabels(String name) {
        return !name.startsWith(".") && !name.endsWith(".") && !name.contains("..");
    }
}
