package dev.weft.bench.memory;

import dev.weft.Message;
import dev.weft.WebSocketConnection;
import dev.weft.client.WebSocketClient;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;

/**
 * Opens Weft's client connections to an echo server, echoes one message over each, and keeps them. Arguments: the port, and
 * numbers of connections: for each number, it opens that many more when it reads a line, and prints "open". Ends with its
 * input.
 */
final class ManyClients {
    private ManyClients() {}

    /** Opens the connections. */
    public static void main(String[] args) throws IOException {
        URI uri = URI.create("ws://127.0.0.1:" + args[0] + "/");
        List<WebSocketConnection> open = new ArrayList<>();
        WebSocketClient client = WebSocketClient.builder().noDeflate().build();
        for (int i = 1; i < args.length; i++) {
            for (int left = Integer.parseInt(args[i]); left > 0; left--) {
                WebSocketConnection ws = client.open(uri);
                ws.send("Hello");
                if (!new Message.Text("Hello").equals(ws.receive())) {
                    throw new IOException("not an echo");
                }
                open.add(ws);
            }
            System.out.println("open " + open.size());
            if (System.in.read() < 0) {
                break;
            }
        }
        Runtime.getRuntime().halt(0);
    }
}
