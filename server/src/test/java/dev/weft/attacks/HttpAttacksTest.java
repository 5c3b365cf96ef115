package dev.weft.attacks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.http.HttpResponse;
import dev.weft.server.Await;
import dev.weft.server.Handlers;
import dev.weft.server.HttpPeer;
import dev.weft.server.HttpSettings;
import dev.weft.server.RawPeer;
import dev.weft.server.RefusalReason;
import dev.weft.server.WebSocketServerBuilder;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attacks 33 and up: plain HTTP. A connection that is open during each attack must not be affected. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HttpAttacksTest {
    private static final String SMUGGLED = "GET /admin HTTP/1.1\r\nHost: localhost\r\n\r\n";

    /** The targets that handlers have seen. */
    private final Queue<String> seen = new ConcurrentLinkedQueue<>();

    private WebSocketServerBuilder server(HttpSettings.Builder settings) {
        return Handlers.echoServer().httpSettings(settings.build())
                .http("/admin", request -> {
                    seen.add(request.target());
                    return HttpResponse.text(200, "secret");
                })
                .http("/ignore", request -> HttpResponse.text(200, "ignored"))
                .http("/echo", request -> HttpResponse.bytes(200, "x/y", request.bodyBytes()));
    }

    private WebSocketServerBuilder server() {
        return server(HttpSettings.builder());
    }

    private static String post(String path, String lines) {
        return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\n" + lines.replace("~", "\r\n") + "\r\n\r\n";
    }

    /** Whatever the framing means to somebody else: the request is refused, and nothing that follows it is a request. */
    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 0~Transfer-Encoding: chunked",
            "Transfer-Encoding: chunked~Content-Length: 5",
            "Transfer-Encoding: chunked~Transfer-Encoding: chunked",
            "Transfer-Encoding: chunked~Transfer-Encoding: identity",
            "Transfer-Encoding: chunked, identity", "Transfer-Encoding: identity", "Transfer-Encoding: xchunked",
            "Transfer-Encoding: gzip, chunked", "Transfer-Encoding : chunked", "Transfer-Encoding:\u000bchunked",
            " Transfer-Encoding: chunked", "X: y~ Transfer-Encoding: chunked", "X: y\nTransfer-Encoding: chunked",
            "X: y\rTransfer-Encoding: chunked", "Transfer-Encoding: \"chunked\"", "Content-Length: +5",
            "Content-Length: 5,5",
            "Content-Length: 5~Content-Length: 6", "Content-Length: 5~Content-Length: 5", "Content-Length: -1",
            "Content-Length: 99999999999999999999", "Content-Length: 0x5", "Content-Length : 5", "Content-Length: 5 0",
            "Content-Length: ", "Content\u0000-Length: 5"})
    void attack53_requestsSmuggledByTheirFraming(String lines) throws Exception {
        Bystander.beside(server(), server -> {
            for (String path : List.of("/echo", "/ignore", "/admin")) {
                try (HttpPeer peer = HttpPeer.connect(server)) {
                    peer.send(post(path, lines) + "0\r\n\r\n" + SMUGGLED + SMUGGLED);
                    int status = peer.read().status();
                    assertTrue(status == 400 || status == 501 || status == 413, lines + ": " + status);
                    assertTrue(peer.isEnded());
                }
            }
        });
        assertEquals(List.of(), List.copyOf(seen));
    }

    @ParameterizedTest
    @ValueSource(strings = {"5\nabcde\r\n0\r\n\r\n", "5\r\nabcdeXX0\r\n\r\n", "5 \r\nabcde\r\n0\r\n\r\n",
            "5 ;a=b\r\nabcde\r\n0\r\n\r\n", "5\t;a=b\r\nabcde\r\n0\r\n\r\n",
            "0x5\r\nabcde\r\n0\r\n\r\n",
            "-5\r\nabcde\r\n0\r\n\r\n", "fffffffffffffffff\r\n", "ffffffffffffffff\r\n", "5;\n\r\nabcde\r\n0\r\n\r\n",
            "5\r\nabcde\r\n0\r\n\n", "5\r\nabcde\r\n0\r\nGET /admin HTTP/1.1\r\n\r\n",
            "5\r\nabcde\r\n0\r\n X: y\r\n\r\n",
            "\r\n5\r\nabcde\r\n0\r\n\r\n"})
    void attack54_requestsSmuggledByChunks(String chunks) throws Exception {
        Bystander.beside(server(), server -> {
            try (HttpPeer peer = HttpPeer.connect(server)) {
                peer.send(post("/echo", "Transfer-Encoding: chunked") + chunks + SMUGGLED);
                int status = peer.read().status();
                assertTrue(status == 400 || status == 413, chunks + ": " + status);
                assertTrue(peer.isEnded());
            }
            // The handler has answered before the chunks were looked at.
            try (HttpPeer peer = HttpPeer.connect(server)) {
                peer.send(post("/ignore", "Transfer-Encoding: chunked") + chunks + SMUGGLED);
                assertEquals("ignored", peer.read().body());
                assertTrue(peer.isEnded());
            }
        });
        assertEquals(List.of(), List.copyOf(seen));
    }

    @Test
    void attack55_requestsInTheBodiesOfOthers() throws Exception {
        Bystander.beside(server(), server -> {
            try (HttpPeer peer = HttpPeer.connect(server)) {
                for (String path : List.of("/echo", "/ignore")) {
                    for (String method : List.of("GET", "HEAD", "DELETE", "OPTIONS", "POST")) {
                        peer.send(method + " " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + SMUGGLED.length()
                                + "\r\n\r\n" + SMUGGLED);
                        assertEquals(200, (method.equals("HEAD") ? peer.readHead() : peer.read()).status());
                    }
                }
            }
            // A handshake has no body, and what follows its answer is frames.
            try (HttpPeer peer = HttpPeer.connect(server)) {
                peer.send(RawPeer.request("Content-Length: " + SMUGGLED.length()) + SMUGGLED);
                assertEquals(400, peer.read().status());
                assertTrue(peer.isEnded());
            }
            try (HttpPeer peer = HttpPeer.connect(server)) {
                peer.send(RawPeer.request() + SMUGGLED);
                assertEquals(101, peer.readHead().status());
                assertEquals(1002, peer.raw().readCloseAndEnd(), "'G' is no frame");
            }
        });
        assertEquals(List.of(), List.copyOf(seen));
    }

    @Test
    void attack56_bodiesThatDoNotCome() throws Exception {
        Bystander.beside(server(HttpSettings.builder().bodyTimeout(Duration.ofMillis(300))), server -> {
            for (String path : List.of("/echo", "/ignore")) {
                for (String start : List.of(post(path, "Content-Length: 10") + "abc",
                        post(path, "Transfer-Encoding: chunked"),
                        post(path, "Transfer-Encoding: chunked") + "5;",
                        post(path, "Transfer-Encoding: chunked") + "5\r\nab",
                        post(path, "Transfer-Encoding: chunked") + "0\r\nX: y\r\n")) {
                    try (HttpPeer peer = HttpPeer.connect(server)) {
                        assertEquals(path.equals("/echo") ? 408 : 200, peer.send(start).read().status());
                        assertTrue(peer.isEnded());
                    }
                }
            }
            assertEquals(5L, server.refusals().get(RefusalReason.BODY_TOO_SLOW));
        });
    }

    /** Each byte arrives in time, but none of them counts as progress. */
    @Test
    void attack37_bodiesThatTrickle() throws Exception {
        Bystander.beside(server(HttpSettings.builder().bodyTimeout(Duration.ofMillis(500))), server -> {
            for (String drop : List.of("1\r\nx\r\n", "x", "y")) {
                String head = switch (drop) {
                    case "x" -> post("/echo", "Content-Length: 100000");
                    case "y" -> post("/echo", "Transfer-Encoding: chunked") + "1;";
                    default -> post("/echo", "Transfer-Encoding: chunked");
                };
                try (HttpPeer peer = HttpPeer.connect(server)) {
                    peer.send(head);
                    int sent = 0;
                    while (!peer.raw().hasAnswer() && sent < 4000) {
                        peer.send(drop);
                        sent++;
                    }
                    assertEquals(408, peer.read().status(), "after " + sent);
                }
            }
        });
    }

    @Test
    void attack38_endlessTrailersAndExtensions() throws Exception {
        Bystander.beside(server(), server -> {
            for (String flood : List.of("0\r\n" + "X: y\r\n".repeat(10_000), "0\r\nX: " + "y".repeat(100_000),
                    "1;" + "x".repeat(100_000), "1;xxxxxxxxxx\r\na\r\n".repeat(5000))) {
                try (HttpPeer peer = HttpPeer.connect(server)) {
                    peer.send(post("/echo", "Transfer-Encoding: chunked") + flood);
                    int status = peer.read().status();
                    assertTrue(status == 400 || status == 431, "" + status);
                    assertTrue(peer.isEnded());
                }
            }
        });
    }

    /** More than a connection may ask for, from clients that do not wait for the answers; others are served meanwhile. */
    @Test
    void attack39_floodOfPipelinedRequests() throws Exception {
        Bystander.beside(server(), server -> {
            List<Thread> senders = new ArrayList<>();
            List<HttpPeer> peers = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                HttpPeer peer = HttpPeer.connect(server);
                peers.add(peer);
                senders.add(Thread.startVirtualThread(() -> {
                    try {
                        for (int part = 0; part < 50; part++) {
                            peer.send("GET /ignore HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100));
                        }
                    } catch (IOException e) {
                        // The server has closed.
                    }
                }));
            }
            for (HttpPeer peer : peers) {
                for (int i = 1; i <= 1000; i++) {
                    assertEquals(i == 1000 ? "close" : "", peer.read().header("Connection"));
                }
                assertTrue(peer.isEnded());
                peer.leave();
            }
            for (Thread sender : senders) {
                sender.join();
            }
        });
    }

    /** Clients that ask and never read: their connections end, and hold no more than a response. */
    @Test
    void attack40_clientsThatDoNotReadResponses() throws Exception {
        byte[] large = new byte[4 << 20];
        WebSocketServerBuilder settings = server().http("/large", request -> HttpResponse.bytes(200, "x/y", large))
                .http("/endless", request -> HttpResponse.stream(200, "x/y", out -> {
                    while (true) {
                        out.write(large, 0, 100_000);
                    }
                })).writeTimeout(Duration.ofMillis(500)).closeTimeout(Duration.ofMillis(500));
        Bystander.beside(settings, server -> {
            List<HttpPeer> peers = new ArrayList<>();
            for (String path : List.of("/large", "/endless")) {
                for (int i = 0; i < 4; i++) {
                    peers.add(HttpPeer.connect(server).request("GET", path).request("GET", path));
                }
            }
            Await.until("all are given up", () -> server.connectionCount() == 1);
            for (HttpPeer peer : peers) {
                peer.leave();
            }
        });
    }

    /** Values of headers that an application copies from a request. */
    @ParameterizedTest
    @ValueSource(strings = {"a%0d%0aSet-Cookie: b", "a%0ab", "a%0db", "a%00b"})
    void attack41_headersInTheValuesOfOthers(String value) throws Exception {
        WebSocketServerBuilder settings = server().http("/copy", request -> HttpResponse.text(200, "copied")
                .withHeader("X", request.query().first("x").orElseThrow()));
        Bystander.beside(settings, server -> {
            try (HttpPeer peer = HttpPeer.connect(server)) {
                assertEquals(500, peer.get("/copy?x=" + value.replace(" ", "%20")).status());
                assertEquals("ignored", peer.get("/ignore").body());
            }
        });
    }
}
