package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class TransportKindTest {
    @Test
    void thePollerIsAVirtualThreadFromJava24On() {
        for (int feature = 21; feature < 24; feature++) {
            assertFalse(TransportKind.blocksWithoutPinning(feature));
        }
        assertTrue(TransportKind.blocksWithoutPinning(24));
        assertTrue(TransportKind.blocksWithoutPinning(25));
    }

    @Test
    void theRunningJavaDecidesOnTheThreadOfTheParkingPoller() throws IOException {
        boolean platform = !TransportKind.blocksWithoutPinning(Runtime.version().feature());
        assertEquals(platform, hasPlatformPoller(TransportKind.PARKING));
    }

    @Test
    void aPlatformThreadCanBeChosenOnAnyJava() throws IOException {
        assertTrue(hasPlatformPoller(TransportKind.PARKING_PLATFORM));
    }

    @Test
    void theBlockingTransportHasNoPoller() throws IOException {
        assertFalse(hasPlatformPoller(TransportKind.BLOCKING));
    }

    /** Virtual threads are not among those that have stack traces here. */
    private static boolean hasPlatformPoller(TransportKind kind) throws IOException {
        try (WebSocketServer server = Handlers.echoServer().transport(kind).start()) {
            return Thread.getAllStackTraces().keySet().stream()
                    .anyMatch(thread -> thread.getName().equals("weft-poller-" + server.port()));
        }
    }
}
