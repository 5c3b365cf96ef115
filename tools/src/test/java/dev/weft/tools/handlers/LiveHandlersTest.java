package dev.weft.tools.handlers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Message;
import dev.weft.WebSocketConnection;
import dev.weft.client.WebSocketClient;
import dev.weft.client.WebSocketConnectException;
import dev.weft.server.Endpoint;
import dev.weft.server.HttpEndpoint;
import dev.weft.server.ProbeSettings;
import dev.weft.server.WebSocketServer;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Public, because the loaded code refers to it. */
@Timeout(60)
public class LiveHandlersTest {
    /** Set by the loaded code. */
    public static final ThreadLocal<ClassLoader> LOADED = new ThreadLocal<>();

    private static final Duration LIMIT = Duration.ofSeconds(30);

    @TempDir
    private Path folder;
    @TempDir
    private Path elsewhere;

    private Path provider;
    private Path answer;
    private WebSocketServer server;
    private LiveHandlers handlers;
    private WeakReference<ClassLoader> first;

    @BeforeEach
    void start() throws Exception {
        answer = Files.writeString(folder.resolve("Answer.java"), HandlerCodeTest.ANSWER);
        provider = Files.writeString(folder.resolve("Provider.java"), HandlerCodeTest.PROVIDER.replace("return", """
                LOADERS.set(getClass().getClassLoader());
                return""").replace("LOADERS", LiveHandlersTest.class.getName() + ".LOADED"));
        HandlerCode code = HandlerCode.load(folder);
        first = new WeakReference<>(LOADED.get());
        LOADED.remove();
        server = code.addTo(WebSocketServer.builder())
                .probeSettings(ProbeSettings.builder().liveness("/livez").build()).start();
        handlers = new LiveHandlers(server, code);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private WebSocketConnection open(String path) throws IOException {
        return WebSocketClient.connect(URI.create("ws://127.0.0.1:" + server.port() + path));
    }

    private static void assertAnswer(String expected, WebSocketConnection client) throws IOException {
        client.send("?");
        assertEquals(Optional.of(new Message.Text(expected)), client.receive(LIMIT));
    }

    private void change(String from, String to) throws IOException {
        Files.writeString(answer, Files.readString(answer).replace(from, to));
    }

    @Test
    void newConnectionsGetTheNewCodeAndOpenOnesKeepTheOld() throws Exception {
        try (WebSocketConnection old = open("/a/1")) {
            assertAnswer("one", old);
            change("\"one\"", "\"two\"");
            handlers.reload(folder);
            assertAnswer("one", old);
            try (WebSocketConnection next = open("/a/1")) {
                assertAnswer("two", next);
            }
            change("\"two\"", "two");
            assertThrows(HandlerException.class, () -> handlers.reload(folder));
            try (WebSocketConnection next = open("/a/1")) {
                assertAnswer("two", next);
            }
        }
    }

    @Test
    void pathsAreRenamedAddedAndRemoved() throws Exception {
        Files.writeString(provider, Files.readString(provider).replace("{x}\",", "{y}\",")
                .replace("new Answer())", "new Answer()), \"/b\", dev.weft.server.Endpoint.of(new Answer())"));
        handlers.reload(folder);
        try (WebSocketConnection a = open("/a/1"); WebSocketConnection b = open("/b")) {
            assertAnswer("one", a);
            assertAnswer("one", b);
        }
        Files.writeString(provider, Files.readString(provider).replace("/a/{y}", "/c"));
        handlers.reload(folder);
        assertEquals(404, assertThrows(WebSocketConnectException.class, () -> open("/a/1")).response().orElseThrow()
                .status());
    }

    /** Replaces text of the provider: with another endpoint, and an HTTP endpoint whose path may be taken. */
    private void provide(String httpPath) throws IOException {
        Files.writeString(provider, HandlerCodeTest.PROVIDER
                .replace("new Answer())", "new Answer()), \"/b\", dev.weft.server.Endpoint.of(new Answer())")
                .replaceFirst("\\}\\s*\\}\\s*$", """
                        }
                        public java.util.Map<String, dev.weft.server.HttpEndpoint> httpEndpoints() {
                            return java.util.Map.of("%s", dev.weft.server.HttpEndpoint.of(
                                    request -> dev.weft.parser.http.HttpResponse.text(200, "code")));
                        }
                        }
                        """.formatted(httpPath)));
    }

    @Test
    void failedReloadMustLeaveTheOldEndpoints() throws Exception {
        Map<String, Endpoint> endpoints = server.endpoints();
        Map<String, HttpEndpoint> httpEndpoints = server.httpEndpoints();
        provide("/livez");
        change("\"one\"", "\"two\"");
        for (int i = 0; i < 2; i++) {
            String message = assertThrows(HandlerException.class, () -> handlers.reload(folder)).getMessage();
            assertTrue(message.startsWith(folder + " cannot be used: ") && message.contains("/livez"), message);
            assertEquals(endpoints, server.endpoints());
            assertEquals(httpEndpoints, server.httpEndpoints());
        }
        try (WebSocketConnection a = open("/a/1")) {
            assertAnswer("one", a);
        }
        provide("/other");
        handlers.reload(folder);
        try (WebSocketConnection a = open("/a/1"); WebSocketConnection b = open("/b")) {
            assertAnswer("two", a);
            assertAnswer("two", b);
        }
        assertEquals(Set.of("/other"), server.httpEndpoints().keySet());
    }

    @Test
    void watchMustSurviveFailuresAndFollowTheCode() throws Exception {
        BlockingQueue<Object> outcomes = new LinkedBlockingQueue<>();
        handlers.watch(folder, outcomes::add, outcomes::add);
        provide("/livez");
        awaitOutcome(outcomes, HandlerException.class::isInstance);
        provide("/other");
        awaitOutcome(outcomes, folder::equals);
        // A reload that fails does not change what is watched.
        Path other = Files.createDirectory(elsewhere.resolve("other"));
        Files.writeString(other.resolve("Answer.java"), "no code");
        assertThrows(HandlerException.class, () -> handlers.reload(other));
        change("\"one\"", "\"two\"");
        awaitOutcome(outcomes, folder::equals);
        Files.writeString(other.resolve("Answer.java"), HandlerCodeTest.ANSWER);
        handlers.reload(other);
        Files.writeString(other.resolve("Answer.java"), HandlerCodeTest.ANSWER.replace("\"one\"", "\"three\""));
        awaitOutcome(outcomes, other::equals);
        try (WebSocketConnection any = open("/any")) {
            assertAnswer("three", any);
        }
    }

    /** Skips others: a change may be seen in two parts. */
    private static void awaitOutcome(BlockingQueue<Object> outcomes, Predicate<Object> expected)
            throws InterruptedException {
        Object outcome;
        do {
            outcome = outcomes.poll(LIMIT.toSeconds(), TimeUnit.SECONDS);
            assertNotNull(outcome, "the watch does nothing");
        } while (!expected.test(outcome));
    }

    /** The code of a connection that has ended, and is served no more, takes no memory. */
    @Test
    void replacedCodeIsCollected() throws Exception {
        try (WebSocketConnection old = open("/a/1")) {
            assertAnswer("one", old);
            change("\"one\"", "\"two\"");
            handlers.reload(folder);
        }
        LOADED.remove();
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (first.get() != null && System.nanoTime() < deadline) {
            System.gc();
            Thread.onSpinWait();
        }
        assertNull(first.get(), "the class loader of the old code is still there");
    }

    @Test
    void watchSeesChangesOfAFileAndOfAFolder() throws Exception {
        for (Path watched : new Path[]{answer, folder}) {
            Semaphore changes = new Semaphore(0);
            HandlerWatch watch = HandlerWatch.start(watched, changes::release);
            try {
                Files.writeString(folder.resolve("notes.txt"), "no source");
                change("\"one\"", "\"two\"");
                assertSeen(changes);
                Path replacement = Files.writeString(folder.resolve("Answer.new"), HandlerCodeTest.ANSWER);
                Files.move(replacement, answer, StandardCopyOption.REPLACE_EXISTING);
                assertSeen(changes);
            } finally {
                watch.close();
            }
        }
    }

    private static void assertSeen(Semaphore changes) throws InterruptedException {
        if (!changes.tryAcquire(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("the change was not seen");
        }
    }
}
