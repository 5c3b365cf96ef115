package dev.weft.docs;

// @start region="echo"
import dev.weft.Message;
import dev.weft.server.WebSocketServer;

public class Echo {
    public static void main(String[] args) throws Exception {
        // @replace substring="Integer.parseInt(args[0])" replacement="9001" :
        try (var server = WebSocketServer.builder().port(Integer.parseInt(args[0])).handler(ws -> {
            while (ws.receive() instanceof Message.Text(String text)) {
                ws.send(text);
            }
        }).start()) {
            server.awaitTermination();
        }
    }
}
// @end
