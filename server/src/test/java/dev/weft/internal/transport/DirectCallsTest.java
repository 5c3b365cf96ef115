package dev.weft.internal.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.Message;
import dev.weft.TestProcess;
import dev.weft.WebSocketConnection;
import dev.weft.WebSocketHandler;
import dev.weft.client.WebSocketClient;
import dev.weft.server.Await;
import dev.weft.server.TransportKind;
import dev.weft.server.WebSocketServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Processes with and without direct system calls, and such as begin with them while connections are in use. */
@Timeout(120)
class DirectCallsTest {
    private static final int MESSAGES = 1000;
    private static final int LARGE = 20_000;
    private static final String LOOPS = "--add-opens=java.base/java.lang=ALL-UNNAMED";
    private static final String CALLS = "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED --enable-native-access=ALL-UNNAMED";

    @BeforeAll
    static void assumeLinux() {
        assumeTrue(System.getProperty("os.name").equals("Linux") && Runtime.version().feature() >= 22);
    }

    @ParameterizedTest
    @CsvSource({"LOOPS, 0, " + LOOPS + " " + CALLS, "LOOPS, 500, " + LOOPS + " " + CALLS})
    void messagesMustBeEchoedBeforeAndAfterDirectCallsBegin(TransportKind kind, int after, String options)
            throws Exception {
        assertEquals("ready true", run(kind, after, options, true));
    }

    /** A feed sends far more often than it receives. */
    @Test
    void sendsMustCountToo() throws Exception {
        withServer(TransportKind.LOOPS, LOOPS + " " + CALLS + " -Ddev.weft.directCallsAfter=500", true, connection -> {
            connection.send("feed");
            for (int i = 0; i < MESSAGES; i++) {
                assertEquals(new Message.Text("news"), connection.receive());
            }
            assertEquals("ready true", askWhetherReady(connection));
        });
    }

    /** A ring receives most bytes itself, but what it does not send is sent directly from the beginning. */
    @Test
    void ringMustNotWaitForCalls() throws Exception {
        assumeTrue(Rings.obstacle().isEmpty());
        withServer(TransportKind.LOOPS, LOOPS + " " + CALLS + " -Ddev.weft.engine=io_uring", true,
                connection -> assertEquals("ready true", askWhetherReady(connection)));
    }

    /** Without loops, or without the options, there are none, and everything works. */
    @ParameterizedTest
    @CsvSource({"LOOPS, -1, " + LOOPS + " " + CALLS, "LOOPS, 100, " + LOOPS, "LOOPS, 100, " + CALLS,
            "PARKING, 100, " + LOOPS + " " + CALLS, "BLOCKING, 100, " + LOOPS + " " + CALLS})
    void directCallsMustNotBeginWhereTheyAreNotPossible(TransportKind kind, int after, String options)
            throws Exception {
        assertEquals("ready false", run(kind, after, options, false));
    }

    /** Has a server echo messages before and after it has begun with direct calls, if it does. Returns what it says of them. */
    private static String run(TransportKind kind, int after, String options, boolean expected) throws Exception {
        AtomicReference<String> answer = new AtomicReference<>();
        withServer(kind, options + " -Ddev.weft.directCallsAfter=" + after, expected, connection -> {
            echo(connection);
            answer.set(askWhetherReady(connection));
            echo(connection);
        });
        return answer.get();
    }

    private static String askWhetherReady(WebSocketConnection connection) throws IOException {
        connection.send("ready?");
        return ((Message.Text) connection.receive()).text();
    }

    /** Connects to a server in a process of its own. */
    private static void withServer(TransportKind kind, String options, boolean expected, WebSocketHandler client)
            throws Exception {
        List<String> command = TestProcess.java(List.of(options.split(" ")), Echo.class, kind.name(),
                Boolean.toString(expected));
        try (TestProcess process = TestProcess.start(new ProcessBuilder(command).redirectError(Redirect.INHERIT),
                Duration.ofSeconds(60));
                BufferedReader output = process.process().inputReader();
                WebSocketConnection connection = WebSocketClient
                        .connect(URI.create("ws://127.0.0.1:" + output.readLine()))) {
            client.handle(connection);
        }
    }

    private static void echo(WebSocketConnection connection) throws IOException {
        for (int i = 0; i < MESSAGES; i++) {
            byte[] bytes = new byte[i % 50 == 0 ? LARGE : 10];
            Arrays.fill(bytes, (byte) i);
            connection.send(bytes);
            assertArrayEquals(bytes, ((Message.Binary) connection.receive()).bytes());
        }
    }

    /** The program that the processes run. */
    static final class Echo {
        private Echo() {}

        public static void main(String[] arguments) throws Exception {
            TestProcess.endWithInput();
            boolean expected = Boolean.parseBoolean(arguments[1]);
            try (WebSocketServer server = WebSocketServer.builder().port(0)
                    .transport(TransportKind.valueOf(arguments[0])).handler(connection -> serve(connection, expected))
                    .start()) {
                System.out.println(server.port());
                server.awaitTermination();
            }
        }

        private static void serve(WebSocketConnection connection, boolean expected) throws IOException {
            Message message;
            while ((message = connection.receive()) != null) {
                if (message instanceof Message.Binary(byte[] bytes)) {
                    connection.send(bytes);
                } else if (message instanceof Message.Text(String text) && text.equals("feed")) {
                    for (int i = 0; i < MESSAGES; i++) {
                        connection.send("news");
                    }
                } else {
                    if (expected) {
                        Await.until("direct calls", DirectCalls::areReady);
                    }
                    connection.send("ready " + DirectCalls.areReady());
                }
            }
        }
    }
}
