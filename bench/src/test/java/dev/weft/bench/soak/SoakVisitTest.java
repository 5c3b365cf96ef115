package dev.weft.bench.soak;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.MessageView;
import dev.weft.WebSocketHandler;
import dev.weft.server.WebSocketServer;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SoakVisitTest {
    private static final int VISITS = 10;

    private final Counts counts = new Counts();

    /** Echoes; omits each message whose number is a multiple of this one. */
    private static WebSocketHandler echoWithout(int omitted) {
        return ws -> {
            int number = 0;
            for (MessageView view = ws.receiveView(); view != null; view = ws.receiveView()) {
                if (++number % omitted != 0) {
                    ws.send(view);
                }
            }
        };
    }

    private void visits(WebSocketHandler handler) throws Exception {
        // Large, so that it reads a Close frame even if its handler does not receive.
        try (WebSocketServer server = WebSocketServer.builder().handler(handler).readAheadSize(1 << 24)
                .shutdownGrace(Duration.ZERO).start()) {
            URI address = URI.create("ws://127.0.0.1:" + server.port() + "/");
            for (int seed = 0; seed < VISITS && counts.lateReplies.sum() == 0; seed++) {
                new SoakVisit(seed, 0, counts).run(address, System.nanoTime() + 60_000_000_000L);
            }
        }
    }

    @Test
    void visitsToARightServerMustNotFail() throws Exception {
        visits(echoWithout(Integer.MAX_VALUE));
        assertTrue(counts.messages.sum() > 100, "most of it was done");
        assertTrue(counts.pongs.sum() > 0, "pings were answered");
        assertEquals(0, counts.failures.sum());
    }

    @Test
    void visitsToAServerThatOmitsMessagesMustFail() {
        IOException failure = assertThrows(IOException.class, () -> visits(echoWithout(10)));
        assertInstanceOf(RawClient.Wrong.class, failure.getCause());
    }

    /** It waits for its handler, but not forever. */
    @Test
    void visitsToAServerThatRepliesTooLateMustNotFail() throws Exception {
        visits(ws -> {
            MessageView view = ws.receiveView();
            Thread.sleep(1000);
            for (; view != null; view = ws.receiveView()) {
                ws.send(view);
            }
        });
        assertEquals(1, counts.lateReplies.sum());
    }
}
