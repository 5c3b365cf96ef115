package dev.weft.tools.echo;

import dev.weft.MessageView;
import dev.weft.WebSocketConnection;
import dev.weft.WebSocketHandler;
import java.io.IOException;

/** Sends every message back unchanged, without a copy and without an object per message. */
public final class EchoHandler implements WebSocketHandler {
    @Override
    public void handle(WebSocketConnection connection) throws IOException {
        MessageView message;
        while ((message = connection.receiveView()) != null) {
            connection.send(message);
        }
    }
}
