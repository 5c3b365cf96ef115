package dev.weft.server;

import dev.weft.parser.http.HttpResponse;
import java.util.Collection;
import java.util.List;

/** The hosts that a server answers for. Immutable. */
final class HostList {
    /**
     * RFC 9110 §15.5.20: the response to requests for other hosts. A single object, by whose identity such a refusal is
     * recognised.
     */
    static final HttpResponse UNKNOWN_HOST = HttpResponse.text(421, "this host is not served here\n");

    private final List<HostRule.Entry> entries;

    /** Refuses entries that are not hosts, and an empty list, with which the server would serve no request. */
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
