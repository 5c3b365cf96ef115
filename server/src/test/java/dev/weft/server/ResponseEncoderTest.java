package dev.weft.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.weft.parser.http.HttpResponse;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** The Date field: RFC 9110 §6.6.1, §5.6.7. */
class ResponseEncoderTest {
    private static final String FORBIDDEN_HEAD = """
            HTTP/1.1 403 Forbidden\r
            Content-Type: text/plain; charset=utf-8\r
            Date: Sun, 06 Nov 1994 08:49:37 GMT\r
            Connection: close\r
            Content-Length: 2\r
            \r
            """;
    /** The RFC's own example: Sunday, 6 November 1994. */
    private final AtomicLong millis = new AtomicLong(784_111_777_000L);
    private final ResponseEncoder encoder = new ResponseEncoder(millis::get);

    private String encoded(HttpResponse response, String method) {
        return new String(encoder.encode(response, method), ISO_8859_1);
    }

    @Test
    void responseMustHaveADate() {
        assertEquals(FORBIDDEN_HEAD + "no", encoded(HttpResponse.text(403, "no"), "GET"));
    }

    @Test
    void headMustHaveADateAndNoBody() {
        assertEquals(FORBIDDEN_HEAD, encoded(HttpResponse.text(403, "no"), "HEAD"));
    }

    @Test
    void dateOfTheApplicationMustStay() {
        String mine = encoded(HttpResponse.text(200, "").withHeader("date", "Mon, 07 Nov 1994 00:00:00 GMT"), "GET");
        assertEquals(1, mine.lines().filter(line -> line.toLowerCase(Locale.ROOT).startsWith("date:")).count(), mine);
        assertEquals(true, mine.contains("\r\ndate: Mon, 07 Nov 1994 00:00:00 GMT\r\n"), mine);
    }

    @Test
    void dateMustBeFormattedOnceASecond() {
        String date = encoder.date();
        millis.addAndGet(999);
        assertSame(date, encoder.date());
        millis.addAndGet(1);
        assertNotSame(date, encoder.date());
        assertEquals("Sun, 06 Nov 1994 08:49:38 GMT", encoder.date());
        // Clocks are set back.
        millis.addAndGet(-1000);
        assertEquals(date, encoder.date());
    }
}
