package dev.weft.bench.soak;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.WebSocketConnection;
import dev.weft.WebSocketHandler;
import dev.weft.server.TransportKind;
import dev.weft.server.WebSocketServer;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The visits must find the faults of a server, and nothing else. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OrderedVisitTest {
    /** Applied to every tenth binary message that is sent whole. */
    private enum Fault {
        BYTE_CHANGED, DROPPED, DOUBLED
    }

    private final Counts counts = new Counts();

    private void visit(WebSocketServer server, long seed) throws Exception {
        URI address = URI.create("ws://127.0.0.1:" + server.port() + "/");
        new OrderedVisit(seed, 1, counts).run(address, null, System.nanoTime() + 60_000_000_000L);
    }

    private static WebSocketServer start(TransportKind kind, WebSocketHandler handler) throws Exception {
        return WebSocketServer.builder().transport(kind).handler(handler).shutdownGrace(Duration.ZERO).start();
    }

    @ParameterizedTest
    @EnumSource
    void visitsToARightServerMustNotFail(TransportKind kind) throws Exception {
        try (WebSocketServer server = start(kind, new SoakHandler())) {
            for (int seed = 0; seed < 20; seed++) {
                visit(server, seed);
            }
        }
        assertTrue(counts.messages.sum() > 1000, "most of it was done");
    }

    @ParameterizedTest
    @EnumSource
    void visitsToAFaultyServerMustFail(Fault fault) throws Exception {
        try (WebSocketServer server = start(TransportKind.PARKING,
                ws -> new SoakHandler().handle(withFault(ws, fault)))) {
            Exception failure = null;
            for (int seed = 0; seed < 50 && failure == null; seed++) {
                try {
                    visit(server, seed);
                } catch (Exception e) {
                    failure = e;
                }
            }
            assertNotNull(failure, "no visit failed");
            assertInstanceOf(RawClient.Wrong.class, failure.getCause());
        }
    }

    private static WebSocketConnection withFault(WebSocketConnection ws, Fault fault) {
        AtomicInteger sent = new AtomicInteger();
        return (WebSocketConnection) Proxy.newProxyInstance(OrderedVisitTest.class.getClassLoader(),
                new Class<?>[]{WebSocketConnection.class}, (proxy, method, arguments) -> {
                    try {
                        if (method.getName().equals("send") && arguments[0] instanceof byte[] bytes
                                && sent.incrementAndGet() % 10 == 0) {
                            if (fault == Fault.DROPPED) {
                                return null;
                            }
                            if (fault == Fault.DOUBLED) {
                                ws.send(bytes);
                            } else {
                                bytes[bytes.length - 1] ^= 1;
                            }
                        }
                        return method.invoke(ws, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    @Test
    void ordersMustBeReadAsTheyAreWritten() {
        for (Order.Verb verb : Order.Verb.values()) {
            Order order = new Order(verb, 1, 2, 30);
            assertEquals(order, Order.parse(order.toString()));
        }
        assertEquals(new Order.Done(3, 4), Order.Done.parse("done 3 4"));
        assertEquals(null, Order.parse("soak"));
        assertEquals(null, Order.Done.parse("soak SEND 1 2 30"));
    }
}
