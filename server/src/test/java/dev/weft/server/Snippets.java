package dev.weft.server;

import dev.weft.Message;
import dev.weft.MessageView;
import dev.weft.WebSocketConnection;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Function;

/** The examples in the javadoc; {@link SnippetsTest} runs them. */
final class Snippets {
    private Snippets() {}

    static void server(int port) throws IOException, InterruptedException {
        // @start region="server"
        // @replace substring="port(port)" replacement="port(9001)" :
        try (var server = WebSocketServer.builder().port(port).handler(ws -> {
            while (true) {
                switch (ws.receive()) {
                    case Message.Text text -> ws.send(text.value());
                    case Message.Binary binary -> ws.send(binary.value());
                    case Message.Close close -> {
                        return;
                    }
                }
            }
        }).start()) {
            server.awaitTermination();
        }
        // @end
    }

    static void receive(WebSocketConnection ws, Path file) throws IOException {
        // @start region="receive"
        if (ws.receive() instanceof Message.Text(String name)) {
            ws.send("send me " + name);
        }
        try (InputStream octets = ws.receiveStream().inputStream()) {
            Files.copy(octets, file); // however large
        }
        ws.send(ws.receiveView()); // an echo without a copy
        // @end
    }

    static void post(Set<WebSocketConnection> room, String text) {
        // @start region="post"
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8); // once for all
        for (WebSocketConnection each : room) {
            if (!each.post(MessageView.Type.TEXT, utf8, 0, utf8.length, false) && each.isOpen()) {
                each.abort(); // too far behind
            }
        }
        // @end
    }

    static HandshakePolicy policy(Function<String, String> userOfSession) {
        // @start region="policy"
        HandshakePolicy signedIn = request -> {
            String user = userOfSession.apply(request.cookies().get("session"));
            return user == null
                    ? HandshakeDecision.reject(403, "sign in first")
                    : HandshakeDecision.accept().withAttachment(user);
        };
        HandshakePolicy policy = HandshakePolicy.origins(List.of("https://chat.example.com")).and(signedIn);
        // @end
        return policy;
    }
}
