package dev.weft.attacks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.ConnectionClosedException;
import dev.weft.ConnectionTimeouts;
import dev.weft.Message;
import dev.weft.WebSocketConnection;
import dev.weft.client.FailedResponse;
import dev.weft.client.ScriptedServer;
import dev.weft.client.ScriptedServer.Peer;
import dev.weft.client.ScriptedServer.Script;
import dev.weft.client.WebSocketClient;
import dev.weft.client.WebSocketClientBuilder;
import dev.weft.client.WebSocketConnectException;
import dev.weft.client.WebSocketConnectException.Step;
import dev.weft.server.Await;
import dev.weft.server.Handlers;
import dev.weft.server.WebSocketServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Attack 24, over the wire: hostile servers. The client's other connections must continue. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ClientAttacksTest {
    private static final String GOOD = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    private static final String TAKES_EVERYTHING = "the client takes everything";
    private static final ConnectionTimeouts SHORT = ConnectionTimeouts.builder()
            .handshakeTimeout(Duration.ofMillis(300)).closeTimeout(Duration.ofMillis(300)).build();

    /** Does something with a client whose other connection, to a good server, must go on. */
    @FunctionalInterface
    private interface Attack {
        void run(WebSocketClient client, ScriptedServer server) throws Exception;
    }

    private static void attacked(WebSocketClientBuilder settings, Script script, Attack attack) throws Exception {
        try (WebSocketServer good = Handlers.echoServer().start();
                ScriptedServer server = new ScriptedServer(script);
                WebSocketClient client = settings.build()) {
            WebSocketConnection bystander = client.open(URI.create("ws://127.0.0.1:" + good.port() + "/"));
            attack.run(client, server);
            bystander.send("still here");
            assertEquals(new Message.Text("still here"), bystander.receive());
            Await.until("only the bystander is left", () -> client.connectionCount() == 1);
        }
    }

    /** Opening fails in the handshake, for a reason that says this; nothing is left open. */
    private static WebSocketConnectException refused(WebSocketClientBuilder settings, String why, Script script)
            throws Exception {
        WebSocketConnectException[] failure = new WebSocketConnectException[1];
        attacked(settings, script, (client, server) -> {
            failure[0] = assertThrows(WebSocketConnectException.class, () -> client.open(server.uri()));
            assertEquals(Step.HANDSHAKE, failure[0].step());
            assertTrue(failure[0].getMessage().contains(why), failure[0].getMessage());
            assertFalse(server.end().contains(TAKES_EVERYTHING));
        });
        return failure[0];
    }

    private static void refused(String why, Script script) throws Exception {
        refused(WebSocketClient.builder(), why, script);
    }

    /** Sends this again and again until the client leaves, or 64 MiB are sent. */
    private static void endlessly(Peer peer, String text) throws IOException {
        byte[] piece = text.repeat(Math.max(1, 8192 / text.length()))
                .getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        for (long sent = 0; sent < 64 << 20; sent += piece.length) {
            peer.bytes(piece);
        }
        throw new AssertionError(TAKES_EVERYTHING);
    }

    // The head

    @Test
    void attack24_endlessHeadMustBeRefused() throws Exception {
        refused("maxStatusLineSize", peer -> {
            peer.readRequest();
            peer.text("HTTP/1.1 101 ");
            endlessly(peer, "x");
        });
        refused("maxHeaderLineSize", peer -> {
            peer.readRequest();
            peer.text("HTTP/1.1 101 OK\r\nX: ");
            endlessly(peer, "x");
        });
        refused("maxHeaderCount", peer -> {
            peer.readRequest();
            peer.text("HTTP/1.1 101 OK\r\n");
            endlessly(peer, "A: b\r\n");
        });
    }

    @Test
    void attack24_tenThousandHeadersMustBeRefused() throws Exception {
        refused("maxHeaderCount", peer -> {
            String request = peer.readRequest();
            peer.text("HTTP/1.1 101 OK\r\n" + GOOD + "Sec-WebSocket-Accept: " + Peer.accept(request) + "\r\n"
                    + "A: b\r\n".repeat(10_000) + "\r\n");
        });
    }

    @Test
    void attack24_endlessInterimResponsesMustBeRefused() throws Exception {
        refused("interim", peer -> {
            peer.readRequest();
            endlessly(peer, "HTTP/1.1 100 Continue\r\n\r\n");
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "HTTP/1.1 1", "HTTP/1.1 101 OK\r\nUpgrade: webs"})
    void attack24_headThatEndsEarlyMustBeRefused(String part) throws Exception {
        refused("ended", peer -> {
            peer.readRequest();
            peer.text(part);
        });
    }

    @Test
    void attack24_silentServerMustEndByTheHandshakeTimeout() throws Exception {
        refused(WebSocketClient.builder().timeouts(SHORT), "handshakeTimeout", peer -> {
            peer.readRequest();
            peer.readToEnd();
        });
    }

    @Test
    void attack24_slowHeadMustEndByTheHandshakeTimeout() throws Exception {
        refused(WebSocketClient.builder().timeouts(SHORT), "handshakeTimeout", peer -> {
            peer.readRequest();
            peer.text("HTTP/1.1 101 OK\r\nX: ");
            for (int i = 0; i < 1000; i++) {
                peer.text("x");
                LockSupport.parkNanos(10_000_000);
            }
        });
    }

    // The answer

    @ParameterizedTest
    @CsvSource({"Upgrade,Connection: Upgrade", "Upgrade,Connection: Upgrade;Upgrade: h2c",
            "Connection,Upgrade: websocket", "Connection,Upgrade: websocket;Connection: close"})
    void attack24_101WithoutAnUpgradeMustBeRefused(String why, String lines) throws Exception {
        refused(why, peer -> {
            String request = peer.readRequest();
            peer.text("HTTP/1.1 101 OK\r\n" + lines.replace(";", "\r\n") + "\r\nSec-WebSocket-Accept: "
                    + Peer.accept(request) + "\r\n\r\n");
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", "Sec-WebSocket-Accept:\r\n"})
    void attack24_wrongAcceptKeyMustBeRefused(String line) throws Exception {
        refused("Sec-WebSocket-Accept", peer -> {
            peer.readRequest();
            peer.text("HTTP/1.1 101 OK\r\n" + GOOD + line + "\r\n");
        });
    }

    @Test
    void attack24_acceptanceByHttp10MustBeRefused() throws Exception {
        refused("HTTP/1.1", peer -> {
            String request = peer.readRequest();
            peer.text("HTTP/1.0 101 OK\r\n" + GOOD + "Sec-WebSocket-Accept: " + Peer.accept(request) + "\r\n\r\n");
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"x-webkit-deflate-frame", "permessage-deflate, permessage-deflate", "permessage-deflate; x",
            "permessage-deflate; server_max_window_bits=16", "permessage-deflate; server_max_window_bits=7",
            "permessage-deflate; client_max_window_bits; server_max_window_bits=12",
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover", "\u00e4", "a;b=\"",
            "permessage-deflate; server_no_context_takeover=1"})
    void attack24_extensionsThatWereNotOfferedLikeThisMustBeRefused(String extensions) throws Exception {
        refused("", peer -> {
            peer.upgrade("Sec-WebSocket-Extensions: " + extensions);
            peer.readToEnd();
        });
    }

    @Test
    void attack24_extensionThatWasNotOfferedMustBeRefused() throws Exception {
        refused(WebSocketClient.builder().noDeflate(), "permessage-deflate", peer -> {
            peer.upgrade("Sec-WebSocket-Extensions: permessage-deflate");
            peer.readToEnd();
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"other", "", "a, b"})
    void attack24_subprotocolThatWasNotOfferedMustBeRefused(String subprotocol) throws Exception {
        refused(WebSocketClient.builder().subprotocols("a", "b"), "Sec-WebSocket-Protocol", peer -> {
            peer.upgrade("Sec-WebSocket-Protocol: " + subprotocol);
            peer.readToEnd();
        });
    }

    // The body

    @ParameterizedTest
    @ValueSource(strings = {"", "Content-Length: 99999999999\r\n", "Content-Length: 99999999999999999999999999\r\n"})
    void attack24_endlessBodyMustBeCut(String line) throws Exception {
        FailedResponse response = refused(WebSocketClient.builder(), "404", peer -> {
            peer.readRequest();
            peer.text("HTTP/1.1 404 Not Found\r\n" + line + "\r\n");
            endlessly(peer, "x");
        }).response().orElseThrow();
        assertEquals(FailedResponse.MAX_BODY_SIZE, response.body().length);
    }

    @ParameterizedTest
    @CsvSource({"'5\r\nHello\r\n7;x=y\r\n, World\r\n0\r\n\r\n','Hello, World'", "'5\r\nHello\r\nx\r\n',Hello",
            "'fffffffff\r\nHello',''", "'5\r\nHelloWorld','Hello'"})
    void attack24_chunkedBodyMustBeReadAsFarAsItIsOne(String chunks, String body) throws Exception {
        FailedResponse response = refused(WebSocketClient.builder(), "500", peer -> {
            peer.readRequest();
            peer.text("HTTP/1.1 500 \r\nTransfer-Encoding: chunked\r\n\r\n" + chunks);
        }).response().orElseThrow();
        assertEquals(body, response.bodyText());
    }

    @ParameterizedTest
    @ValueSource(strings = {"\r", "0", ";", "5\r\nHello\r"})
    void attack24_endlessLineOfAChunkedBodyMustBeCut(String endless) throws Exception {
        refused(WebSocketClient.builder(), "500", peer -> {
            peer.readRequest();
            peer.text("HTTP/1.1 500 \r\nTransfer-Encoding: chunked\r\n\r\n1");
            endlessly(peer, endless);
        });
    }

    @Test
    void attack24_slowBodyMustEndByTheHandshakeTimeout() throws Exception {
        WebSocketConnectException failure = refused(WebSocketClient.builder().timeouts(SHORT), "", peer -> {
            peer.readRequest();
            peer.text("HTTP/1.1 503 Full\r\nRetry-After: 5\r\nContent-Length: 10\r\n\r\nwait");
            peer.readToEnd();
        });
        assertEquals("5", failure.response().orElseThrow().headers().first("Retry-After").orElseThrow());
        assertEquals("wait", failure.response().orElseThrow().bodyText());
    }

    @Test
    void attack24_responseMustBeEscapedInMessages() throws Exception {
        refused("a\\u00e9b", peer -> {
            peer.readRequest();
            peer.text("HTTP/1.1 404 a\u00e9b\r\nContent-Length: 0\r\n\r\n");
        });
    }

    // Frames

    private static void failed(WebSocketClientBuilder settings, int code, Script then, String... lines)
            throws Exception {
        attacked(settings, peer -> {
            peer.upgrade(lines);
            then.run(peer);
            assertEquals(code, peer.readClose());
            peer.socket().shutdownOutput();
            peer.readToEnd();
        }, (client, server) -> {
            WebSocketConnection ws = client.open(server.uri());
            assertThrows(ConnectionClosedException.class, ws::receive);
            assertEquals("done", server.end());
            assertEquals(code, ws.closeStatus().orElseThrow().sent().orElseThrow().code());
        });
    }

    @ParameterizedTest
    @CsvSource({
            // masked: §5.1
            "8185 00000000 48656c6c6f, 1002", "8980 00000000, 1002",
            // RSV bits that nothing claims, a reserved opcode
            "9100, 1002", "a100, 1002", "c100, 1002", "8300, 1002", "8b00, 1002",
            // control frames: fragmented, too long, compressed
            "0900, 1002", "897e 007e, 1002", "c900, 1002",
            // fragments: nothing to continue, a new message within one
            "8000, 1002", "0100 8100, 1002",
            // lengths that are not minimal, or too large
            "817e 0001 78, 1002", "817f 0000000000000001 78, 1002", "817f ffffffffffffffff, 1002",
            "817f 0000000040000000, 1009", "827f 7fffffffffffffff, 1009",
            // text that is not UTF-8, at the first byte
            "8105 c0, 1007", "0101 ff, 1007",
            // Close frames
            "8801 03, 1002", "8802 03ed, 1002", "8803 03e8 ff, 1007"})
    void attack24_violationsMustFailTheConnection(String frames, int code) throws Exception {
        failed(WebSocketClient.builder().noDeflate(), code, peer -> peer.hex(frames));
    }

    @Test
    void attack24_rsv1OnControlAndContinuationMustFailTheConnection() throws Exception {
        String line = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover";
        failed(WebSocketClient.builder(), 1002, peer -> peer.hex("c900"), line);
        failed(WebSocketClient.builder(), 1002, peer -> peer.hex("0100 c000"), line);
        failed(WebSocketClient.builder(), 1007, peer -> peer.hex("c103 ffffff"), line);
    }

    @Test
    void attack24_bombMustFailTheConnectionAtTheLimit() throws Exception {
        ByteArrayOutputStream bomb = new ByteArrayOutputStream();
        Deflater deflater = new Deflater(9, true);
        try (DeflaterOutputStream out = new DeflaterOutputStream(bomb, deflater, 8192, true)) {
            byte[] zeros = new byte[1 << 20];
            for (int i = 0; i < 60; i++) {
                out.write(zeros);
            }
        } finally {
            deflater.end();
        }
        byte[] payload = bomb.toByteArray();
        failed(WebSocketClient.builder(), 1009, peer -> {
            peer.hex("c27e" + String.format("%04x", payload.length));
            peer.bytes(payload);
        }, "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover");
    }

    @Test
    void attack24_unansweredCloseMustEndByTheCloseTimeout() throws Exception {
        CountDownLatch done = new CountDownLatch(1);
        try {
            attacked(WebSocketClient.builder().timeouts(SHORT), peer -> {
                peer.upgrade();
                assertEquals("88 03e8", peer.readFrame());
                done.await(30, TimeUnit.SECONDS);
            }, (client, server) -> {
                WebSocketConnection ws = client.open(server.uri());
                ws.close();
                Await.until("it is over", () -> ws.closeStatus().isPresent());
                assertTrue(ws.closeStatus().get().toString().contains("closeTimeout"), ws.closeStatus().toString());
            });
        } finally {
            done.countDown();
        }
    }

    @Test
    void attack24_masksMustDiffer() throws Exception {
        Set<String> keys = new HashSet<>();
        CopyOnWriteArrayList<String> seen = new CopyOnWriteArrayList<>();
        attacked(WebSocketClient.builder(), peer -> {
            peer.upgrade();
            for (int i = 0; i < 1000; i++) {
                byte[] frame = peer.socket().getInputStream().readNBytes(2 + 4 + 4);
                // The payload is all zeros, so what is on the wire is the key.
                seen.add(java.util.HexFormat.of().formatHex(frame, 6, 10));
            }
            peer.readClose();
        }, (client, server) -> {
            WebSocketConnection ws = client.open(server.uri());
            for (int i = 0; i < 1000; i++) {
                ws.send(new byte[4]);
            }
            ws.close();
            assertEquals("done", server.end());
        });
        keys.addAll(seen);
        assertTrue(keys.size() > 990, "of 1,000 keys " + keys.size() + " differ");
    }

    // Redirects

    @Test
    void attack24_redirectMustNotBeFollowedUnlessAllowed() throws Exception {
        FailedResponse response = refused(WebSocketClient.builder(), "302", peer -> {
            peer.readRequest();
            peer.text("HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
        }).response().orElseThrow();
        assertEquals("ws://127.0.0.1:1/", response.headers().first("Location").orElseThrow());
    }
}
