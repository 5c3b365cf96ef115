package dev.weft.server;

import dev.weft.internal.AddressText;
import dev.weft.internal.connection.Connection;
import dev.weft.internal.connection.ConnectionFacts;
import dev.weft.server.ConnectionTable.Counts;
import dev.weft.server.ConnectionTable.Row;
import java.net.SocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The text of a {@link ConnectionTable}, and the names of threads that make a thread dump similar to it. */
final class ConnectionTableText {
    private static final List<String> HEADS = List.of("ID", "STATE", "ENDPOINT", "CLIENT", "TLS", "SUBPROTOCOL", "AGE",
            "IDLE", "LATENCY", "QUEUED", "MESSAGES-IN", "MESSAGES-OUT", "BYTES-IN", "BYTES-OUT", "THREAD", "ACTIVITY");
    private static final String NONE = "-";

    private ConnectionTableText() {}

    static String of(ConnectionTable table) {
        List<List<String>> lines = new ArrayList<>();
        lines.add(HEADS);
        table.rows().forEach(row -> lines.add(cells(row, table.time())));
        int[] widths = new int[HEADS.size()];
        for (List<String> line : lines) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], line.get(i).length());
            }
        }
        StringBuilder text = new StringBuilder();
        for (List<String> line : lines) {
            int last = widths.length - 1;
            for (int i = 0; i < last; i++) {
                text.append(line.get(i)).append(" ".repeat(widths[i] - line.get(i).length() + 2));
            }
            text.append(line.get(last)).append('\n');
        }
        return text.append(table.rows().size()).append(" of ").append(table.connections()).append(" connections\n")
                .toString();
    }

    private static List<String> cells(Row row, Instant time) {
        return List.of(row.id() == 0 ? NONE : Long.toString(row.id()), row.state().name(), row.endpoint().orElse(NONE),
                AddressText.asked(row.client()), row.tls().orElse(NONE), row.subprotocol().orElse(NONE),
                text(Duration.between(row.since(), time)), row.idle().map(ConnectionTableText::text).orElse(NONE),
                row.latency().map(latency -> latency.toMillis() + "ms").orElse(NONE), Long.toString(row.queuedBytes()),
                count(row, Counts::receivedMessages), count(row, Counts::sentMessages),
                count(row, Counts::receivedBytes), count(row, Counts::sentBytes),
                "#" + row.threadId() + " " + row.threadState(), row.activity().isEmpty() ? NONE : row.activity());
    }

    private static String count(Row row, Function<Counts, Long> count) {
        return row.counts().map(count).map(String::valueOf).orElse(NONE);
    }

    /** The two largest units of a duration, such as {@code 2m13s} or {@code 3d4h}. */
    static String text(Duration duration) {
        if (duration.compareTo(Duration.ofMinutes(1)) < 0) {
            return Math.max(0, duration.toSeconds()) + "s";
        } else if (duration.compareTo(Duration.ofHours(1)) < 0) {
            return duration.toMinutes() + "m" + duration.toSecondsPart() + "s";
        } else if (duration.compareTo(Duration.ofDays(1)) < 0) {
            return duration.toHours() + "h" + duration.toMinutesPart() + "m";
        }
        return duration.toDays() + "d" + duration.toHoursPart() + "h";
    }

    /** The name of the thread of a connection, which may be {@code null} because it has not been opened. */
    static String threadName(ConnectionState state, @Nullable Connection connection, SocketAddress client) {
        Optional<Connection> open = Optional.ofNullable(connection);
        return "weft " + open.map(each -> Long.toString(each.id())).orElse(NONE) + " " + state + " "
                + open.map(each -> ConnectionCensus.label(ConnectionFacts.endpoint(each))).orElse(NONE) + " "
                + AddressText.asked(client) + " since "
                + open.map(ConnectionFacts::openedAt).orElse(Instant.now().truncatedTo(ChronoUnit.SECONDS));
    }
}
