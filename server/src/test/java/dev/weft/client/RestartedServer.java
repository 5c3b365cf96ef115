package dev.weft.client;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.weft.Message;
import dev.weft.TestProcess;
import dev.weft.WebSocketConnection;
import dev.weft.server.CloseOptions;
import dev.weft.server.WebSocketServer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

/**
 * One life of a server that is restarted on the same port: it appends each message to a file, and then acknowledges it with the
 * same message. In this process, or in its own.
 */
abstract class RestartedServer {
    /** How a life ends. */
    enum Kind {
        CLOSE_1001, CLOSE_1012, CLOSE_1013, ABORT, KILLED_PROCESS
    }

    private static final Duration LONGEST_LIFE = Duration.ofMinutes(1);

    /** Ends the life. The port is free afterwards. */
    abstract void end() throws Exception;

    /** Begins a life. Waits until the server listens. */
    static RestartedServer start(Kind kind, int port, Path ledger) throws IOException {
        return kind == Kind.KILLED_PROCESS ? new OwnProcess(port, ledger) : new InProcess(kind, port, ledger);
    }

    /** The messages in the file. */
    static Set<String> read(Path ledger) throws IOException {
        return Files.readAllLines(ledger, US_ASCII).stream().collect(Collectors.toSet());
    }

    private static WebSocketServer listen(int port, FileChannel ledger, Set<WebSocketConnection> open)
            throws IOException {
        return WebSocketServer.builder().port(port).handler(ws -> {
            open.add(ws);
            while (ws.receive() instanceof Message.Text(String text)) {
                // One write for each line: what is written survives the process.
                ledger.write(ByteBuffer.wrap((text + "\n").getBytes(US_ASCII)));
                ws.send(text);
            }
        }).start();
    }

    private static FileChannel open(Path ledger) throws IOException {
        return FileChannel.open(ledger, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /** Ended by this process. */
    private static final class InProcess extends RestartedServer {
        private final Kind kind;
        private final FileChannel ledger;
        private final Set<WebSocketConnection> open = ConcurrentHashMap.newKeySet();
        private final WebSocketServer server;

        InProcess(Kind kind, int port, Path ledger) throws IOException {
            this.kind = kind;
            this.ledger = RestartedServer.open(ledger);
            this.server = listen(port, this.ledger, open);
        }

        @Override
        void end() throws IOException {
            if (kind == Kind.ABORT) {
                open.forEach(WebSocketConnection::abort);
            }
            server.close(CloseOptions.builder().reason(switch (kind) {
                case CLOSE_1012 -> 1012;
                case CLOSE_1013 -> 1013;
                default -> 1001;
            }, "").build());
            ledger.close();
        }
    }

    /** Ended by SIGKILL. */
    private static final class OwnProcess extends RestartedServer {
        private final TestProcess process;

        OwnProcess(int port, Path ledger) throws IOException {
            List<String> command = new ArrayList<>(TestProcess.java(List.of("-XX:+UseSerialGC", "-Xshare:auto"),
                    RestartedServer.class, Integer.toString(port), ledger.toString()));
            process = TestProcess.start(new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT),
                    LONGEST_LIFE);
            if (process.process().getInputStream().read() != '.') {
                throw new IOException("the server's process did not start");
            }
        }

        @Override
        void end() throws InterruptedException {
            process.close();
            process.process().waitFor();
        }
    }

    /** The server in its own process: the arguments are the port and the file. It runs until it is killed. */
    public static void main(String[] args) throws Exception {
        TestProcess.endWithInput();
        try (FileChannel ledger = open(Path.of(args[1]));
                WebSocketServer server = listen(Integer.parseInt(args[0]), ledger, ConcurrentHashMap.newKeySet())) {
            System.out.print('.');
            System.out.flush();
            server.awaitTermination();
        }
    }
}
