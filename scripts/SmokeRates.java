import dev.weft.RateLimits;
import dev.weft.WebSocketConnection;
import dev.weft.server.Endpoint;
import dev.weft.server.WebSocketServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;

/**
 * Two servers with rates, until it is ended: one echoes, 200,000 bytes per second and connection in each direction; the other
 * sends numbered messages without end, 1,000,000 bytes per second in all, of which 70% are reserved for /live. Prints their
 * URLs. scripts/smoke-rates runs it from this source.
 */
final class SmokeRates {
    private SmokeRates() {}

    public static void main(String[] arguments) throws Exception {
        RateLimits each = RateLimits.builder().receivedBytes(200_000).sentBytes(200_000).build();
        RateLimits all = RateLimits.builder().sentBytes(1_000_000).build();
        try (WebSocketServer echo = WebSocketServer.builder().rateLimits(each).handler(ws -> {
            for (var message = ws.receiveView(); message != null; message = ws.receiveView()) {
                ws.send(message);
            }
        }).start();
                WebSocketServer shared = WebSocketServer.builder().totalRateLimits(all).rateShares(Map.of("live", 70))
                        .noDeflate().endpoint("/live", Endpoint.of(SmokeRates::flood).rateShare("live"))
                        .endpoint("/files", SmokeRates::flood).start()) {
            System.out.println("ws://127.0.0.1:" + echo.port());
            System.out.println("ws://127.0.0.1:" + shared.port());
            echo.awaitTermination();
        }
    }

    private static void flood(WebSocketConnection ws) throws IOException {
        for (int i = 0; ws.isOpen(); i++) {
            ws.send(ByteBuffer.allocate(1000).putInt(0, i));
        }
    }
}
