package dev.weft.server;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Writes a line for each answered request, and for each WebSocket connection when it has ended, to the logger {@value #LOGGER}.
 * Text of the peer is escaped and cut, so that nobody can forge a line or make it long. For any thread; waits for the log only.
 */
final class AccessLog {
    static final String LOGGER = "dev.weft.access";
    /** The maximum number of characters of each text of the peer. */
    private static final int LONGEST = 512;
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss Z", Locale.ROOT)
            .withZone(ZoneOffset.UTC);
    private static final DateTimeFormatter JSON_TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSX")
            .withZone(ZoneOffset.UTC);

    /**
     * What a line says.
     *
     * @param method    with {@code path} and {@code protocol}; {@code null} if the request line was not received
     * @param closeCode as in {@link ServerStatistics.Closing}; 0 unless a WebSocket connection has ended
     */
    record Entry(Instant began, long nanos, SocketAddress client, @Nullable String method, @Nullable String path,
            String protocol, int status, long receivedBytes, long sentBytes, @Nullable String referer,
            @Nullable String userAgent, @Nullable String traceparent, @Nullable String endpoint,
            @Nullable String subprotocol, int closeCode, @Nullable String closedBy, @Nullable String cause,
            long receivedMessages, long sentMessages) {}

    private final AccessLogFormat format;
    private final Logger logger = System.getLogger(LOGGER);

    AccessLog(AccessLogFormat format) {
        this.format = format;
    }

    void log(Entry entry) {
        if (logger.isLoggable(Level.INFO)) {
            logger.log(Level.INFO, format == AccessLogFormat.JSON ? json(entry) : combined(entry));
        }
    }

    static String combined(Entry entry) {
        StringBuilder line = new StringBuilder(256);
        line.append(host(entry.client)).append(" - - [").append(TIME.format(entry.began)).append("] ");
        quoted(line, entry.method == null ? null : entry.method + ' ' + entry.path + ' ' + entry.protocol);
        line.append(' ').append(entry.status).append(' ').append(entry.sentBytes).append(' ');
        quoted(line, entry.referer);
        line.append(' ');
        quoted(line, entry.userAgent);
        line.append(" in=").append(entry.receivedBytes).append(" duration=").append(seconds(entry.nanos));
        if (entry.closeCode != 0) {
            line.append(" messages_in=").append(entry.receivedMessages).append(" messages_out=")
                    .append(entry.sentMessages).append(" code=").append(entry.closeCode).append(" by=")
                    .append(entry.closedBy).append(" cause=").append(entry.cause);
        }
        appendQuoted(line, " endpoint=", entry.endpoint);
        appendQuoted(line, " subprotocol=", entry.subprotocol);
        appendQuoted(line, " trace=", entry.traceparent);
        return line.toString();
    }

    private static void appendQuoted(StringBuilder line, String name, @Nullable String value) {
        if (value != null) {
            line.append(name);
            quoted(line, value);
        }
    }

    private static void quoted(StringBuilder line, @Nullable String text) {
        line.append('"');
        escaped(line, text == null ? "-" : text, "\\x%02x");
        line.append('"');
    }

    /** Appends a text of the peer, cut, and without quotation marks. */
    private static void escaped(StringBuilder line, String text, String formatOfByte) {
        for (int i = 0; i < text.length() && i < LONGEST; i++) {
            char c = text.charAt(i);
            if (isPlain(c)) {
                line.append(c);
            } else {
                line.append(String.format(c < 0x100 ? formatOfByte : "\\u%04x", (int) c));
            }
        }
        line.append(text.length() > LONGEST ? "..." : "");
    }

    private static boolean isPlain(char c) {
        return c >= ' ' && c <= '~' && c != '"' && c != '\\';
    }

    static String json(Entry entry) {
        StringBuilder line = new StringBuilder(384);
        line.append("{\"time\":\"").append(JSON_TIME.format(entry.began)).append('"');
        member(line, "client", host(entry.client));
        if (entry.client instanceof InetSocketAddress internet) {
            member(line, "port", internet.getPort());
        }
        if (entry.method != null) {
            member(line, "method", entry.method);
            member(line, "path", entry.path);
            member(line, "protocol", entry.protocol);
        }
        member(line, "status", entry.status);
        member(line, "receivedBytes", entry.receivedBytes);
        member(line, "sentBytes", entry.sentBytes);
        line.append(",\"duration\":").append(seconds(entry.nanos));
        if (entry.closeCode != 0) {
            member(line, "receivedMessages", entry.receivedMessages);
            member(line, "sentMessages", entry.sentMessages);
            member(line, "closeCode", entry.closeCode);
            member(line, "closedBy", entry.closedBy);
            member(line, "cause", entry.cause);
        }
        member(line, "endpoint", entry.endpoint);
        member(line, "subprotocol", entry.subprotocol);
        member(line, "referer", entry.referer);
        member(line, "userAgent", entry.userAgent);
        member(line, "traceparent", entry.traceparent);
        return line.append('}').toString();
    }

    private static void member(StringBuilder line, String name, long value) {
        line.append(",\"").append(name).append("\":").append(value);
    }

    private static void member(StringBuilder line, String name, @Nullable String value) {
        if (value == null) {
            return;
        }
        line.append(",\"").append(name).append("\":\"");
        escaped(line, value, "\\u%04x");
        line.append('"');
    }

    private static String seconds(long nanos) {
        return String.format(Locale.ROOT, "%.3f", nanos / 1e9);
    }

    /** The client's address without its port; nothing is looked up. */
    private static String host(SocketAddress client) {
        return client instanceof InetSocketAddress internet
                ? internet.getAddress() == null ? internet.getHostString() : internet.getAddress().getHostAddress()
                : "unix:";
    }
}
