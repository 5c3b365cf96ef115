package dev.weft.tools.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.parser.http.HttpResponse;
import dev.weft.server.ConnectionTable;
import dev.weft.server.HttpHandler;
import dev.weft.server.HttpRequest;
import dev.weft.server.HttpSettings;
import dev.weft.server.TransportKind;
import dev.weft.server.WebSocketServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Controls a server by plain HTTP over a Unix domain socket beside its pid file: {@code GET /status}, {@code GET
 * /connections}, {@code POST /reload}, {@code POST /drain}, {@code POST /stop}. Only the user who runs the server may connect.
 */
public final class ControlSocket implements AutoCloseable {
    /** A reload may compile much. */
    private static final Duration LONGEST_COMMAND = Duration.ofMinutes(2);
    private static final int FAILED = 409;
    private static final int DEFAULT_ROWS = 100;

    private final WebSocketServer server;
    private final ExecutorService commandThread;

    private ControlSocket(WebSocketServer server, ExecutorService commandThread) {
        this.server = server;
        this.commandThread = commandThread;
    }

    private static UnixDomainSocketAddress address(Path pidFile) {
        return UnixDomainSocketAddress.of(pidFile + ".sock");
    }

    /**
     * Opens the socket.
     *
     * @throws IOException if it cannot be created
     */
    public static ControlSocket open(Path pidFile, ControlCommands commands) throws IOException {
        ExecutorService thread = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().daemon().name("weft-control").factory());
        // The transport needs no threads of its own for a server that is hardly used.
        WebSocketServer server = WebSocketServer.builder().listen(address(pidFile)).transport(TransportKind.BLOCKING)
                .httpSettings(HttpSettings.builder().handlerTimeout(LONGEST_COMMAND).build())
                .http("GET", "/status", handler(thread, commands::status))
                .http("GET", "/connections", request -> connections(request, thread, commands))
                .http("POST", "/reload", handler(thread, commands::reload))
                .http("POST", "/drain", handler(thread, commands::drain))
                .http("POST", "/stop", handler(thread, commands::stop)).start();
        return new ControlSocket(server, thread);
    }

    private static HttpHandler handler(ExecutorService thread, Callable<String> command) {
        return request -> answer(thread, command);
    }

    private static HttpResponse answer(ExecutorService thread, Callable<String> command) throws Exception {
        return thread.submit(() -> {
            try {
                return HttpResponse.text(200, command.call());
            } catch (ControlCommands.CommandFailedException e) {
                return HttpResponse.text(FAILED, e.getMessage() + "\n");
            }
        }).get();
    }

    private static HttpResponse connections(HttpRequest request, ExecutorService thread, ControlCommands commands)
            throws Exception {
        int rows;
        ConnectionTable.Order order;
        try {
            rows = request.query().first("rows").map(Integer::parseInt).orElse(DEFAULT_ROWS);
            order = request.query().first("order")
                    .map(name -> ConnectionTable.Order.valueOf(name.toUpperCase(Locale.ROOT)))
                    .orElse(ConnectionTable.Order.OLDEST);
        } catch (IllegalArgumentException e) {
            return HttpResponse.text(400, e.getMessage() + "\n");
        }
        if (rows < 0 || rows > ConnectionTable.MOST_ROWS) {
            return HttpResponse.text(400, "rows must be 0 to " + ConnectionTable.MOST_ROWS + "\n");
        }
        return answer(thread, () -> commands.connections(rows, order));
    }

    /**
     * The answer of a server.
     *
     * @param done whether it did what it was asked for
     * @param text lines for the user
     */
    public record Answer(boolean done, String text) {}

    /**
     * Sends a command, and waits for the answer, but no longer than a reload may take.
     *
     * @param request such as {@code POST /reload}
     * @throws IOException if no server answers
     */
    public static Answer send(Path pidFile, String request) throws IOException {
        try (SocketChannel channel = SocketChannel.open(address(pidFile))) {
            Thread.ofPlatform().daemon().start(() -> closeLate(channel));
            ByteBuffer head = UTF_8.encode(request + " HTTP/1.1\r\nHost: control\r\nConnection: close\r\n"
                    + "Content-Length: 0\r\n\r\n");
            while (head.hasRemaining()) {
                channel.write(head);
            }
            ByteArrayOutputStream response = new ByteArrayOutputStream();
            Channels.newInputStream(channel).transferTo(response);
            String[] parts = response.toString(UTF_8).split("\r\n\r\n", 2);
            if (parts.length < 2) {
                throw new IOException("the server ended the connection without an answer");
            }
            return new Answer(parts[0].matches("(?s)HTTP/1\\.[01] 200 .*"), parts[1]);
        }
    }

    private static void closeLate(SocketChannel channel) {
        try {
            Thread.sleep(LONGEST_COMMAND);
            channel.close();
        } catch (InterruptedException | IOException e) {
            // It ends with the process.
        }
    }

    @Override
    public void close() {
        server.close();
        commandThread.shutdown();
    }
}
