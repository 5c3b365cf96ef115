package dev.weft;

import dev.weft.internal.PercentDecoder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * The parameters of a query, decoded as {@code application/x-www-form-urlencoded}: pairs of a name and, after '=', a
 * value, separated by '&amp;'. A '+' stands for a space, and {@code %XX} for a byte of UTF-8. A name may occur several
 * times; names are case-sensitive. Immutable; no method waits. Every lookup scans all parameters, of which there are at
 * most {@link #MAX_COUNT}.
 */
public final class QueryParameters {
    /** The maximum number of parameters in a query. */
    public static final int MAX_COUNT = 1000;

    /** No parameters. */
    public static final QueryParameters EMPTY = new QueryParameters(List.of());

    private final List<String> namesAndValues;

    private QueryParameters(List<String> namesAndValues) {
        this.namesAndValues = namesAndValues;
    }

    /**
     * Decodes a query, given without the '?'. A part without '=' is a name with an empty value; an empty part is
     * skipped.
     *
     * @throws IllegalArgumentException if a '%' is not followed by two hexadecimal digits, if the decoded bytes are not
     *                                  UTF-8, or if there are more than {@link #MAX_COUNT} parameters
     */
    public static QueryParameters parse(String query) {
        Objects.requireNonNull(query, "query");
        List<String> namesAndValues = new ArrayList<>();
        int from = 0;
        while (from < query.length()) {
            int ampersand = query.indexOf('&', from);
            int end = ampersand < 0 ? query.length() : ampersand;
            if (end > from) {
                if (namesAndValues.size() == 2 * MAX_COUNT) {
                    throw new IllegalArgumentException("more than " + MAX_COUNT + " query parameters");
                }
                int equals = query.indexOf('=', from);
                int nameEnd = equals < 0 || equals > end ? end : equals;
                namesAndValues.add(PercentDecoder.decode(query, from, nameEnd, true));
                namesAndValues.add(PercentDecoder.decode(query, Math.min(nameEnd + 1, end), end, true));
            }
            from = end + 1;
        }
        return namesAndValues.isEmpty() ? EMPTY : new QueryParameters(List.copyOf(namesAndValues));
    }

    /** The number of parameters. Parameters with the same name are counted separately. */
    public int size() {
        return namesAndValues.size() / 2;
    }

    /** The distinct names, in the order of the query. An unmodifiable copy. */
    public Set<String> names() {
        Set<String> names = new LinkedHashSet<>();
        for (int i = 0; i < namesAndValues.size(); i += 2) {
            names.add(namesAndValues.get(i));
        }
        return Collections.unmodifiableSet(names);
    }

    /** Whether there is a parameter with this name. */
    public boolean contains(String name) {
        return first(name).isPresent();
    }

    /** The value of the first parameter with this name. */
    public Optional<String> first(String name) {
        Objects.requireNonNull(name, "name");
        for (int i = 0; i < namesAndValues.size(); i += 2) {
            if (namesAndValues.get(i).equals(name)) {
                return Optional.of(namesAndValues.get(i + 1));
            }
        }
        return Optional.empty();
    }

    /** The values of all parameters with this name, in the order of the query; empty if there are none. */
    public List<String> all(String name) {
        Objects.requireNonNull(name, "name");
        List<String> values = new ArrayList<>();
        for (int i = 0; i < namesAndValues.size(); i += 2) {
            if (namesAndValues.get(i).equals(name)) {
                values.add(namesAndValues.get(i + 1));
            }
        }
        return List.copyOf(values);
    }

    /** Whether both have the same names and values in the same order. */
    @Override
    public boolean equals(Object other) {
        return other instanceof QueryParameters parameters && namesAndValues.equals(parameters.namesAndValues);
    }

    @Override
    public int hashCode() {
        return namesAndValues.hashCode();
    }

    /** Lists only the names: values may be secrets, such as tokens, and this text may be logged. */
    @Override
    public String toString() {
        return "QueryParameters" + names();
    }
}
