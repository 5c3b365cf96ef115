package dev.weft.server;

import static dev.weft.server.RawPeer.textFrame;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.WebSocketConnection;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The examples in the javadoc must do what they claim. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SnippetsTest {
    @Test
    void serverEchoes() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        CountDownLatch ended = new CountDownLatch(1);
        Thread thread = Thread.ofPlatform().start(() -> {
            try {
                Snippets.server(port);
            } catch (InterruptedException e) {
                ended.countDown();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        try (RawPeer peer = RawPeer.connectWhenListening(port)) {
            peer.text(RawPeer.request()).readHead();
            assertEquals("8105 48656c6c6f", peer.bytes(textFrame("Hello")).readFrame());
            assertEquals("8203 000102", peer.hex("8283 00000000 000102").readFrame());
            assertEquals(1000, peer.hex(RawPeer.CLOSE_1000).readCloseAndEnd());
        }
        thread.interrupt();
        assertTrue(ended.await(10, TimeUnit.SECONDS));
    }

    @Test
    void receiveTakesAMessageAStreamAndAView(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("upload");
        try (WebSocketServer server = WebSocketServer.builder().handler(ws -> Snippets.receive(ws, file)).start();
                RawPeer peer = RawPeer.open(server)) {
            assertEquals("810d 73656e64206d652062696e2e31", peer.bytes(textFrame("bin.1")).readFrame());
            peer.bytes(RawPeer.frame(0x02, new byte[40_000])).bytes(RawPeer.frame(0x80, new byte[2_000]));
            assertEquals("8105 48656c6c6f", peer.bytes(textFrame("Hello")).readFrame());
            assertEquals("8802 03e8", peer.readFrame());
            assertEquals(42_000, Files.size(file));
        }
    }

    @Test
    void broadcastMustReachAllThatAreThere() throws Exception {
        Set<WebSocketConnection> room = ConcurrentHashMap.newKeySet();
        try (WebSocketServer server = WebSocketServer.builder().handler(ws -> {
            room.add(ws);
            ws.receive();
        }).start(); RawPeer one = RawPeer.open(server); RawPeer other = RawPeer.open(server)) {
            Await.until("both are in the room", () -> room.size() == 2);
            one.hex(RawPeer.CLOSE_1000).readCloseAndEnd();
            Snippets.broadcast(room, "grüße");
            assertEquals("8107 6772c3bcc39f65", other.readFrame());
            Snippets.prepared(room, "grüße");
            assertEquals("8107 6772c3bcc39f65", other.readFrame());
            Snippets.latest(room, "A", "1");
            assertEquals("8103 412031", other.readFrame());
        }
    }

    @Test
    void streamMustSendAWholeFile(@TempDir Path folder) throws Exception {
        Path file = Files.write(folder.resolve("file"), new byte[10_000]);
        try (WebSocketServer server = WebSocketServer.builder().handler(ws -> Snippets.stream(ws, file)).start();
                RawPeer peer = RawPeer.open(server)) {
            int length = 0;
            String frame;
            do {
                frame = peer.readFrame();
                length += (frame.length() - frame.indexOf(' ') - 1) / 2;
            } while (frame.startsWith("0"));
            assertEquals(10_000, length);
            assertEquals("8802 03e8", peer.readFrame());
        }
    }

    @Test
    void trustedProxyNamesTheClient() throws Exception {
        try (WebSocketServer server = WebSocketServer.builder().proxySettings(Snippets.proxies())
                .handler(ws -> ws.send(ws.remoteAddress().toString())).start();
                RawPeer peer = RawPeer.open(server, "X-Forwarded-For: 192.0.2.1, 10.1.2.3")) {
            // "/192.0.2.1:0"
            assertEquals("810c 2f3139322e302e322e313a30", peer.readFrame());
        }
    }

    @Test
    void policyAdmitsWhoIsSignedIn() throws Exception {
        Map<String, String> sessions = Map.of("s1", "ada");
        HandshakePolicy policy = Snippets.policy(session -> session == null ? null : sessions.get(session));
        try (WebSocketServer server = WebSocketServer.builder().policy(policy)
                .handler(ws -> ws.send("hello " + ws.attachment(String.class).orElseThrow())).start()) {
            try (RawPeer peer = RawPeer.connect(server)) {
                peer.text(RawPeer.request("Origin: https://chat.example.com", "Cookie: session=s1")).readHead();
                assertEquals("8109 68656c6c6f20616461", peer.readFrame());
            }
            try (RawPeer peer = RawPeer.connect(server)) {
                assertEquals(403, peer.text(RawPeer.request("Origin: https://chat.example.com")).readAnswer().status());
            }
            try (RawPeer peer = RawPeer.connect(server)) {
                assertEquals(403, peer.text(RawPeer.request("Origin: https://evil.org", "Cookie: session=s1"))
                        .readAnswer().status());
            }
        }
    }
}
