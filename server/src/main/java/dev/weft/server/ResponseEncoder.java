package dev.weft.server;

import dev.weft.parser.http.HttpResponse;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Turns responses into bytes, with the {@code Date} that a server with a clock owes every one of them but a 101 (RFC 9110
 * §6.6.1). The date is formatted once a second, whatever the number of responses. For any thread; does not block.
 */
final class ResponseEncoder {
    /** One second and its text. */
    private record Stamp(long second, String text) {}

    /** RFC 9110 §5.6.7: IMF-fixdate, whose day has two digits, in English everywhere. */
    private static final DateTimeFormatter IMF_FIXDATE = DateTimeFormatter
            .ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US).withZone(ZoneOffset.UTC);

    private final LongSupplier millis;
    private volatile Stamp last = new Stamp(Long.MIN_VALUE, "");

    /** With this clock, which returns milliseconds since 1970. */
    ResponseEncoder(LongSupplier millis) {
        this.millis = millis;
    }

    /**
     * The bytes of a response; a date that the application set stays.
     *
     * @param method the request's: a HEAD is sent the head of the response alone (RFC 9110 §9.3.2)
     */
    byte[] encode(HttpResponse response, String method) {
        HttpResponse dated = dated(response);
        return method.equals("HEAD") ? dated.encodeHead() : dated.encode();
    }

    /** The response with a date; one that the application set stays. */
    HttpResponse dated(HttpResponse response) {
        return response.headers().contains("Date") ? response : response.withHeader("Date", date());
    }

    /** A time in the form of HTTP. */
    static String text(Instant time) {
        return IMF_FIXDATE.format(time);
    }

    /** Now, in the form of HTTP. */
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
