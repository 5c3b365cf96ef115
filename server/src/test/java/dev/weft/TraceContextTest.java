package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.http.Headers;
import dev.weft.server.RawPeer;
import dev.weft.server.WebSocketServer;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The grammar of W3C Trace Context §3.2 and §3.3. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TraceContextTest {
    private static final String PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    private static Optional<TraceContext> of(String parent, String... states) {
        Headers.Builder headers = Headers.builder().add("traceparent", parent);
        for (String state : states) {
            headers.add("tracestate", state);
        }
        return TraceContext.of(headers.build());
    }

    @Test
    void fieldsMustBeThoseOfTheHeader() {
        TraceContext context = of(PARENT, "rojo=00f067aa0ba902b7", "congo=t61rcWkgMzE").orElseThrow();
        assertEquals("0af7651916cd43dd8448eb211c80319c", context.traceId());
        assertEquals("b7ad6b7169203331", context.parentId());
        assertTrue(context.isSampled());
        assertTrue(!of(PARENT.replaceAll("01$", "00")).orElseThrow().isSampled());
        assertEquals(PARENT, context.traceparent());
        assertEquals(Optional.of("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE"), context.tracestate());
        assertEquals(Optional.empty(), of(PARENT).orElseThrow().tracestate());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "00", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
            "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01x",
            "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01"})
    void invalidParentMustBeAbsent(String parent) {
        assertEquals(Optional.empty(), of(parent));
    }

    @Test
    void laterVersionsMayAppendFields() {
        assertTrue(of(PARENT.replaceFirst("00", "01")).isPresent());
        assertTrue(of(PARENT.replaceFirst("00", "01") + "-more").isPresent());
    }

    @Test
    void parentMustNotBeRepeated() {
        assertEquals(Optional.empty(), TraceContext.of(Headers.of("traceparent", PARENT, "traceparent", PARENT)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a=1,a=2", "A=1", "a", "a=", "=1", "a=b=c", "1a=1", "a@b@c=1", "a@=1", "a=\u00e9"})
    void invalidStateMustBeAbsent(String state) {
        assertEquals(Optional.empty(), of(PARENT, state).orElseThrow().tracestate());
    }

    @Test
    void stateMustBeBounded() {
        assertTrue(of(PARENT, "a=" + "x".repeat(256)).orElseThrow().tracestate().isPresent());
        assertEquals(Optional.empty(), of(PARENT, "a=" + "x".repeat(257)).orElseThrow().tracestate());
        StringBuilder many = new StringBuilder("a0=1");
        for (int i = 1; i < 32; i++) {
            many.append(",a").append(i).append("=1");
        }
        assertTrue(of(PARENT, many.toString()).orElseThrow().tracestate().isPresent());
        assertEquals(Optional.empty(), of(PARENT, many + ",b=1").orElseThrow().tracestate());
        assertEquals(Optional.of("1a@b=1, ,c=2 3"), of(PARENT, "1a@b=1, ,c=2 3").orElseThrow().tracestate());
    }

    /** The headers themselves are not kept. */
    @Test
    void openConnectionMustKeepIt() throws Exception {
        CompletableFuture<Optional<TraceContext>> kept = new CompletableFuture<>();
        try (WebSocketServer server = WebSocketServer.builder()
                .handler(ws -> kept.complete(ws.request().traceContext()))
                .start();
                RawPeer peer = RawPeer.open(server, "traceparent: " + PARENT, "tracestate: a=b")) {
            assertEquals(of(PARENT, "a=b"), kept.get(10, TimeUnit.SECONDS));
            peer.leave();
        }
    }
}
