package dev.weft.tools.connect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Message;
import dev.weft.WebSocketConnection;
import dev.weft.client.WebSocketClient;
import dev.weft.server.WebSocketServer;
import dev.weft.tools.options.Terminals;
import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TypedInputTest {
    private final StringWriter err = new StringWriter();
    private final BlockingQueue<Message> received = new LinkedBlockingQueue<>();

    /** Types these lines; returns what the server has received, including the end. */
    private List<Message> type(String... lines) throws Exception {
        List<Message> all = new ArrayList<>();
        try (WebSocketServer server = WebSocketServer.builder().handler(ws -> {
            Message message;
            do {
                message = ws.receive();
                received.add(message);
            } while (!(message instanceof Message.Close));
        }).start()) {
            WebSocketConnection connection = WebSocketClient.connect(URI.create("ws://127.0.0.1:" + server.port()));
            Display display = new Display(new ByteArrayOutputStream(), new PrintWriter(err, true), Terminals.NONE,
                    Form.LINES,
                    false);
            Iterator<String> typed = List.of(lines).iterator();
            new TypedInput(() -> typed.hasNext() ? typed.next() : null, Form.LINES)
                    .sendTo(new Conversation(connection, display, 0));
            connection.close();
            do {
                all.add(received.poll(10, TimeUnit.SECONDS));
            } while (all.getLast() != null && !(all.getLast() instanceof Message.Close));
        }
        return all;
    }

    @Test
    void linesMustBeMessagesUnlessTheyBeginWithASlash() throws Exception {
        List<Message> all = type("Hello", "", "//ping", "/base64 AP8=", " /close");
        assertEquals(new Message.Text("Hello"), all.get(0));
        assertEquals(new Message.Text("/ping"), all.get(1));
        assertEquals("[0, -1]", Arrays.toString(((Message.Binary) all.get(2)).bytes()));
        assertEquals(new Message.Text(" /close"), all.get(3));
        assertEquals(5, all.size());
        assertEquals("", err.toString());
    }

    @Test
    void closeMustHaveCodeAndReason() throws Exception {
        Message.Close end = (Message.Close) type("/close 4000 see you", "not sent").getFirst();
        assertEquals(4000, end.status().code());
        assertEquals("see you", end.status().received().orElseThrow().reason());
        assertEquals(1000, ((Message.Close) type("/close").getFirst()).status().code());
    }

    @Test
    void mistakesMustBeReportedAndNothingSent() throws Exception {
        assertEquals(2, type("/foo", "/close 7", "/close 1006", "/close 1000 " + "x".repeat(124), "/base64 *", "\ud800",
                "still here").size());
        assertEquals(6, err.toString().lines().filter(line -> line.startsWith("connect: ")).count(), err.toString());
    }

    @Test
    void pingMustTellTheTime() throws Exception {
        type("/ping", "/help");
        assertTrue(err.toString().matches("(?s)pong after [0-9.]+ ms\n.*/close \\[CODE.*"), err.toString());
    }
}
