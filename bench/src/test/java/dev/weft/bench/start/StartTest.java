package dev.weft.bench.start;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.bench.peers.EchoHandler;
import dev.weft.server.WebSocketServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class StartTest {
    private static final List<String> SERVER = List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
            System.getProperty("java.class.path"), EchoServer.class.getName());

    /** The port is its last argument. */
    static final class EchoServer {
        private EchoServer() {}

        public static void main(String[] arguments) throws Exception {
            int port = Integer.parseInt(arguments[arguments.length - 1]);
            try (var server = WebSocketServer.builder().port(port).handler(new EchoHandler()).start()) {
                server.awaitTermination();
            }
        }
    }

    @Test
    void cpuTimeIsOfTheProcessAndOfThoseItWaitedFor() {
        String stat = "17 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 1 2 3 4 20 0 1 0 9";
        assertEquals(100_000_000, Start.cpuNanos(stat));
    }

    @Test
    void rssIsInKibibytes() throws IOException {
        assertEquals(2048 * 1024, Start.rss(List.of("VmHWM:\t 9999 kB", "VmRSS:\t    2048 kB")));
        assertThrows(IOException.class, () -> Start.rss(List.of("VmHWM:\t 9999 kB")));
    }

    @Test
    void aStartEndsWithThe101() throws Exception {
        Start start = Start.measure(SERVER, "");
        assertTrue(start.nanos() > 0);
        assertTrue(start.cpuNanos() > 0);
        assertTrue(start.rss() > 10 << 20, () -> "RSS " + start.rss());
    }

    @Test
    void aServerThatDoesNotStartIsReported() {
        assertThrows(IOException.class, () -> Start.measure(List.of("false"), ""));
    }
}
