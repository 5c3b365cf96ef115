package dev.weft.internal.http;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.Month;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.format.DateTimeParseException;
import java.time.format.ResolverStyle;
import java.time.format.SignStyle;
import java.time.temporal.ChronoField;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The three forms of a date in a header field (RFC 9110 §5.6.7). For any thread. */
public final class HttpDate {
    /** A year of two digits is at most this number of years in the future. */
    private static final int YEARS_AHEAD = 50;

    private static final Map<Long, String> DAYS = names(DayOfWeek.values());
    private static final Map<Long, String> SHORT_DAYS = shortened(DAYS);
    private static final Map<Long, String> MONTHS = shortened(names(Month.values()));

    /** {@code Sun, 06 Nov 1994 08:49:37 GMT}. */
    private static final DateTimeFormatter IMF_FIXDATE = strict(
            builder().appendText(ChronoField.DAY_OF_WEEK, SHORT_DAYS).appendLiteral(", ")
                    .appendValue(ChronoField.DAY_OF_MONTH, 2).appendLiteral(' ')
                    .appendText(ChronoField.MONTH_OF_YEAR, MONTHS).appendLiteral(' ')
                    .appendValue(ChronoField.YEAR, 4).appendLiteral(' ').append(time()).appendLiteral(" GMT"));
    /** {@code Sun Nov  6 08:49:37 1994}. */
    private static final DateTimeFormatter ASCTIME = strict(
            builder().appendText(ChronoField.DAY_OF_WEEK, SHORT_DAYS).appendLiteral(' ')
                    .appendText(ChronoField.MONTH_OF_YEAR, MONTHS).appendLiteral(' ').padNext(2)
                    .appendValue(ChronoField.DAY_OF_MONTH, 1, 2, SignStyle.NOT_NEGATIVE).appendLiteral(' ')
                    .append(time()).appendLiteral(' ').appendValue(ChronoField.YEAR, 4));

    private HttpDate() {}

    /** The names by their numbers, which begin with 1. */
    private static Map<Long, String> names(Enum<?>[] values) {
        return Arrays.stream(values).collect(Collectors.toUnmodifiableMap(value -> value.ordinal() + 1L,
                value -> value.name().charAt(0) + value.name().substring(1).toLowerCase(Locale.ROOT)));
    }

    private static Map<Long, String> shortened(Map<Long, String> names) {
        return names.entrySet().stream()
                .collect(Collectors.toUnmodifiableMap(Map.Entry::getKey, name -> name.getValue().substring(0, 3)));
    }

    private static DateTimeFormatterBuilder builder() {
        return new DateTimeFormatterBuilder();
    }

    private static DateTimeFormatter time() {
        return builder().appendValue(ChronoField.HOUR_OF_DAY, 2).appendLiteral(':')
                .appendValue(ChronoField.MINUTE_OF_HOUR, 2).appendLiteral(':')
                .appendValue(ChronoField.SECOND_OF_MINUTE, 2).toFormatter(Locale.ENGLISH);
    }

    private static DateTimeFormatter strict(DateTimeFormatterBuilder builder) {
        return builder.toFormatter(Locale.ENGLISH).withResolverStyle(ResolverStyle.STRICT).withZone(ZoneOffset.UTC);
    }

    /** {@code Sunday, 06-Nov-94 08:49:37 GMT}, in the hundred years that begin with this one. */
    private static DateTimeFormatter rfc850(int firstYear) {
        return strict(builder().appendText(ChronoField.DAY_OF_WEEK, DAYS).appendLiteral(", ")
                .appendValue(ChronoField.DAY_OF_MONTH, 2).appendLiteral('-')
                .appendText(ChronoField.MONTH_OF_YEAR, MONTHS).appendLiteral('-')
                .appendValueReduced(ChronoField.YEAR, 2, 2, firstYear).appendLiteral(' ').append(time())
                .appendLiteral(" GMT"));
    }

    /**
     * Parses a date. Empty if it has none of the three forms, or its day of the week is another one.
     *
     * @param now the current time, from which a year of two digits is determined
     */
    public static Optional<Instant> parse(String value, Instant now) {
        int year = now.atOffset(ZoneOffset.UTC).getYear();
        DateTimeFormatter form = value.startsWith(", ", 3)
                ? IMF_FIXDATE
                : value.indexOf(',') < 0 ? ASCTIME : rfc850(year + YEARS_AHEAD - 99);
        try {
            return Optional.of(Instant.from(form.parse(value)));
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }
}
