package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.internal.transport.TransportFactory;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class TransportKindTest {
    @Test
    void aSelectorPinsBeforeJava24() {
        for (int feature = 21; feature < 24; feature++) {
            assertTrue(TransportFactory.selectPins(feature));
        }
        assertFalse(TransportFactory.selectPins(24));
        assertFalse(TransportFactory.selectPins(25));
    }

    @Test
    void theRunningJavaDecidesOnWhatBlocksInTheSelector() throws IOException {
        assertEquals(TransportFactory.selectPins(Runtime.version().feature()),
                hasSelectorThread(TransportKind.PARKING));
    }

    @Test
    void aPlatformThreadCanBeChosenOnAnyJava() throws IOException {
        assertTrue(hasSelectorThread(TransportKind.PARKING_PLATFORM));
    }

    @Test
    void theBlockingTransportHasNoPoller() throws IOException {
        assertFalse(hasSelectorThread(TransportKind.BLOCKING));
    }

    /** After an echo the poller has begun. Virtual threads are not among those that have stack traces here. */
    private static boolean hasSelectorThread(TransportKind kind) throws IOException {
        try (WebSocketServer server = Handlers.echoServer().transport(kind).start();
                RawPeer peer = RawPeer.connect(server)) {
            peer.text(RawPeer.request()).readHead();
            return Thread.getAllStackTraces().keySet().stream()
                    .anyMatch(thread -> thread.getName().equals("weft-poller-" + server.port()));
        }
    }
}
