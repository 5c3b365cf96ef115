package dev.weft.bench.memory;

import dev.weft.echo.EchoHandler;
import dev.weft.server.TransportKind;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;

/**
 * Weft as its idle connections are counted: all deadlines are kept, but no ping falls due while the count goes on. Ends
 * with its standard input.
 */
public final class IdleEcho {
    /** Longer than any count. */
    private static final Duration NO_PING = Duration.ofHours(1);

    private IdleEcho() {}

    /** Arguments: the transport's name, and {@code deflate} or {@code plain}. */
    public static void main(String[] args) throws IOException {
        WebSocketServerBuilder builder = WebSocketServer.builder().transport(TransportKind.valueOf(args[0]))
                .pingInterval(NO_PING).backlog(4_096).handler(new EchoHandler());
        if (args[1].equals("plain")) {
            builder.noDeflate();
        }
        WebSocketServer server = builder.start();
        System.out.println("listening " + server.port());
        System.in.transferTo(OutputStream.nullOutputStream());
        Runtime.getRuntime().halt(0);
    }
}
