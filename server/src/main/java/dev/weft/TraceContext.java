package dev.weft;

import dev.weft.parser.http.Headers;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The position of a request in a distributed trace, as its client or a proxy has sent it (W3C Trace Context). A value; no
 * method waits.
 */
public final class TraceContext {
    /** Longer ones are not kept: W3C Trace Context §3.3.1.5 asks for no more. */
    private static final int LONGEST_STATE = 512;
    private static final int MOST_MEMBERS = 32;
    /** Version 00. Later versions may append fields. */
    private static final Pattern TRACEPARENT = Pattern
            .compile("(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[!-~]*)?");
    private static final Pattern MEMBER = Pattern.compile(
            "([a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})"
                    + "=[ -+\\--<>-~]{0,255}[!-+\\--<>-~]");
    private static final int LENGTH = 55;
    private static final int SAMPLED = 1;

    private final String traceparent;
    private final String tracestate;

    private TraceContext(String traceparent, String tracestate) {
        this.traceparent = traceparent;
        this.tracestate = tracestate;
    }

    /**
     * Reads the headers {@code traceparent} and {@code tracestate}.
     *
     * @return empty if there is no valid {@code traceparent}, or more than one; without state if {@code tracestate} is
     *         invalid, or longer than 512 characters
     */
    public static Optional<TraceContext> of(Headers headers) {
        List<String> parents = headers.all("traceparent");
        if (parents.size() != 1 || !isValid(parents.getFirst())) {
            return Optional.empty();
        }
        String state = String.join(",", headers.all("tracestate"));
        return Optional.of(new TraceContext(parents.getFirst(), isValidState(state) ? state : ""));
    }

    private static boolean isValid(String parent) {
        return parent.length() <= LONGEST_STATE && TRACEPARENT.matcher(parent).matches()
                && (parent.length() == LENGTH || !parent.startsWith("00"));
    }

    private static boolean isValidState(String state) {
        if (state.length() > LONGEST_STATE) {
            return false;
        }
        Set<String> keys = new HashSet<>();
        for (String part : state.split(",")) {
            // Spaces and tabs around a member do not belong to it.
            String member = part.replaceAll("^[ \t]+|[ \t]+$", "");
            if (!member.isEmpty() && (!MEMBER.matcher(member).matches()
                    || !keys.add(member.substring(0, member.indexOf('='))))) {
                return false;
            }
        }
        return keys.size() <= MOST_MEMBERS;
    }

    /** The value of {@code traceparent}. Replace the parent id before you pass it on. */
    public String traceparent() {
        return traceparent;
    }

    /** The value of {@code tracestate}; empty if there is none, or it is invalid. */
    public Optional<String> tracestate() {
        return tracestate.isEmpty() ? Optional.empty() : Optional.of(tracestate);
    }

    /** The id of the whole trace: 32 hexadecimal digits. */
    public String traceId() {
        return traceparent.substring(3, 35);
    }

    /** The id of the request as its sender knows it: 16 hexadecimal digits. */
    public String parentId() {
        return traceparent.substring(36, 52);
    }

    /** Whether the sender may have recorded the trace. */
    public boolean isSampled() {
        return (Integer.parseInt(traceparent, 53, LENGTH, 16) & SAMPLED) != 0;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TraceContext context && traceparent.equals(context.traceparent)
                && tracestate.equals(context.tracestate);
    }

    @Override
    public int hashCode() {
        return Objects.hash(traceparent, tracestate);
    }

    @Override
    public String toString() {
        return traceparent;
    }
}
