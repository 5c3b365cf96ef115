package dev.weft.docs;

import dev.weft.ConnectionClosedException;
import dev.weft.HandshakeRequest;
import dev.weft.IncomingMessage;
import dev.weft.Message;
import dev.weft.MessageType;
import dev.weft.PreparedMessage;
import dev.weft.RateLimits;
import dev.weft.WebSocketConnection;
import dev.weft.WebSocketHandler;
import dev.weft.parser.http.HttpResponse;
import dev.weft.server.AddressLimits;
import dev.weft.server.Endpoint;
import dev.weft.server.HandshakeDecision;
import dev.weft.server.HandshakePolicy;
import dev.weft.server.HttpEndpoint;
import dev.weft.server.HttpHandler;
import dev.weft.server.RefusalReason;
import dev.weft.server.ServerHealth;
import dev.weft.server.TlsCertificates;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import dev.weft.topics.Topics;
import java.io.File;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** The code of the pages in {@code docs/}; {@link GuidesTest} runs it. */
final class Guides {
    /** A signed-in user, for the guide on authentication. */
    record User(String name, Instant expiry) {}

    /** Checks tokens, for the guide on authentication. */
    interface Tokens {
        Optional<User> verify(String token);
    }

    private Guides() {}

    static WebSocketHandler room() {
        // @start region="room"
        Set<WebSocketConnection> room = ConcurrentHashMap.newKeySet();
        WebSocketHandler chat = ws -> {
            room.add(ws);
            ws.onClose(status -> room.remove(ws));
            while (ws.receive() instanceof Message.Text(String text)) {
                PreparedMessage.text(text).broadcast(room);
            }
        };
        // @end
        return chat;
    }

    static void careful(Set<WebSocketConnection> room, String text, Consumer<SocketAddress> metrics) {
        // @start region="results"
        PreparedMessage.text(text).broadcast(room, (each, result) -> {
            switch (result) {
                case ACCEPTED -> {} // written, or queued
                case DROPPED, DROPPED_OLDER -> {} // by a policy: see below
                case PEER_BEHIND -> each.close(1013, "too slow"); // or leave this message out
                case SERVER_FULL -> metrics.accept(each.remoteAddress()); // nobody's fault but the load's
                case CLOSED -> {} // onClose removes it
            }
        });
        // @end
    }

    static void latest(WebSocketConnection each, PreparedMessage message) {
        // @start region="latest"
        each.queue().trySendLatest("ACME", message);
        // @end
    }

    // @start region="feed"
    /** Every subscriber gets the newest value as soon as it has read the last one; values in between are left out. */
    static final class LatestValue implements WebSocketHandler {
        private final Set<BlockingQueue<String>> subscribers = ConcurrentHashMap.newKeySet();

        void publish(String value) { // from one thread at a time; never waits
            for (BlockingQueue<String> latest : subscribers) {
                latest.poll();
                latest.offer(value);
            }
        }

        @Override
        public void handle(WebSocketConnection ws) throws IOException {
            var latest = new ArrayBlockingQueue<String>(1);
            Thread handler = Thread.currentThread();
            ws.onClose(status -> handler.interrupt());
            subscribers.add(latest);
            try {
                while (true) {
                    ws.send(latest.take()); // waits for this peer, and for nobody else
                }
            } catch (InterruptedException e) {
                // The connection is over.
            } finally {
                subscribers.remove(latest);
            }
        }
    }
    // @end

    static HandshakePolicy byQuery(Tokens tokens) {
        // @start region="query"
        var unauthorized = HandshakeDecision.reject(401, "a valid token is needed")
                .withHeader("WWW-Authenticate", "Bearer");
        HandshakePolicy policy = HandshakePolicy.authenticate(
                request -> request.query().first("token").flatMap(tokens::verify), unauthorized);
        // @end
        return policy;
    }

    static HandshakePolicy byHeader(Tokens tokens, HandshakeDecision.Reject unauthorized) {
        // @start region="header"
        HandshakePolicy policy = HandshakePolicy.authenticate(
                request -> request.headers().first("Authorization").filter(value -> value.startsWith("Bearer "))
                        .flatMap(value -> tokens.verify(value.substring("Bearer ".length()))),
                unauthorized);
        // @end
        return policy;
    }

    static HandshakePolicy bySubprotocol(Tokens tokens, HandshakeDecision.Reject unauthorized) {
        // @start region="subprotocol"
        HandshakePolicy policy = HandshakePolicy.authenticate(
                request -> request.subprotocols().stream().filter(offer -> offer.startsWith("token.")).findFirst()
                        .flatMap(offer -> tokens.verify(offer.substring("token.".length()))),
                user -> HandshakeDecision.accept().withSubprotocol("chat.v2").withAttachment(user), unauthorized);
        // @end
        return policy;
    }

    static HandshakePolicy expiring(Tokens tokens, HandshakeDecision.Reject unauthorized) {
        // @start region="expiry"
        HandshakePolicy expiring = HandshakePolicy.authenticate(
                request -> request.query().first("token").flatMap(tokens::verify),
                user -> HandshakeDecision.accept().withAttachment(user).withExpiresAt(user.expiry()), unauthorized);
        // @end
        return expiring;
    }

    static WebSocketServer tls(Path chain, Path key, WebSocketHandler handler) throws IOException {
        // @start region="tls"
        TlsCertificates certificates = TlsCertificates.fromPem(chain, key);
        var server = WebSocketServer.builder().tls(certificates).handler(handler).start();
        // @end
        return server;
    }

    static WebSocketServer metrics(WebSocketHandler handler) throws IOException {
        // @start region="metrics"
        var server = WebSocketServer.builder().metrics("/metrics").handler(handler).start();
        // @end
        return server;
    }

    static WebSocketServer innerMetrics(WebSocketServer server, int innerPort) throws IOException {
        // @start region="inner-metrics"
        var inner = WebSocketServer.builder().port(innerPort).http("/metrics", server.metricsHandler()).start();
        // @end
        return inner;
    }

    static WebSocketServer topicMetrics(Topics topics, WebSocketHandler handler) throws IOException {
        // @start region="topic-metrics"
        var server = WebSocketServer.builder().metrics("/metrics", topics).handler(handler).start();
        // @end
        return server;
    }

    static TlsCertificates severalCertificates(Path folder, char[] password) throws IOException {
        // @start region="several-certificates"
        TlsCertificates certificates = TlsCertificates.builder()
                .pem(folder.resolve("ec.pem"), folder.resolve("ec.key")) // the default
                .pem(folder.resolve("rsa.pem"), folder.resolve("rsa.key")) // for clients that want RSA
                .keyStore(folder.resolve("ec.p12"), password)
                .reloadInterval(Duration.ofMinutes(1))
                .rejectUnknownNames(true)
                .build();
        // @end
        return certificates;
    }

    static WebSocketServer tls(File file, char[] password, WebSocketHandler handler)
            throws GeneralSecurityException, IOException {
        // @start region="tls-context"
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(KeyStore.getInstance(file, password), password);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        var server = WebSocketServer.builder().tls(context).handler(handler).start();
        // @end
        return server;
    }

    static WebSocketServerBuilder clientCertificates(SSLContext context) {
        // @start region="certificates"
        HandshakePolicy byCertificate = request -> HandshakeDecision.accept()
                .withAttachment(request.tlsSession().orElseThrow().getPeerPrincipal().getName());
        var builder = WebSocketServer.builder()
                .tls(context, parameters -> parameters.setNeedClientAuth(true))
                .policy(byCertificate);
        // @end
        return builder;
    }

    static void upload(WebSocketConnection ws, Path file) throws IOException {
        // @start region="upload"
        IncomingMessage upload = ws.receiveStream();
        if (upload != null) { // null: the peer has closed
            Files.copy(upload.inputStream(), file, StandardCopyOption.REPLACE_EXISTING);
            ws.send("stored " + Files.size(file) + " bytes");
        }
        // @end
    }

    static void download(WebSocketConnection ws, Path file) throws IOException {
        // @start region="download"
        ws.sendStream(MessageType.BINARY, message -> Files.copy(file, message));
        // @end
    }

    static WebSocketServerBuilder limits(WebSocketHandler chat, WebSocketHandler upload) {
        // @start region="limits"
        var builder = WebSocketServer.builder()
                .maxConnections(20_000)
                .maxBufferedSize(256L << 20)
                .endpoint("/chat", Endpoint.of(chat).maxMessageSize(64 << 10).maxQueuedSize(256 << 10))
                .endpoint("/upload", Endpoint.of(upload).maxStreamedMessageSize(4L << 30)
                        .messageTimeout(Duration.ofMinutes(2)));
        // @end
        return builder;
    }

    static WebSocketServerBuilder rates() {
        // @start region="rates"
        var perAddress = RateLimits.builder().handshakes(5).receivedMessages(100).receivedBytes(1 << 20).build();
        var limited = WebSocketServer.builder()
                .addressLimits(AddressLimits.builder().maxConnectionsPerAddress(20).ratesPerAddress(perAddress)
                        .exempt(List.of("10.0.0.0/8")).build())
                .rateLimits(RateLimits.builder().pings(10).inflatedBytes(10 << 20).build())
                .totalRateLimits(RateLimits.builder().handshakes(1000).build());
        // @end
        return limited;
    }

    static WebSocketServerBuilder shares(WebSocketHandler live, WebSocketHandler files,
            Predicate<HandshakeRequest> payers) {
        // @start region="shares"
        HandshakePolicy paying = request -> payers.test(request)
                ? HandshakeDecision.accept().withRateShare("live")
                : HandshakeDecision.accept();
        var shared = WebSocketServer.builder()
                .totalRateLimits(RateLimits.builder().sentBytes(10 << 20).build())
                .rateShares(Map.of("live", 70, "files", 10))
                .endpoint("/live", Endpoint.of(live).rateShare("live"))
                .endpoint("/files", Endpoint.of(files).rateShare("files")
                        .policy(HandshakePolicy.sameOrigin().and(paying)));
        // @end
        return shared;
    }

    static WebSocketHandler computing(Consumer<byte[]> compute) {
        // @start region="computing"
        var permits = new Semaphore(Math.max(1, Runtime.getRuntime().availableProcessors() - 1));
        WebSocketHandler handler = ws -> {
            while (ws.receive() instanceof Message.Binary(byte[] work)) {
                permits.acquire();
                try {
                    compute.accept(work);
                } finally {
                    permits.release();
                }
                ws.send("done");
            }
        };
        // @end
        return handler;
    }

    static WebSocketServerBuilder platformThreads(WebSocketHandler handler) {
        // @start region="threads"
        var builder = WebSocketServer.builder().threads(Thread.ofPlatform().factory()).handler(handler);
        // @end
        return builder;
    }

    static Logger debugLog() {
        // @start region="jul"
        Logger logger = Logger.getLogger("dev.weft.server"); // keep it in a field: java.util.logging does not
        logger.setLevel(Level.FINE);
        Arrays.stream(Logger.getLogger("").getHandlers()).forEach(handler -> handler.setLevel(Level.FINE));
        // @end
        return logger;
    }

    static WebSocketServerBuilder health() {
        // @start region="health"
        var builder = WebSocketServer.builder().http("/health", request -> HttpResponse.text(200, "up\n"));
        // @end
        return builder;
    }

    static void addHealth(WebSocketServer server) {
        // @start region="addHttp"
        server.addHttp("/health", HttpEndpoint.of(request -> {
            ServerHealth health = server.health();
            return HttpResponse.text(health.isHealthy() ? 200 : 503, health + "\n");
        }));
        // @end
    }

    static WebSocketServerBuilder uploads(HttpHandler list, HttpHandler upload) {
        // @start region="httpLimits"
        var files = HttpEndpoint.of("GET", list).method("POST", upload).maxBodySize(1L << 30)
                .handlerTimeout(Duration.ofMinutes(5));
        var builder = WebSocketServer.builder().http("/files", files);
        // @end
        return builder;
    }

    static WebSocketServerBuilder publishing(LatestValue feed) {
        // @start region="publish"
        var builder = WebSocketServer.builder()
                .endpoint("/feed", feed)
                .http("POST", "/publish", request -> {
                    feed.publish(request.bodyText());
                    return HttpResponse.empty(204);
                });
        // @end
        return builder;
    }

    static String report(WebSocketServer server) {
        // @start region="metrics"
        Map<RefusalReason, Long> refusals = server.refusals(); // since the start, every reason is in it
        String report = server.health() + ", " + server.connectionCount() + " connections, "
                + refusals.get(RefusalReason.FOREIGN_ORIGIN) + " from foreign origins";
        // @end
        return report;
    }

    static WebSocketHandler diagnosing(Consumer<String> log) {
        // @start region="ends"
        WebSocketHandler handler = ws -> {
            ws.onClose(status -> log.accept(ws + ": " + status));
            try {
                while (!(ws.receive() instanceof Message.Close)) {}
            } catch (ConnectionClosedException e) {
                log.accept("not by a closing handshake: " + e.getMessage());
            }
        };
        // @end
        return handler;
    }

    // @start region="chatHandler"
    static final class Chat implements WebSocketHandler {
        private final Set<WebSocketConnection> members = ConcurrentHashMap.newKeySet();

        @Override
        public void handle(WebSocketConnection ws) throws IOException { // opened
            members.add(ws);
            ws.onClose(status -> members.remove(ws)); // closed, for whatever reason
            String room = ws.request().pathParameter("room");
            while (ws.receive() instanceof Message.Text(String text)) { // message
                members.forEach(each -> each.trySend(room + ": " + text));
            }
        }
    }
    // @end

    static WebSocketServerBuilder chatServer() {
        // @start region="chatServer"
        var builder = WebSocketServer.builder().endpoint("/chat/{room}", new Chat());
        // @end
        return builder;
    }
}
