package dev.weft.bench.scaling;

import dev.weft.MessageView;
import dev.weft.WebSocketConnection;
import dev.weft.bench.echo.InProcessLoad;
import dev.weft.server.TransportKind;
import dev.weft.server.WebSocketServer;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * An echo server and its load in a JVM with {@link AccessAgent}. Prints what its threads share per message, per connection, and
 * per idle second.
 */
public final class CountedServer {
    /** The prefix of its output lines. */
    static final String LINE = "shared";

    private static final int PAYLOAD = 125;
    private static final int WINDOW = 16;
    private static final int AT_A_TIME = 16;
    private static final int ROWS_OF_ALL_LOOPS = 1 << 22;
    private static final int OTHER_ROWS = 1 << 20;
    private static final int BACKLOG = 1024;
    /** Every connection has its own objects; the tables have no room for those of all connections of the whole run. */
    private static final int CONNECTING = 6;
    private static final Duration QUIET = Duration.ofSeconds(3);

    private final Duration each;
    private final int loops;

    private CountedServer(int loops, Duration each) {
        this.loops = loops;
        this.each = each;
    }

    /** Arguments: the number of loops, which the JVM's property must also contain, and the seconds for each count. */
    public static void main(String[] arguments) throws IOException {
        new CountedServer(Integer.parseInt(arguments[0]), Duration.ofSeconds(Long.parseLong(arguments[1]))).run();
    }

    private void run() throws IOException {
        try (WebSocketServer server = WebSocketServer.builder().port(0).transport(TransportKind.LOOPS).backlog(BACKLOG)
                .noDeflate().handler(CountedServer::echo).start()) {
            messages(server.port(), "message", 1);
            messages(server.port(), "message, 16 at a time", WINDOW);
            InProcessLoad.visit(server.port(), AT_A_TIME, PAYLOAD, each);
            start();
            print("connection", InProcessLoad.visit(server.port(), AT_A_TIME, PAYLOAD, each.dividedBy(CONNECTING)));
            idle(server.port());
        }
    }

    private static void echo(WebSocketConnection connection) throws IOException {
        for (MessageView message = connection.receiveView(); message != null; message = connection.receiveView()) {
            connection.send(message);
        }
    }

    /** Four connections for each loop. */
    private void messages(int port, String name, int window) throws IOException {
        try (InProcessLoad load = new InProcessLoad(port, 4 * loops, PAYLOAD, window)) {
            load.run(each);
            start();
            print(name, load.run(each));
            load.drain();
        }
    }

    private void idle(int port) throws IOException {
        try (InProcessLoad load = new InProcessLoad(port, 4 * loops, PAYLOAD, 0)) {
            load.run(QUIET);
            start();
            load.run(each);
            print("idle second", each.toSeconds());
        }
    }

    private void start() {
        List<Thread> ours = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("weft-")).toList();
        Accesses.register(ours, Integer.highestOneBit(ROWS_OF_ALL_LOOPS / loops), OTHER_ROWS);
        Accesses.counting(true);
    }

    private static void print(String what, long count) {
        Accesses.counting(false);
        long lost = Accesses.tables().stream().mapToLong(Accesses.Table::lost).sum();
        System.out.printf(Locale.ROOT, "%s\tcounts\t%s\t%d\t%d%n", LINE, what, count, lost);
        for (SharedMemory.Group group : SharedMemory.groups(Accesses.tables())) {
            SharedMemory.Group one = group.perEach(count);
            System.out.printf(Locale.ROOT, "%s\t%s\t%s\t%b\t%b\t%.2f\t%.6f\t%.6f\t%.6f%n", LINE, what, one.what(),
                    one.byLoops(), one.foughtOver(), one.equal(), one.writes(), one.reads(), one.transfers());
        }
    }
}
