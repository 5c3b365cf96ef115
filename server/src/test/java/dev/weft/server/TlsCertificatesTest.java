package dev.weft.server;

import static dev.weft.TlsFiles.file;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.TlsFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import java.util.stream.Stream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Certificates from files: what is read, what is refused, which one a client gets, and reloading them. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TlsCertificatesTest {
    private static final char[] PASSWORD = TlsFiles.PASSWORD.toCharArray();

    @RegisterExtension
    final LogCapture log = new LogCapture();
    @TempDir
    private Path folder;

    private static WebSocketServer serve(TlsCertificates.Builder certificates) throws IOException {
        return serve(certificates.build());
    }

    private static WebSocketServer serve(TlsCertificates certificates) throws IOException {
        return Handlers.echoServer().tls(certificates).start();
    }

    /** Connects, and has read a byte of the server's answer, and with it what TLS sends before that. */
    private static SSLSocket connect(WebSocketServer server, SSLContext context, String name, SSLParameters parameters)
            throws IOException {
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", server.port());
        try {
            if (!name.isEmpty()) {
                parameters.setServerNames(List.of(new SNIHostName(name)));
            }
            socket.setSSLParameters(parameters);
            socket.setSoTimeout(10_000);
            socket.startHandshake();
            socket.getOutputStream().write(RawPeer.request().getBytes(StandardCharsets.ISO_8859_1));
            assertEquals('H', socket.getInputStream().read());
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** The subject of the certificate that a new client gets. */
    private static String certificateFor(WebSocketServer server, String name, String protocol, String... suites)
            throws Exception {
        SSLParameters parameters = new SSLParameters(suites.length == 0 ? null : suites, new String[]{protocol});
        try (SSLSocket socket = connect(server, TlsFiles.trusting(), name, parameters)) {
            return socket.getSession().getPeerPrincipal().getName();
        }
    }

    private static String certificateFor(WebSocketServer server, String name) throws Exception {
        return certificateFor(server, name, "TLSv1.3");
    }

    @ParameterizedTest
    @CsvSource({"ec.pem, ec.key, CN=ec", "ec.pem, ec-sec1.key, CN=ec", "ec.pem, ec-encrypted.key, CN=ec",
            "rsa.pem, rsa.key, CN=rsa", "rsa.pem, rsa-pkcs1.key, CN=rsa", "ed25519.pem, ed25519.key, CN=ed25519"})
    void everyKindOfKeyMustServeBothVersions(String chain, String key, String subject) throws Exception {
        TlsCertificates.Builder certificates = key.contains("encrypted")
                ? TlsCertificates.builder().pem(file(chain), file(key), PASSWORD)
                : TlsCertificates.builder().pem(file(chain), file(key));
        try (WebSocketServer server = serve(certificates)) {
            for (String protocol : List.of("TLSv1.3", "TLSv1.2")) {
                assertEquals(subject, certificateFor(server, "", protocol));
            }
        }
    }

    @Test
    void oneFileMayHoldChainAndKey() throws Exception {
        Path both = Files.writeString(folder.resolve("both.pem"), "A comment: with a colon\r\n"
                + Files.readString(file("ec-sec1.key")).replace("\n", "\r\n") + Files.readString(file("ec.pem")));
        try (WebSocketServer server = serve(TlsCertificates.fromPem(both, both))) {
            assertEquals("CN=ec", certificateFor(server, ""));
        }
    }

    @Test
    void keyStoreMustServe() throws Exception {
        try (WebSocketServer server = serve(TlsCertificates.builder().keyStore(file("ec.p12"), PASSWORD))) {
            assertEquals("CN=ec", certificateFor(server, ""));
        }
    }

    @Test
    void theFaultOfAFileThatCannotBeReadMustBeNamed() {
        Path missing = folder.resolve("missing");
        assertEquals(missing + ": it cannot be read: the file does not exist", assertThrows(IOException.class,
                () -> TlsCertificates.fromPem(file("ec.pem"), missing)).getMessage());
        assertEquals(folder + ": it cannot be read: Is a directory", assertThrows(IOException.class,
                () -> TlsCertificates.fromPem(file("ec.pem"), folder)).getMessage());
        assertEquals(missing + ": it cannot be read: the file does not exist", assertThrows(IOException.class,
                () -> TlsCertificates.builder().keyStore(missing, PASSWORD).build()).getMessage());
    }

    static Stream<Arguments> invalid() {
        return Stream.of(
                Arguments.of("", "", "no line begins with \"-----BEGIN \": it is no PEM file"),
                Arguments.of("{key}", "{key}", "it has no certificate"),
                Arguments.of("{chain}", "{chain}", "it has no private key"),
                Arguments.of("{chain}", "{key}{key}", "it has 2 private keys; one is needed"),
                Arguments.of("{chain}", "{other.key}",
                        "the key does not belong to the certificate CN=ec of {folder}/chain"),
                Arguments.of("{chain}", "{rsa.key}", "line 1: it is not the EC key that the certificate needs: "),
                Arguments.of("{rsa.pem}", "{rsa-old-encryption.key}", "line 2: the key is encrypted in the old format"
                        + " of OpenSSL; convert it with: openssl pkcs8 -topk8"),
                Arguments.of("{chain}", "{ec-encrypted.key}",
                        "line 1: the key is encrypted, and no password was given"),
                Arguments.of("{issuer.pem}{chain}", "{issuer.key}",
                        "certificate 2 of the chain (CN=ec) has not signed the one before it (CN=issuer)"),
                Arguments.of("-----BEGIN CERTIFICATE-----\nAAAA\n", "{key}",
                        "the section of line 1 has no end: the file is cut off"),
                Arguments.of("-----BEGIN CERTIFICATE-----\nAAAA\n{chain}", "{key}",
                        "line 3: the section of line 1 has no end"),
                Arguments.of("-----BEGIN CERTIFICATE-----\nA*AA\n-----END CERTIFICATE-----\n", "{key}",
                        "the section of line 1 is no base64: "),
                Arguments.of("\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "{key}",
                        "line 2: no certificate: "),
                Arguments.of("{chain}", "-----BEGIN DSA PRIVATE KEY-----\nAAAA\n-----END DSA PRIVATE KEY-----\n",
                        "line 1: a DSA PRIVATE KEY cannot be read; convert it with: openssl pkcs8"));
    }

    @ParameterizedTest
    @MethodSource("invalid")
    void invalidFilesMustBeNamedWithTheirFault(String chain, String key, String fault) throws Exception {
        Path chainFile = Files.writeString(folder.resolve("chain"), filled(chain));
        Path keyFile = Files.writeString(folder.resolve("key"), filled(key));
        String message = assertThrows(IOException.class, () -> TlsCertificates.fromPem(chainFile, keyFile))
                .getMessage();
        String expected = fault.replace("{folder}", folder.toString());
        assertTrue(message.startsWith(chainFile + ": " + expected) || message.startsWith(keyFile + ": " + expected),
                message);
        assertEquals(1, message.lines().count());
    }

    private static String filled(String template) throws IOException {
        String text = template.replace("{chain}", "{ec.pem}").replace("{key}", "{ec.key}");
        for (String name : List.of("ec.pem", "ec.key", "other.key", "rsa.pem", "rsa.key", "rsa-old-encryption.key",
                "ec-encrypted.key", "issuer.pem", "issuer.key")) {
            text = text.replace("{" + name + "}", Files.readString(file(name)));
        }
        return text;
    }

    @Test
    void wrongPasswordsAndMissingFilesMustBeNamed() {
        char[] wrong = "wrong".toCharArray();
        for (TlsCertificates.Builder builder : List.of(
                TlsCertificates.builder().pem(file("ec.pem"), file("ec-encrypted.key"), wrong),
                TlsCertificates.builder().keyStore(file("ec.p12"), wrong))) {
            String message = assertThrows(IOException.class, builder::build).getMessage();
            assertTrue(message.startsWith(TlsFiles.FOLDER.toString()) && message.contains("with this password"),
                    message);
        }
        for (TlsCertificates.Builder builder : List.of(
                TlsCertificates.builder().pem(file("none.pem"), file("ec.key")),
                TlsCertificates.builder().keyStore(file("none.pem"), wrong))) {
            String message = assertThrows(IOException.class, builder::build).getMessage();
            assertTrue(message.startsWith(file("none.pem").toString()), message);
        }
        assertThrows(IllegalStateException.class, () -> TlsCertificates.builder().build());
    }

    private static TlsCertificates.Builder several() {
        return TlsCertificates.builder().pem(file("ec.pem"), file("ec.key"))
                .pem(file("other.pem"), file("other.key"))
                .pem(file("rsa.pem"), file("rsa.key"));
    }

    @ParameterizedTest
    @CsvSource({"example.com, CN=ec", "www.example.com, CN=ec", "WWW.Example.Com, CN=ec",
            "other.example.org, CN=other", "exact.example.com, CN=other", "a.b.example.com, CN=ec",
            "unknown.example.org, CN=ec", "'', CN=ec"})
    void nameMustChooseTheCertificate(String name, String subject) throws Exception {
        try (WebSocketServer server = serve(several())) {
            assertEquals(subject, certificateFor(server, name, "TLSv1.3"));
            assertEquals(subject, certificateFor(server, name, "TLSv1.2"));
        }
    }

    @ParameterizedTest
    @CsvSource({"www.example.com, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, CN=rsa",
            "www.example.com, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, CN=ec",
            "'', TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, CN=rsa"})
    void kindOfKeyMustChooseAmongCertificatesOfOneName(String name, String suite, String subject) throws Exception {
        try (WebSocketServer server = serve(several())) {
            assertEquals(subject, certificateFor(server, name, "TLSv1.2", suite));
        }
    }

    @Test
    void certificateOfAnotherNameMustNotStandInForTheKindOfKey() throws Exception {
        try (WebSocketServer server = serve(several())) {
            assertThrows(SSLException.class, () -> certificateFor(server, "other.example.org", "TLSv1.2",
                    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
        }
    }

    @Test
    void unknownNamesMustBeRejectedOnRequest() throws Exception {
        try (WebSocketServer server = serve(several().rejectUnknownNames(true))) {
            for (String name : List.of("unknown.example.org", "a.b.example.com", "example.com.example.org")) {
                String message = assertThrows(SSLException.class, () -> certificateFor(server, name)).getMessage();
                assertTrue(message.contains("unrecognized_name"), message);
            }
            assertEquals("CN=ec", certificateFor(server, "www.example.com"));
            assertEquals("CN=other", certificateFor(server, "other.example.org"));
            assertEquals("CN=ec", certificateFor(server, ""));
        }
    }

    private Path copied(String from, String to) throws IOException {
        return Files.copy(file(from), folder.resolve(to), StandardCopyOption.REPLACE_EXISTING);
    }

    private TlsCertificates.Builder copies() throws IOException {
        return TlsCertificates.builder().pem(copied("ec.pem", "chain"), copied("ec.key", "key"));
    }

    @Test
    void reloadMustAffectNewConnectionsOnly() throws Exception {
        TlsCertificates certificates = copies().build();
        try (WebSocketServer server = serve(certificates);
                SSLSocket open = connect(server, TlsFiles.trusting(), "", new SSLParameters())) {
            copied("renewed.pem", "chain");
            assertThrows(IOException.class, certificates::reload);
            assertEquals("CN=ec", certificateFor(server, ""), "a chain without its key changes nothing");
            copied("renewed.key", "key");
            certificates.reload();
            assertEquals("CN=renewed", certificateFor(server, ""));
            while (open.getInputStream().read() != '\n' || open.getInputStream().read() != '\r') {}
            open.getOutputStream().write(RawPeer.textFrame("Hello"));
            byte[] echo = open.getInputStream().readNBytes(8);
            assertEquals("Hello", new String(echo, 3, 5, StandardCharsets.US_ASCII));
        }
    }

    /** A resumed session keeps the time of its first handshake. */
    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
    void sessionsMustBeResumedUntilTheirCertificateIsReplaced(String protocol) throws Exception {
        TlsCertificates certificates = copies().build();
        SSLContext client = TlsFiles.trusting();
        try (WebSocketServer server = serve(certificates)) {
            long created = sessionOf(server, client, protocol).getCreationTime();
            for (int i = 0; i < 2; i++) {
                Await.until("a new session would be younger", () -> System.currentTimeMillis() > created);
                assertEquals(created, sessionOf(server, client, protocol).getCreationTime());
                certificates.reload();
            }
            copied("renewed.pem", "chain");
            copied("renewed.key", "key");
            certificates.reload();
            assertEquals("CN=renewed", sessionOf(server, client, protocol).getPeerPrincipal().getName());
        }
    }

    private static SSLSession sessionOf(WebSocketServer server, SSLContext client, String protocol) throws IOException {
        try (SSLSocket socket = connect(server, client, "localhost", new SSLParameters(null, new String[]{protocol}))) {
            return socket.getSession();
        }
    }

    @Test
    void changedFilesMustBeReadAgain() throws Exception {
        try (WebSocketServer server = serve(copies().reloadInterval(Duration.ofMillis(1)))) {
            assertEquals("CN=ec", certificateFor(server, ""));
            Path broken = Files.writeString(folder.resolve("broken"), "nothing");
            Files.move(broken, folder.resolve("chain"), StandardCopyOption.REPLACE_EXISTING);
            Await.until("it is told of", () -> !log.lines(Level.WARNING).isEmpty());
            assertEquals("the TLS certificates stay as they are: the changed files cannot be used: "
                    + folder.resolve("chain") + ": no line begins with \"-----BEGIN \": it is no PEM file",
                    log.lines(Level.WARNING).getFirst());
            assertEquals("CN=ec", certificateFor(server, ""));
            copied("renewed.key", "key");
            copied("renewed.pem", "chain");
            Await.until("it has the new one", () -> log.lines(Level.INFO).stream()
                    .anyMatch(line -> line.startsWith("the TLS certificates were read again: [CN=renewed ")));
            assertEquals("CN=renewed", certificateFor(server, ""));
        }
    }

    @Test
    void filesThatStayInvalidMustBeToldOfOnce() throws Exception {
        TlsCertificates certificates = copies().build();
        Path chain = Files.writeString(folder.resolve("chain"), "nothing");
        certificates.reloadIfChanged();
        certificates.reloadIfChanged();
        assertEquals(1, log.lines(Level.WARNING).size());
        Files.setLastModifiedTime(chain, FileTime.from(Instant.EPOCH));
        certificates.reloadIfChanged();
        assertEquals(2, log.lines(Level.WARNING).size());
        Files.delete(chain);
        certificates.reloadIfChanged();
        assertEquals(3, log.lines(Level.WARNING).size());
        copied("ec.pem", "chain");
        certificates.reloadIfChanged();
        assertEquals(3, log.lines(Level.WARNING).size());
        assertEquals(1, log.lines(Level.INFO).size());
    }

    @Test
    void handshakesMustSucceedWhileCertificatesAreReloaded() throws Exception {
        TlsCertificates certificates = copies().build();
        AtomicInteger reloads = new AtomicInteger();
        try (WebSocketServer server = serve(certificates)) {
            CompletableFuture<Void> clients = CompletableFuture.runAsync(() -> {
                try {
                    for (int i = 0; i < 30; i++) {
                        String subject = certificateFor(server, "");
                        assertTrue(List.of("CN=ec", "CN=renewed").contains(subject), subject);
                    }
                } catch (Exception e) {
                    throw new CompletionException(e);
                }
            });
            while (!clients.isDone()) {
                String next = reloads.getAndIncrement() % 2 == 0 ? "renewed" : "ec";
                copied(next + ".pem", "chain");
                copied(next + ".key", "key");
                certificates.reload();
            }
            clients.join();
        }
        assertTrue(reloads.get() > 1, "there were reloads");
    }

    @Test
    void certificatesMustSayWhenTheyExpire() throws Exception {
        Instant expiry = several().build().expiresAt();
        assertTrue(expiry.isAfter(Instant.parse("2100-01-01T00:00:00Z")), expiry.toString());
    }

    @Test
    void ownContextMayUseTheKeyManager() throws Exception {
        TlsCertificates certificates = several().build();
        SSLContext own = SSLContext.getInstance("TLS");
        own.init(new KeyManager[]{certificates.keyManager()}, null, null);
        try (WebSocketServer server = Handlers.echoServer().tls(own).start()) {
            assertEquals("CN=other", certificateFor(server, "other.example.org"));
        }
    }
}
