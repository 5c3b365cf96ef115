package dev.weft.tools.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weft.server.ConnectionTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class ControlSocketTest {
    private static final ControlCommands COMMANDS = new ControlCommands() {
        @Override
        public String status() {
            return "fine on " + Thread.currentThread().getName() + "\n";
        }

        @Override
        public String connections(int rows, ConnectionTable.Order order) {
            return rows + " by " + order + "\n";
        }

        @Override
        public String reload() throws CommandFailedException {
            throw new CommandFailedException("the file\nis wrong", null);
        }

        @Override
        public String drain() {
            return "draining\n";
        }

        @Override
        public String stop() {
            return "stopping\n";
        }
    };

    @Test
    void onlyTheUserMayConnectAndEachCommandIsAnswered(@TempDir Path folder) throws Exception {
        Path pidFile = folder.resolve("a.pid");
        try (ControlSocket control = ControlSocket.open(pidFile, COMMANDS)) {
            assertEquals("rw-------",
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve("a.pid.sock"))),
                    control::toString);
            assertEquals(new ControlSocket.Answer(true, "fine on weft-control\n"),
                    ControlSocket.send(pidFile, "GET /status"));
            assertEquals(new ControlSocket.Answer(false, "the file\nis wrong\n"),
                    ControlSocket.send(pidFile, "POST /reload"));
            assertEquals(new ControlSocket.Answer(true, "draining\n"), ControlSocket.send(pidFile, "POST /drain"));
            assertEquals(new ControlSocket.Answer(true, "stopping\n"), ControlSocket.send(pidFile, "POST /stop"));
            assertFalse(ControlSocket.send(pidFile, "GET /stop").done());
            assertEquals(new ControlSocket.Answer(true, "100 by OLDEST\n"),
                    ControlSocket.send(pidFile, "GET /connections"));
            assertEquals(new ControlSocket.Answer(true, "7 by QUEUED\n"),
                    ControlSocket.send(pidFile, "GET /connections?order=queued&rows=7"));
            assertEquals(new ControlSocket.Answer(false, "rows must be 0 to 10000\n"),
                    ControlSocket.send(pidFile, "GET /connections?rows=10001"));
            assertFalse(ControlSocket.send(pidFile, "GET /connections?order=none").done());
        }
        assertThrows(IOException.class, () -> ControlSocket.send(pidFile, "GET /status"));
    }
}
