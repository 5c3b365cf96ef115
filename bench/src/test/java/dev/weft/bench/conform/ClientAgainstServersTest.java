package dev.weft.bench.conform;

import dev.weft.Echoes;
import dev.weft.TestKeys;
import dev.weft.TestProcess;
import dev.weft.client.WebSocketClient;
import io.undertow.Undertow;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Weft's client against servers made with Undertow, with and without TLS, and with Jetty; with and without compression. */
@Timeout(60)
class ClientAgainstServersTest {
    private static final Duration LIMIT = Duration.ofSeconds(50);

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void messagesMustPassToAndFromUndertow(boolean tls) throws IOException {
        Undertow server = UndertowEcho.start(tls ? TestKeys.context() : null);
        try {
            assertEchoes(URI.create((tls ? "wss" : "ws") + "://localhost:" + UndertowEcho.port(server) + "/"));
        } finally {
            server.stop();
        }
    }

    @Test
    void messagesMustPassToAndFromJetty() throws IOException {
        ProcessBuilder builder = new ProcessBuilder(TestProcess.java(List.of(), JettyEcho.class))
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        try (TestProcess server = TestProcess.start(builder, LIMIT);
                BufferedReader lines = server.process().inputReader()) {
            assertEchoes(URI.create(lines.readLine()));
        }
    }

    private static void assertEchoes(URI uri) throws IOException {
        try (WebSocketClient deflating = WebSocketClient.builder().tls(TestKeys.context()).build();
                WebSocketClient plain = WebSocketClient.builder().tls(TestKeys.context()).noDeflate().build()) {
            Echoes.assertEchoes(deflating.open(uri));
            Echoes.assertEchoes(plain.open(uri));
        }
    }
}
