package dev.weft.bench.echo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.JdkListener;
import dev.weft.bench.peers.Announcement;
import dev.weft.bench.peers.Peers;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Every peer, in its own process, with the JDK's client. */
@Timeout(60)
class PeersTest {
    private static final int SECONDS = 20;
    private static final String SUBSCRIBED = "subscribed";
    private static final String TEXT = "text of 1, 2, 3 and 4 bytes: a ß 世 🧵";

    @ParameterizedTest
    @EnumSource
    void aPeerEchoesAndBroadcastsAndEndsWithItsInput(Peers peer) throws Exception {
        assertFalse(peer.version().contains("$"), peer.version());
        byte[] mebibyte = new byte[1 << 20];
        new Random(1).nextBytes(mebibyte);
        HttpClient http = HttpClient.newHttpClient();
        try (ServerProcess server = ServerProcess.start(peer, List.of())) {
            int port = server.target().port();
            Client echo = Client.open(http, port, "/");
            echo.socket.sendText(TEXT, true).get(SECONDS, TimeUnit.SECONDS);
            assertEquals(TEXT, echo.next());
            echo.socket.sendBinary(ByteBuffer.wrap(mebibyte), true).get(SECONDS, TimeUnit.SECONDS);
            assertArrayEquals(mebibyte, (byte[]) echo.next());

            List<Client> subscribers = List.of(Client.open(http, port, Announcement.BROADCAST_PATH),
                    Client.open(http, port, Announcement.BROADCAST_PATH),
                    Client.open(http, port, Announcement.BROADCAST_PATH));
            // A sender knows by its own echo that it is subscribed: some peers subscribe it only after the handshake.
            for (Client subscriber : subscribers) {
                subscriber.socket.sendText(SUBSCRIBED, true).get(SECONDS, TimeUnit.SECONDS);
                assertEquals(SUBSCRIBED, subscriber.next());
            }
            subscribers.getFirst().socket.sendText(TEXT, true).get(SECONDS, TimeUnit.SECONDS);
            for (Client subscriber : subscribers) {
                assertEquals(TEXT, subscriber.nextBut(SUBSCRIBED));
            }
            byte[] bytes = {1, 2, 3};
            subscribers.getLast().socket.sendBinary(ByteBuffer.wrap(bytes), true).get(SECONDS, TimeUnit.SECONDS);
            for (Client subscriber : subscribers) {
                assertArrayEquals(bytes, (byte[]) subscriber.nextBut(SUBSCRIBED));
            }
            assertTrue(echo.listener.isEmpty(), "only subscribers get a broadcast");
            echo.socket.abort();
            subscribers.forEach(subscriber -> subscriber.socket.abort());
            assertTrue(server.end(), "it ended by itself");
        } finally {
            // Its close() would wait for sockets that were left open by a failure.
            http.shutdownNow();
        }
    }

    private static final class Client {
        private final JdkListener listener = new JdkListener();
        private WebSocket socket;

        static Client open(HttpClient http, int port, String path) throws Exception {
            Client client = new Client();
            client.socket = http.newWebSocketBuilder()
                    .buildAsync(URI.create("ws://127.0.0.1:" + port + path), client.listener)
                    .get(SECONDS, TimeUnit.SECONDS);
            return client;
        }

        Object next() throws InterruptedException {
            Object message = listener.next();
            assertTrue(message != null, "no message came");
            return message;
        }

        /** The next message that is not one that other subscribers may have sent earlier. */
        Object nextBut(String other) throws InterruptedException {
            Object message = next();
            while (message.equals(other)) {
                message = next();
            }
            return message;
        }
    }
}
