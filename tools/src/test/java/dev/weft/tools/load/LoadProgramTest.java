package dev.weft.tools.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.weft.Message;
import dev.weft.MessageType;
import dev.weft.WebSocketHandler;
import dev.weft.server.HandshakeDecision;
import dev.weft.server.WebSocketServer;
import dev.weft.tools.echo.EchoHandler;
import dev.weft.tools.options.Terminals;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LoadProgramTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private WebSocketServer server;

    private String start(WebSocketHandler handler) throws IOException {
        server = WebSocketServer.builder().handler(handler).start();
        return "127.0.0.1:" + server.port();
    }

    @AfterEach
    void close() {
        if (server != null) {
            server.close();
        }
    }

    private int load(String... args) {
        return LoadProgram.command(Terminals.NONE).setOut(new PrintWriter(out)).setErr(new PrintWriter(err, true))
                .execute(args);
    }

    private JsonObject json() {
        return JsonParser.parseString(out.toString()).getAsJsonObject();
    }

    @Test
    void everyMessageMustBeAnswered() throws Exception {
        assertEquals(0, load(start(new EchoHandler()), "-n5", "-w3", "-d300ms", "--json", "--binary", "--size=1k"),
                out.toString());
        JsonObject result = json();
        assertTrue(result.get("answered").getAsLong() > 0, out.toString());
        assertEquals(result.get("sent").getAsLong(), result.get("answered").getAsLong());
        assertEquals(5, result.get("open").getAsInt());
        assertEquals("", err.toString());
    }

    @Test
    void pauseOfServerMustCountForEveryMessageThatWasDue() throws Exception {
        CountDownLatch first = new CountDownLatch(1);
        int status = load(start(ws -> {
            first.countDown();
            assertTrue(first.await(1, TimeUnit.SECONDS));
            // The server pauses: the test is about this pause.
            Thread.sleep(1000);
            new EchoHandler().handle(ws);
        }), "-n1", "-r100", "-d1500ms", "--json");
        assertEquals(0, status, out.toString());
        // About 100 of 150 messages were due during the pause, and waited for its end.
        assertTrue(json().getAsJsonObject("latencyNanos").get("p50").getAsLong() > SECOND / 10, out.toString());
        assertTrue(json().get("sent").getAsLong() > 100, out.toString());
    }

    @Test
    void errorsMustBeCountedByKind() throws Exception {
        assertEquals(3, load(start(ws -> {
            ws.receive();
            ws.close(4000, "");
        }), "-n3", "-d300ms", "--ramp-up=10ms"));
        assertTrue(out.toString().contains("error       3 x closed with 4000"), out.toString());
    }

    @Test
    void wrongAnswersMustBeErrors() throws Exception {
        assertEquals(3, load(start(ws -> {
            while (ws.receive() instanceof Message.Text) {
                ws.send("short");
            }
        }), "-n1", "-d100ms"));
        assertTrue(out.toString().contains("x wrong answer"), out.toString());
    }

    @Test
    void refusalsMustBeStatus1() throws Exception {
        server = WebSocketServer.builder().policy(request -> HandshakeDecision.reject(503, "full"))
                .handler(new EchoHandler()).start();
        assertEquals(1, load("127.0.0.1:" + server.port(), "-n2", "-d10ms"));
        assertTrue(out.toString().contains("error       2 x no connection: HANDSHAKE 503"), out.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--connections=0", "--window=0", "--size=1g", "--rate=-1", "--rate=NaN", "--duration=long",
            "--duration=0s", "--header=a"})
    void wrongCommandLineMustBeOneLineAndStatus2(String option) {
        assertEquals(2, load("ws://127.0.0.1/", option));
        assertTrue(err.toString().matches("load: .+ \\(--help shows all options\\)\n"), err.toString());
    }

    @Test
    void ownLimitsMustBeSaid() {
        LoadPlan plan = new LoadPlan(URI.create("ws://localhost"), 1, 1000, 1, 1, MessageType.TEXT, Duration.ZERO,
                Duration.ZERO);
        assertEquals(List.of(), LoadResult.warnings(plan, 999, 100, 1000, new LoadResult.Own(1, 4, 0.9, 0)));
        assertEquals(4, LoadResult.warnings(plan, 900, SECOND, SECOND, new LoadResult.Own(3.5, 4, 1, 0.2)).size());
        List<String> others = LoadResult.warnings(plan, 999, 100, 1000, new LoadResult.Own(1, 4, 0.97, 0));
        assertTrue(others.getFirst().contains("97 % busy, 1.0 of its 4 processors"), others.toString());
    }

    @Test
    void missingServerMustBeNamed() throws Exception {
        String address = start(new EchoHandler());
        server.close();
        assertEquals(1, load(address, "-n2", "-d10ms"));
        assertTrue(out.toString().contains("error       2 x no connection: CONNECT Connection refused"),
                out.toString());
        assertFalse(out.toString().contains("warning"), out.toString());
    }

    @Test
    void answersWithOtherBytesMustBeErrors() throws Exception {
        assertEquals(3, load(start(ws -> {
            while (ws.receive() instanceof Message.Text(String text)) {
                ws.send(text.substring(1) + "!");
            }
        }), "-n1", "-d100ms"));
        assertTrue(out.toString().contains("x wrong answer"), out.toString());
    }
}
