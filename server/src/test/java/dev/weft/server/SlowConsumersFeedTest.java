package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.ConnectionLimits;
import dev.weft.Message;
import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.client.WebSocketClient;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A feed to 200 clients, of which every tenth does not read until the feed has ended. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SlowConsumersFeedTest {
    private static final int CLIENTS = 200;
    private static final int SLOW = 20;
    private static final int KEYS = 50;
    private static final int UPDATES = 40;
    private static final String FILLER = "x".repeat(300);

    /** The number of values received until each key had its last one. */
    private static int receiveAll(WebSocketConnection ws) throws Exception {
        int[] last = new int[KEYS];
        int received = 0;
        for (int finished = 0; finished < KEYS; received++) {
            String[] words = assertInstanceOf(Message.Text.class, ws.receive()).text().split(" ");
            int key = Integer.parseInt(words[0]);
            int update = Integer.parseInt(words[1]);
            assertTrue(update > last[key], "in order, and none twice");
            last[key] = update;
            finished += update == UPDATES ? 1 : 0;
        }
        return received;
    }

    @Test
    void slowClientsMustMissOldValuesOnly() throws Exception {
        Set<WebSocketConnection> subscribers = ConcurrentHashMap.newKeySet();
        CountDownLatch over = new CountDownLatch(1);
        try (WebSocketServer server = WebSocketServer.builder().sendBufferSize(8 << 10).noDeflate()
                .shutdownGrace(Duration.ZERO).handler(ws -> {
                    subscribers.add(ws);
                    ws.awaitClose();
                }).start();
                WebSocketClient client = WebSocketClient.builder().receiveBufferSize(8 << 10)
                        .limits(ConnectionLimits.builder().readAheadSize(128).build()).build()) {
            List<FutureTask<Integer>> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                WebSocketConnection ws = client.open(URI.create("ws://127.0.0.1:" + server.port() + "/"));
                boolean slow = i < SLOW;
                clients.add(new FutureTask<>(() -> {
                    if (slow) {
                        over.await();
                    }
                    return receiveAll(ws);
                }));
                Thread.startVirtualThread(clients.get(i));
            }
            Await.until("all have subscribed", () -> subscribers.size() == CLIENTS);
            for (int update = 1; update <= UPDATES; update++) {
                for (int key = 0; key < KEYS; key++) {
                    PreparedMessage value = PreparedMessage.text(key + " " + update + " " + FILLER);
                    for (WebSocketConnection each : subscribers) {
                        assertTrue(each.queue().trySendLatest(key, value).isAccepted());
                    }
                }
            }
            long most = (long) KEYS * (FILLER.length() + 200) + 2 * server.configuration().readBufferSize();
            for (WebSocketConnection each : subscribers) {
                assertTrue(each.queue().queuedBytes() <= most, () -> "queued " + each.queue().queuedBytes());
            }
            for (int i = SLOW; i < CLIENTS; i++) {
                clients.get(i).get();
            }
            over.countDown();
            int received = 0;
            for (int i = 0; i < SLOW; i++) {
                int ofOne = clients.get(i).get();
                assertTrue(ofOne < KEYS * UPDATES, "the network cannot hold all values");
            }
            for (FutureTask<Integer> each : clients) {
                received += each.get();
            }
            assertEquals((long) CLIENTS * KEYS * UPDATES, received + server.statistics().replacedMessages());
        }
    }
}
