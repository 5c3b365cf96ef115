package dev.weft.internal;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A path with parameters, such as {@code /chat/{room}}. Each segment is either a literal or a parameter, never a mixture.
 * Segments are compared after percent-decoding, so that {@code %2F} is part of a segment and never separates two. A
 * parameter matches any segment that is not empty. A last segment {@code **} matches all remaining segments: one or more,
 * which may be empty. Immutable, for any thread.
 */
public final class PathPattern {
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_-]*");

    private final String text;
    private final List<Segment> segments;

    /** One part between two slashes. */
    public sealed interface Segment {}

    /**
     * A segment that a path must have.
     *
     * @param value decoded
     */
    public record Literal(String value) implements Segment {}

    /**
     * A segment that matches any value, which is passed on under a name.
     *
     * @param name the parameter's name
     */
    public record Parameter(String name) implements Segment {}

    /** All remaining segments, at least one. */
    public record Rest() implements Segment {}

    private PathPattern(String text, List<Segment> segments) {
        this.text = text;
        this.segments = List.copyOf(segments);
    }

    /**
     * Parses a pattern. It must begin with '/'; a '/' at the end is significant.
     *
     * @throws IllegalArgumentException if the text is not a pattern; the message contains the text
     */
    public static PathPattern parse(String text) {
        Objects.requireNonNull(text, "path");
        try {
            return new PathPattern(text, parsed(text));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("path '" + text + "': " + e.getMessage(), e);
        }
    }

    private static List<Segment> parsed(String text) {
        if (!text.startsWith("/")) {
            throw new IllegalArgumentException("must begin with '/'");
        }
        if (text.chars().anyMatch(c -> c <= ' ' || c == 0x7f || c == '?' || c == '#')) {
            throw new IllegalArgumentException("has a space, a control character, '?' or '#'");
        }
        List<Segment> segments = new ArrayList<>();
        List<String> raw = List.of(text.substring(1).split("/", -1));
        for (String segment : raw) {
            if (segment.isEmpty() && segments.size() < raw.size() - 1) {
                throw new IllegalArgumentException("has an empty segment");
            }
            Segment next = parsedSegment(segment);
            if (next instanceof Rest && segments.size() < raw.size() - 1) {
                throw new IllegalArgumentException("has '**' before the end");
            }
            if (next instanceof Parameter && segments.contains(next)) {
                throw new IllegalArgumentException("has the parameter " + segment + " twice");
            }
            segments.add(next);
        }
        return segments;
    }

    private static Segment parsedSegment(String segment) {
        if (segment.equals("**")) {
            return new Rest();
        }
        if (segment.indexOf('{') < 0 && segment.indexOf('}') < 0) {
            return new Literal(decodedSegment(segment));
        }
        boolean braces = segment.startsWith("{") && segment.endsWith("}");
        String name = braces ? segment.substring(1, segment.length() - 1) : "";
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "a parameter is a whole segment, such as {room}, and its name has letters, "
                            + "digits, '_' and '-'");
        }
        return new Parameter(name);
    }

    /**
     * The decoded segments of a request's path, which begins with '/'.
     *
     * @throws IllegalArgumentException if the percent-encoding is malformed, or a segment is "." or "..", which a client
     *                                  resolves before it sends the path (RFC 3986 §5.2.4)
     */
    public static List<String> segmentsOf(String path) {
        List<String> segments = new ArrayList<>();
        int from = 1;
        for (int slash = path.indexOf('/', from); slash >= 0; slash = path.indexOf('/', from)) {
            segments.add(decodedSegment(path.substring(from, slash)));
            from = slash + 1;
        }
        segments.add(decodedSegment(path.substring(from)));
        return segments;
    }

    private static String decodedSegment(String segment) {
        String decoded = PercentDecoder.decode(segment, 0, segment.length(), false);
        if (decoded.equals(".") || decoded.equals("..")) {
            throw new IllegalArgumentException("a '.' or '..' segment");
        }
        return decoded;
    }

    /** All segments, in order; at least one. */
    public List<Segment> segments() {
        return segments;
    }

    /** The decoded parameter values of a matching path, by name, in order. */
    public Map<String, String> parametersOf(String path) {
        List<String> values = segmentsOf(path);
        Map<String, String> parameters = new LinkedHashMap<>();
        for (int i = 0; i < segments.size(); i++) {
            if (segments.get(i) instanceof Parameter parameter) {
                parameters.put(parameter.name(), values.get(i));
            }
        }
        return Collections.unmodifiableMap(parameters);
    }

    /** The part of a matching path that {@code **} matches, not decoded; empty if the pattern has no {@code **}. */
    public String restOf(String path) {
        if (!(segments.getLast() instanceof Rest)) {
            return "";
        }
        int from = 1;
        for (int i = 1; i < segments.size(); i++) {
            from = path.indexOf('/', from) + 1;
        }
        return path.substring(from);
    }

    /** The pattern as it was written. */
    @Override
    public String toString() {
        return text;
    }
}
