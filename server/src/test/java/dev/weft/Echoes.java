package dev.weft;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.Random;

/** What a client's connection to any echo server must be able to do. */
public final class Echoes {
    private Echoes() {}

    /** Exchanges messages of many sizes and a ping, and closes. */
    public static void assertEchoes(WebSocketConnection ws) throws IOException {
        for (int size : new int[]{0, 1, 125, 126, 65_535, 65_536, 300_000}) {
            String text = "\u00e4x".repeat(size / 3);
            ws.send(text);
            assertEquals(new Message.Text(text), ws.receive());
            byte[] bytes = new byte[size];
            new Random(size).nextBytes(bytes);
            ws.send(bytes);
            assertArrayEquals(bytes, assertInstanceOf(Message.Binary.class, ws.receive()).bytes());
        }
        assertTrue(ws.ping(Duration.ofSeconds(10)).isPositive());
        ws.close(4000, "done");
        assertEquals(4000, ws.awaitClose().received().orElseThrow().code());
    }
}
