package dev.weft.server;

import dev.weft.parser.http.HttpResponse;
import java.util.Collection;
import java.util.List;

/** The hosts that a server answers for. Immutable. */
final class HostList {
    /** RFC 9110 §15.5.20: what requests to other hosts get. One object, by which such a refusal is recognised. */
    static final HttpResponse UNKNOWN_HOST = HttpResponse.text(421, "this host is not served here\n");

    private final List<HostRule.Entry> entries;

    /** Refuses what is not a host, and an empty list, which would be a server for nobody. */
    HostList(Collection<String> allowed) {
        entries = allowed.stream().map(HostRule::requireEntry).toList();
        if (entries.isEmpty()) {
            throw new IllegalArgumentException("no host is allowed");
        }
    }

    /** Whether this value of a Host header is one of them. */
    boolean contains(String authority) {
        return entries.stream().anyMatch(entry -> entry.matches(authority));
    }
}
