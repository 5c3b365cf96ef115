package dev.weft.server;

import static dev.weft.TlsFiles.file;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.weft.TestProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * OCSP stapling, which is the JDK's: the guide on TLS says how it is switched on. The responder is openssl, behind an HTTP
 * server of this test. Skipped where openssl is not installed.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OcspStaplingTest {
    @TempDir
    private Path folder;

    @BeforeAll
    static void assumeOpenSsl() {
        OpenSsl.assumePresent();
    }

    /** A server in a JVM of its own, since the JDK reads its settings once. Prints its port. */
    static final class Main {
        private Main() {}

        public static void main(String[] arguments) throws Exception {
            TestProcess.endWithInput();
            WebSocketServer server = Handlers.echoServer()
                    .tls(TlsCertificates.fromPem(file("ec.pem"), file("ec.key"))).start();
            System.out.println(server.port());
            server.awaitTermination();
        }
    }

    @Test
    void answerOfTheResponderMustBeStapled() throws Exception {
        HttpServer responder = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        responder.createContext("/", this::respond);
        responder.start();
        URI uri = URI.create("http://127.0.0.1:" + responder.getAddress().getPort() + "/");
        List<String> options = List.of("-Djdk.tls.server.enableStatusRequestExtension=true",
                "-Djdk.tls.stapling.responseTimeout=20000", "-Djdk.tls.stapling.responderURI=" + uri);
        try (TestProcess server = TestProcess.start(
                new ProcessBuilder(TestProcess.java(options, Main.class))
                        .redirectError(ProcessBuilder.Redirect.INHERIT),
                Duration.ofSeconds(50)); BufferedReader output = server.process().inputReader()) {
            int port = Integer.parseInt(output.readLine());
            for (String version : List.of("-tls1_3", "-tls1_2")) {
                String seen = OpenSsl.connect(port, OpenSsl.REQUEST, version, "-status", "-ign_eof");
                assertTrue(seen.contains("OCSP Response Status: successful") && seen.contains("Cert Status: good"),
                        seen);
                assertTrue(seen.contains("HTTP/1.1 426 "), seen);
            }
            String unasked = OpenSsl.connect(port, OpenSsl.REQUEST, "-ign_eof");
            assertTrue(!unasked.contains("OCSP Response Status") && unasked.contains("HTTP/1.1 426 "), unasked);
        } finally {
            responder.stop(0);
        }
    }

    private void respond(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] request = exchange.getRequestMethod().equals("GET")
                    ? Base64.getMimeDecoder().decode(URLDecoder.decode(
                            exchange.getRequestURI().getRawPath().substring(1), StandardCharsets.UTF_8))
                    : exchange.getRequestBody().readAllBytes();
            byte[] answer = answer(request);
            exchange.getResponseHeaders().set("Content-Type", "application/ocsp-response");
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
        } catch (Exception e) {
            throw new IOException(e);
        }
    }

    private byte[] answer(byte[] request) throws Exception {
        Path asked = Files.write(folder.resolve("request"), request);
        Path answer = folder.resolve("answer");
        X509Certificate certificate;
        try (var in = Files.newInputStream(file("ec.pem"))) {
            certificate = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
        String serial = certificate.getSerialNumber().toString(16).toUpperCase();
        Path index = Files.writeString(folder.resolve("index"), "V\t21000101000000Z\t\t"
                + (serial.length() % 2 == 0 ? serial : "0" + serial) + "\tunknown\t/CN=ec\n");
        String issuer = file("issuer.pem").toString();
        String output = OpenSsl.run("", List.of("ocsp", "-index", index.toString(), "-CA", issuer, "-rsigner", issuer,
                "-rkey", file("issuer.key").toString(), "-reqin", asked.toString(), "-respout", answer.toString(),
                "-ndays", "1"));
        if (!Files.exists(answer)) {
            throw new IOException(output);
        }
        return Files.readAllBytes(answer);
    }
}
