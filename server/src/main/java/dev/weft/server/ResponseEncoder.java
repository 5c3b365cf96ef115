package dev.weft.server;

import dev.weft.parser.http.HttpResponse;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Encodes responses as bytes, with the {@code Date} that a server with a clock must send in every response except a 101
 * (RFC 9110 §6.6.1). The date is formatted once a second, whatever the number of responses. For any thread; does not
 * block.
 */
final class ResponseEncoder {
    /** A second and its formatted text. */
    private record Stamp(long second, String text) {}

    /** RFC 9110 §5.6.7: IMF-fixdate, with a two-digit day, always in English. */
    private static final DateTimeFormatter IMF_FIXDATE = DateTimeFormatter
            .ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US).withZone(ZoneOffset.UTC);

    private final LongSupplier millis;
    private volatile Stamp last = new Stamp(Long.MIN_VALUE, "");

    /** Creates an encoder with this clock, which returns milliseconds since 1970. */
    ResponseEncoder(LongSupplier millis) {
        this.millis = millis;
    }

    /**
     * Encodes a response. A date that the application has set is kept.
     *
     * @param method the method of the request: the response to a HEAD is sent without its body (RFC 9110 §9.3.2)
     */
    byte[] encode(HttpResponse response, String method) {
        HttpResponse dated = dated(response);
        return method.equals("HEAD") ? dated.encodeHead() : dated.encode();
    }

    /** Returns the response with a date. A date that the application has set is kept. */
    HttpResponse dated(HttpResponse response) {
        return response.headers().contains("Date") ? response : response.withHeader("Date", date());
    }

    /** Formats a time as HTTP requires. */
    static String text(Instant time) {
        return IMF_FIXDATE.format(time);
    }

    /** The current time, formatted as HTTP requires. */
    String date() {
        long second = Math.floorDiv(millis.getAsLong(), 1000L);
        Stamp stamp = last;
        if (stamp.second != second) {
            stamp = new Stamp(second, text(Instant.ofEpochSecond(second)));
            last = stamp;
        }
        return stamp.text;
    }
}
