package dev.weft.bench.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.bench.LoopbackTls;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 2, unit = TimeUnit.MINUTES)
class IdleTest {
    @Test
    void aServerIsStartedEchoesAndIsMeasured() throws IOException, InterruptedException {
        try (ChildJvm server = new ChildJvm(List.of("-XX:+UseSerialGC"), IdleEcho.class.getName(),
                List.of("PARKING", "plain")); IdleClient client = new IdleClient(server.port(), false)) {
            client.warmUp(1, 5);
            assertEquals(0, client.connections());
            Footprint before = Footprint.rehearsed(server.pid());
            client.open(50);
            client.echo();
            assertEquals(50, client.connections());
            Footprint.Cost cost = Footprint.of(server.pid()).since(before, 50);
            // One thread for each connection, because it waits.
            assertTrue(cost.classes().get("java.lang.VirtualThread") > 100, cost.table());
            assertTrue(cost.table().contains("java.lang.VirtualThread"), cost.table());
        }
    }

    @Test
    void compressedMessagesComeBackCompressed() throws IOException, InterruptedException {
        try (ChildJvm server = new ChildJvm(List.of(), IdleEcho.class.getName(), List.of("PARKING", "deflate"));
                IdleClient client = new IdleClient(server.port(), true)) {
            client.open(3);
            client.echo();
        }
    }

    @Test
    void echoesOverTls() throws Exception {
        Path keyStore = LoopbackTls.newKeyStore();
        try (ChildJvm server = new ChildJvm(List.of(), IdleEcho.class.getName(),
                List.of("PARKING", "plain", keyStore.toString()));
                IdleClient client = new IdleClient(server.port(), false,
                        LoopbackTls.client(keyStore).getSocketFactory())) {
            client.open(3);
            client.echo();
            try (IdleClient plain = new IdleClient(server.port(), false)) {
                IOException refusal = assertThrows(IOException.class, () -> plain.open(1));
                assertTrue(refusal.getMessage().startsWith("no handshake"), refusal::toString);
            }
        }
    }

    @Test
    void aServerThatDeclinesDeflateIsNotMeasuredWithIt() throws IOException, InterruptedException {
        try (ChildJvm server = new ChildJvm(List.of(), IdleEcho.class.getName(), List.of("BLOCKING", "plain"));
                IdleClient client = new IdleClient(server.port(), true)) {
            assertThrows(IOException.class, () -> client.open(1));
        }
    }

    @Test
    void aProcessThatEndsIsNotWaitedFor() {
        assertThrows(IOException.class, () -> {
            try (ChildJvm child = new ChildJvm(List.of(), IdleEcho.class.getName(),
                    List.of("NO_SUCH_TRANSPORT", "plain"))) {
                child.port();
            }
        });
    }

    @Test
    void connectionsInMemoryEchoAndEnd() throws IOException, InterruptedException {
        InMemoryEcho echo = new InMemoryEcho();
        echo.open(2_500);
        echo.echo();
        assertEquals(2_500, echo.connections());
        echo.end();
        assertEquals(0, echo.connections());
    }
}
