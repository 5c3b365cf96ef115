package dev.weft.server;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.TestProcess;
import dev.weft.TlsFiles;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** The program openssl, as a client of a server. */
final class OpenSsl {
    /** The request of a connection that the server ends after its answer. */
    static final String REQUEST = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private OpenSsl() {}

    /** Skips the test if there is no such program. */
    static void assumePresent() {
        assumeTrue(Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, "openssl"))), "openssl is not installed");
    }

    /** What it prints when it connects, sends this input, and reads until the server ends the connection. */
    static String connect(WebSocketServer server, String input, String... options) throws Exception {
        return connect(server.port(), input, options);
    }

    static String connect(int port, String input, String... options) throws Exception {
        List<String> arguments = new ArrayList<>(List.of("s_client", "-connect", "127.0.0.1:" + port, "-CAfile",
                TlsFiles.file("root.pem").toString()));
        arguments.addAll(List.of(options));
        return run(input, arguments);
    }

    /** The output, standard error included; the input stays open. */
    static String run(String input, List<String> arguments) throws Exception {
        List<String> command = Stream.concat(Stream.of("openssl"), arguments.stream()).toList();
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        try (TestProcess openssl = TestProcess.start(builder, LIMIT)) {
            try {
                openssl.process().getOutputStream().write(input.getBytes(StandardCharsets.ISO_8859_1));
                openssl.process().getOutputStream().flush();
            } catch (IOException e) {
                // It has ended already; its output says why.
            }
            return new String(openssl.process().getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }
}
