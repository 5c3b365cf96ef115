package dev.weft.parser.http;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * Header fields in the order of their lines. A name may occur on several lines; lookups ignore case. Immutable. Every
 * lookup searches all lines, because there are usually few.
 *
 * <p>Names are tokens, and values contain no control character except the tab, so nothing in them can end a line (RFC 9110
 * §5.5). Values are ISO-8859-1: one character for one byte.
 *
 * <pre>{@code
 * Headers headers = Headers.of("Server", "weft", "Set-Cookie", "a=1", "Set-Cookie", "b=2");
 * }</pre>
 */
public final class Headers {

    /** No headers. */
    public static final Headers EMPTY = new Headers(new String[0]);

    private final String[] namesAndValues;

    private Headers(String[] namesAndValues) {
        this.namesAndValues = namesAndValues;
    }

    /** Uses the array without a check or a copy: the caller has checked it. */
    static Headers checked(String[] namesAndValues) {
        return new Headers(namesAndValues);
    }

    /**
     * Headers by name, value, name, value, …
     *
     * @throws IllegalArgumentException
     *             if a name is not a token, a value holds a control character or one beyond U+00FF, or a value is
     *             missing
     */
    public static Headers of(String... namesAndValues) {
        if (namesAndValues.length % 2 != 0) {
            throw new IllegalArgumentException("a name without a value");
        }
        Builder builder = builder();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            builder.add(namesAndValues[i], namesAndValues[i + 1]);
        }
        return builder.build();
    }

    /** An empty builder. */
    public static Builder builder() {
        return new Builder();
    }

    /** The number of header lines. */
    public int size() {
        return namesAndValues.length / 2;
    }

    /** The number of header lines of this name. */
    public int count(String name) {
        int count = 0;
        for (int i = 0; i < namesAndValues.length; i += 2) {
            if (namesAndValues[i].equalsIgnoreCase(name)) {
                count++;
            }
        }
        return count;
    }

    /** Whether there is a header line of this name. */
    public boolean contains(String name) {
        return first(name).isPresent();
    }

    /** The value of the first header line of this name. */
    public Optional<String> first(String name) {
        for (int i = 0; i < namesAndValues.length; i += 2) {
            if (namesAndValues[i].equalsIgnoreCase(name)) {
                return Optional.of(namesAndValues[i + 1]);
            }
        }
        return Optional.empty();
    }

    /** The values of all header lines of this name, in order; empty if there are none. */
    public List<String> all(String name) {
        List<String> values = new ArrayList<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            if (namesAndValues[i].equalsIgnoreCase(name)) {
                values.add(namesAndValues[i + 1]);
            }
        }
        return List.copyOf(values);
    }

    /**
     * The elements of a comma-separated list that may be spread over several header lines (RFC 9110 §5.3, §5.6.1),
     * without the white space around them. Empty elements are left out. Quoted strings are not recognised: do not use this
     * method for headers whose elements may contain them. Takes time linear in the values' lengths.
     */
    public List<String> tokens(String name) {
        List<String> tokens = new ArrayList<>();
        for (String value : all(name)) {
            int from = 0;
            for (int comma = value.indexOf(','); comma >= 0; comma = value.indexOf(',', from)) {
                addElement(tokens, HttpCharacters.trimmed(value, from, comma));
                from = comma + 1;
            }
            addElement(tokens, HttpCharacters.trimmed(value, from, value.length()));
        }
        return List.copyOf(tokens);
    }

    private static void addElement(List<String> tokens, String element) {
        if (!element.isEmpty()) {
            tokens.add(element);
        }
    }

    /** Whether {@link #tokens} contains this token, ignoring case. */
    public boolean containsToken(String name, String token) {
        for (String element : tokens(name)) {
            if (element.equalsIgnoreCase(token)) {
                return true;
            }
        }
        return false;
    }

    /** Passes the name and the value of each header line, in order. */
    public void forEach(BiConsumer<? super String, ? super String> action) {
        for (int i = 0; i < namesAndValues.length; i += 2) {
            action.accept(namesAndValues[i], namesAndValues[i + 1]);
        }
    }

    /** Appends the header lines in the form that they have in a head. */
    void appendTo(StringBuilder head) {
        forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
    }

    /** Whether both have the same lines in the same order; names are compared ignoring case. */
    @Override
    public boolean equals(Object other) {
        return other instanceof Headers headers && Arrays.equals(folded(), headers.folded());
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(folded());
    }

    private String[] folded() {
        String[] folded = namesAndValues.clone();
        for (int i = 0; i < folded.length; i += 2) {
            folded[i] = folded[i].toLowerCase(Locale.ROOT);
        }
        return folded;
    }

    /** Lists only the names: values may be secrets (cookies, credentials), and this text may be logged. */
    @Override
    public String toString() {
        List<String> names = new ArrayList<>();
        forEach((name, value) -> names.add(name));
        return "Headers" + names;
    }

    /** Collects header lines. Not thread-safe. */
    public static final class Builder {

        private final List<String> namesAndValues = new ArrayList<>();

        private Builder() {}

        /**
         * Adds a header line; existing lines of the same name are kept.
         *
         * @throws IllegalArgumentException
         *             if the name is not a token, or the value holds a control character or one beyond U+00FF
         */
        public Builder add(String name, String value) {
            Objects.requireNonNull(name, "name");
            Objects.requireNonNull(value, "value");
            if (!HttpCharacters.isToken(name)) {
                throw new IllegalArgumentException("not a header name: '" + HttpCharacters.escaped(name) + "'");
            }
            if (!HttpCharacters.isFieldValue(value)) {
                throw new IllegalArgumentException(
                        "not a value for the header " + name + ": '" + HttpCharacters.escaped(value) + "'");
            }
            namesAndValues.add(name);
            namesAndValues.add(value);
            return this;
        }

        /**
         * Replaces all header lines of this name with one.
         *
         * @throws IllegalArgumentException for the same reasons as {@link #add}; then nothing is changed
         */
        public Builder set(String name, String value) {
            int before = namesAndValues.size();
            add(name, value);
            for (int i = before - 2; i >= 0; i -= 2) {
                if (namesAndValues.get(i).equalsIgnoreCase(name)) {
                    namesAndValues.subList(i, i + 2).clear();
                }
            }
            return this;
        }

        /** Adds all lines of other headers. */
        public Builder addAll(Headers headers) {
            headers.forEach(this::add);
            return this;
        }

        /** The headers so far; the builder can still be used. */
        public Headers build() {
            return namesAndValues.isEmpty() ? EMPTY : new Headers(namesAndValues.toArray(String[]::new));
        }
    }
}
