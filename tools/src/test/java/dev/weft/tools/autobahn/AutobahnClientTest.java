package dev.weft.tools.autobahn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Message;
import dev.weft.WebSocketHandler;
import dev.weft.server.WebSocketServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Against a server that has the resources of a fuzzing server. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AutobahnClientTest {
    private final StringWriter out = new StringWriter();
    private final List<String> calls = new CopyOnWriteArrayList<>();

    private int run(String... args) {
        PrintWriter writer = new PrintWriter(out);
        return AutobahnClient.run(writer, writer, args);
    }

    private WebSocketServer server(String count, WebSocketHandler runCase) throws IOException {
        return WebSocketServer.builder().endpoint("/getCaseCount", ws -> ws.send(count)).endpoint("/runCase", ws -> {
            calls.add(ws.query().first("case").orElseThrow() + " " + ws.query().first("agent").orElseThrow());
            runCase.handle(ws);
        }).endpoint("/updateReports", ws -> calls.add("reports " + ws.query().first("agent").orElseThrow())).start();
    }

    @Test
    void allCasesMustBeRunAndTheReportsWritten() throws Exception {
        try (WebSocketServer server = server("3", ws -> {
            ws.send("Hello");
            assertEquals(new Message.Text("Hello"), ws.receive());
            ws.send(new byte[2_000_000]);
            if (!(ws.receive() instanceof Message.Binary binary) || binary.bytes().length != 2_000_000) {
                calls.add("wrong echo");
            }
            if (calls.size() == 2) {
                // A case may also end in this way.
                ws.abort();
            }
        })) {
            assertEquals(0, run("ws://127.0.0.1:" + server.port(), "--agent", "weft \u00e4"), out.toString());
            assertEquals(List.of("1 weft \u00e4", "2 weft \u00e4", "3 weft \u00e4", "reports weft \u00e4"), calls);
            assertTrue(out.toString().contains("3 of 3 cases"), out.toString());
        }
    }

    @Test
    void missingServerMustBeAFailure() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            port = free.getLocalPort();
        }
        assertEquals(1, run("ws://127.0.0.1:" + port));
        assertTrue(out.toString().contains("CONNECT"), out.toString());
    }

    @Test
    void wrongCommandLineMustBeReported() {
        assertEquals(2, run());
        assertEquals(0, run("--help"));
        assertTrue(out.toString().contains("--agent"), out.toString());
    }
}
