package dev.weft.bench.soak;

import dev.weft.bench.LoopbackTls;
import dev.weft.server.TransportKind;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.nio.file.Path;
import java.util.Locale;

/** A server process whose handler is a {@link SoakHandler}: says where it listens, and serves until it is ended. */
final class SoakServer {
    private SoakServer() {}

    /**
     * Starts it with these options: {@code --transport=KIND} and {@code --tls=FILE}, a key store of {@link
     * LoopbackTls}.
     */
    public static void main(String[] options) throws Exception {
        WebSocketServerBuilder builder = WebSocketServer.builder().handler(new SoakHandler());
        String scheme = "ws";
        for (String option : options) {
            if (option.startsWith("--tls=")) {
                builder.tls(LoopbackTls.server(Path.of(option.substring("--tls=".length()))));
                scheme = "wss";
            } else if (option.startsWith("--transport=")) {
                String kind = option.substring("--transport=".length()).toUpperCase(Locale.ROOT).replace('-', '_');
                builder.transport(TransportKind.valueOf(kind));
            } else {
                throw new IllegalArgumentException("no option of the soak server: " + option);
            }
        }
        try (WebSocketServer server = builder.start()) {
            System.out.println(scheme + "://127.0.0.1:" + server.port() + "/");
            server.awaitTermination();
        }
    }
}
