package dev.weft.bench.memory;

import dev.weft.bench.LoopbackTls;
import dev.weft.bench.peers.EchoHandler;
import dev.weft.server.TransportKind;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;

/**
 * Weft as configured for counting idle connections: all deadlines are active, but no ping is due during the count. Ends when
 * its standard input ends.
 */
public final class IdleEcho {
    /** Longer than any count takes. */
    private static final Duration NO_PING = Duration.ofHours(1);

    private IdleEcho() {}

    /** Arguments: the transport's name, {@code deflate} or {@code plain}, and a key store for TLS. */
    public static void main(String[] args) throws IOException, GeneralSecurityException {
        WebSocketServerBuilder builder = WebSocketServer.builder().transport(TransportKind.valueOf(args[0]))
                .pingInterval(NO_PING).backlog(4_096).handler(new EchoHandler());
        if (args[1].equals("plain")) {
            builder.noDeflate();
        }
        if (args.length > 2) {
            builder.tls(LoopbackTls.server(Path.of(args[2])));
        }
        WebSocketServer server = builder.start();
        System.out.println("listening " + server.port());
        System.in.transferTo(OutputStream.nullOutputStream());
        Runtime.getRuntime().halt(0);
    }
}
