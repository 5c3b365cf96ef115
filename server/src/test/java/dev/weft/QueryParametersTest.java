package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Queries as application/x-www-form-urlencoded. */
@Timeout(30)
class QueryParametersTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "a=1              | 1",
            "b=2&a=1          | 1",
            "a=1&a=2          | 1",
            "&&a=1&           | 1",
            "a=1=2            | 1=2",
            "a==              | =",
            "a                | ''",
            "a&b              | ''",
            "a=               | ''",
            "%61=1            | 1",
            "a=1+2            | 1 2",
            "a=1%2B2          | 1+2",
            "a=%26%3D%25      | &=%",
            "a=%C3%a9         | \u00e9",
            "a=%F0%9F%98%80   | \ud83d\ude00",
            "a=b?c/d          | b?c/d"})
    void valuesAreDecoded(String query, String first) {
        assertEquals(Optional.of(first), QueryParameters.parse(query).first("a"));
    }

    @Test
    void allValuesOfANameAreInOrder() {
        QueryParameters query = QueryParameters.parse("a=1&b=2&a=3&A=4&a");
        assertEquals(List.of("1", "3", ""), query.all("a"));
        assertEquals(List.of(), query.all("c"));
        assertEquals(List.of("a", "b", "A"), List.copyOf(query.names()));
        assertEquals(5, query.size());
        assertTrue(query.contains("A"));
        assertFalse(query.contains("c"));
        assertEquals(Optional.empty(), query.first("c"));
    }

    @Test
    void anEmptyQueryHasNoParameters() {
        assertSame(QueryParameters.EMPTY, QueryParameters.parse(""));
        assertSame(QueryParameters.EMPTY, QueryParameters.parse("&&"));
        assertEquals(List.of(""), QueryParameters.parse("=").all(""));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a=%", "a=%4", "a=%4&1", "%=1", "a=%g0", "a=%0g", "a=%-1", "a=%ff", "%c3=%a9", "a=%c3&%a9",
            "a=%c0%80",
            "a=%ed%a0%80", "a=\ud800%41"})
    void malformedQueriesMustBeRefused(String query) {
        assertThrows(IllegalArgumentException.class, () -> QueryParameters.parse(query));
    }

    @Test
    void theNumberOfParametersIsBounded() {
        String most = "a&".repeat(QueryParameters.MAX_COUNT);
        assertEquals(QueryParameters.MAX_COUNT, QueryParameters.parse(most).size());
        assertThrows(IllegalArgumentException.class, () -> QueryParameters.parse(most + "a"));
    }

    @Test
    void equalQueriesHaveTheSameParametersInOrder() {
        assertEquals(QueryParameters.parse("a=1&b=%32"), QueryParameters.parse("&%61=1&b=2"));
        assertEquals(QueryParameters.parse("a=1").hashCode(), QueryParameters.parse("a=%31").hashCode());
        assertNotEquals(QueryParameters.parse("a=1&b=2"), QueryParameters.parse("b=2&a=1"));
    }

    @Test
    void textMustNotShowValues() {
        assertEquals("QueryParameters[token]", QueryParameters.parse("token=secret").toString());
    }
}
