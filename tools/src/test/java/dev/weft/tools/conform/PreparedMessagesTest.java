package dev.weft.tools.conform;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.PreparedMessage;
import dev.weft.server.WebSocketServer;
import dev.weft.tools.conform.wire.Event;
import dev.weft.tools.conform.wire.Findings;
import dev.weft.tools.conform.wire.Peer;
import dev.weft.tools.conform.wire.Server;
import dev.weft.tools.conform.wire.Settings;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The same prepared messages, between ordinary compressed ones, to peers with every window size, with and without context
 * takeover, and to one without compression: each reads them with an inflater that has exactly the agreed window.
 */
@Timeout(60)
class PreparedMessagesTest {
    private static final int[] LENGTHS = {0, 100, 216, 1000, 5000, 70_000};
    private static final String DEFLATE = "permessage-deflate";

    private record Sent(String text, boolean prepared) {}

    private static List<Sent> messages() {
        Random random = new Random(7);
        List<Sent> messages = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            int length = LENGTHS[random.nextInt(i % 20 == 0 ? 6 : 5)];
            StringBuilder text = new StringBuilder();
            while (text.length() < length) {
                text.append("{\"price\":").append(random.nextInt(10_000)).append(",\"symbol\":\"é\"}");
            }
            messages.add(new Sent(text.toString(), random.nextInt(3) == 0));
        }
        return messages;
    }

    private static List<String> offers() {
        List<String> offers = new ArrayList<>();
        for (int bits = 8; bits <= 15; bits++) {
            offers.add(DEFLATE + "; server_max_window_bits=" + bits);
            offers.add(DEFLATE + "; server_no_context_takeover; server_max_window_bits=" + bits);
        }
        return offers;
    }

    @Test
    void everyPeerMustReadPreparedMessagesBetweenOthers() throws Exception {
        List<Sent> messages = messages();
        List<PreparedMessage> prepared = messages.stream().map(Sent::text).map(PreparedMessage::text).toList();
        try (WebSocketServer server = WebSocketServer.builder().shutdownGrace(Duration.ZERO).handler(ws -> {
            for (int i = 0; i < messages.size(); i++) {
                if (!messages.get(i).prepared()) {
                    ws.send(messages.get(i).text());
                } else if (i % 2 == 0) {
                    ws.send(prepared.get(i));
                } else {
                    ws.trySend(prepared.get(i));
                }
            }
            ws.receive();
        }).start()) {
            Settings settings = new Settings(URI.create("ws://127.0.0.1:" + server.port() + "/"),
                    SSLContext.getDefault(), Duration.ofSeconds(20), Duration.ofSeconds(1), 1 << 20, true);
            Server target = new Server(settings, new Findings());
            List<Peer> peers = new ArrayList<>(offers().stream().map(target::openDeflating).toList());
            peers.add(target.open());
            for (int i = 0; i < messages.size(); i++) {
                for (Peer peer : peers) {
                    read(peer, messages.get(i));
                }
            }
            peers.forEach(Peer::close);
            assertEquals(IntStream.rangeClosed(8, 15).boxed().flatMap(bits -> List.of(bits, bits).stream()).toList(),
                    peers.stream().limit(16).map(peer -> peer.agreement().serverBits()).toList());
        }
    }

    private static void read(Peer peer, Sent sent) {
        Event.Message message = assertInstanceOf(Event.Message.class, peer.next("expected a message"));
        assertArrayEquals(sent.text().getBytes(UTF_8), message.payload());
        if (peer.agreement() == null) {
            assertEquals(false, message.compressed());
        } else if (message.payload().length >= 1000) {
            assertTrue(message.compressed());
        }
    }
}
