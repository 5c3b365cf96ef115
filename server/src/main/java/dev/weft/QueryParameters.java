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
 * The parameters of a query, decoded as {@code application/x-www-form-urlencoded}: pairs of a name and, after '=', a value,
 * separated by '&amp;'; '+' stands for a space, and {@code %XX} for a byte of UTF-8. A name may occur several times; case
 * counts. Immutable; no method waits. Every lookup passes over all parameters, of which there are at most {@link #MAX_COUNT}.
 */
public final class QueryParameters {
    /** The most parameters that a query may have. */
    public static final int MAX_COUNT = 1000;

    /** No parameter at all. */
    public static final QueryParameters EMPTY = new QueryParameters(List.of());

    private final List<String> namesAndValues;

    private QueryParameters(List<String> namesAndValues) {
        this.namesAndValues = namesAndValues;
    }

    /**
     * Decodes a query, without the '?'. A part without '=' is a name with the empty value; an empty part is left out.
     *
     * @throws IllegalArgumentException if a '%' has not two hexadecimal digits after it, what is decoded is not UTF-8, or
     *                                  there are more than {@link #MAX_COUNT} parameters
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

    /** The number of parameters; several of one name count each. */
    public int size() {
        return namesAndValues.size() / 2;
    }

    /** The names, each once, in the query's order. An unchangeable copy. */
    public Set<String> names() {
        Set<String> names = new LinkedHashSet<>();
        for (int i = 0; i < namesAndValues.size(); i += 2) {
            names.add(namesAndValues.get(i));
        }
        return Collections.unmodifiableSet(names);
    }

    /** Whether there is a parameter of this name. */
    public boolean contains(String name) {
        return first(name).isPresent();
    }

    /** The value of the first parameter of this name. */
    public Optional<String> first(String name) {
        Objects.requireNonNull(name, "name");
        for (int i = 0; i < namesAndValues.size(); i += 2) {
            if (namesAndValues.get(i).equals(name)) {
                return Optional.of(namesAndValues.get(i + 1));
            }
        }
        return Optional.empty();
    }

    /** The values of all parameters of this name, in the query's order; empty if there are none. */
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

    /** The names alone: values may be secrets, such as tokens, and this may end in a log. */
    @Override
    public String toString() {
        return "QueryParameters" + names();
    }
}
