package dev.weft.server;

import static dev.weft.TlsFiles.file;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.TlsFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the server offers by TLS, as a client of another implementation sees it. Skipped where openssl is not installed. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TlsOpenSslTest {
    /** Everything that openssl can do, also what it does not do by default. */
    private static final String ALL = "ALL:COMPLEMENTOFALL:@SECLEVEL=0";

    @TempDir
    private Path folder;

    @BeforeAll
    static void assumeOpenSsl() {
        OpenSsl.assumePresent();
    }

    private static WebSocketServer serve() throws IOException {
        return serve(TlsCertificates.builder().pem(file("ec.pem"), file("ec.key")).pem(file("rsa.pem"), file("rsa.key"))
                .build());
    }

    private static WebSocketServer serve(TlsCertificates certificates) throws IOException {
        return Handlers.echoServer().tls(certificates).start();
    }

    @ParameterizedTest
    @CsvSource({"-tls1_3, TLSv1.3", "-tls1_2, TLSv1.2"})
    void currentVersionsMustBeServed(String option, String version) throws Exception {
        try (WebSocketServer server = serve()) {
            String output = OpenSsl.connect(server, OpenSsl.REQUEST, option, "-ign_eof");
            assertTrue(output.contains("New, " + version + ", Cipher is ") && output.contains("HTTP/1.1 426 "), output);
            assertTrue(output.contains("Verify return code: 0 (ok)"), output);
            assertTrue(output.contains("Compression: NONE"), output);
            assertTrue(output.contains(" Temp Key: X25519"), output);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-tls1", "-tls1_1"})
    void oldVersionsMustBeRefused(String option) throws Exception {
        try (WebSocketServer server = serve()) {
            String output = OpenSsl.connect(server, OpenSsl.REQUEST, option, "-cipher", ALL);
            assertTrue(output.contains("alert protocol version"), output);
        }
    }

    @ParameterizedTest
    @CsvSource({"'h2,http/1.1', ALPN protocol: http/1.1", "http/1.1, ALPN protocol: http/1.1",
            "h2, alert no application protocol"})
    void http11MustBeTheOnlyProtocol(String offered, String expected) throws Exception {
        try (WebSocketServer server = serve()) {
            String output = OpenSsl.connect(server, OpenSsl.REQUEST, "-alpn", offered, "-ign_eof");
            assertTrue(output.contains(expected), output);
        }
    }

    @Test
    void tls12MustAcceptOnlyStrongCipherSuites() throws Exception {
        Pattern chosen = Pattern.compile("New, TLSv1.2, Cipher is (\\S+)");
        Set<String> accepted = new TreeSet<>();
        try (WebSocketServer server = serve()) {
            // Each that it chooses is not offered again, until it accepts none.
            StringBuilder offered = new StringBuilder(ALL);
            String output = OpenSsl.connect(server, OpenSsl.REQUEST, "-tls1_2", "-cipher", ALL, "-ign_eof");
            for (Matcher suite = chosen.matcher(output); suite.find(); suite = chosen.matcher(output)) {
                assertTrue(accepted.add(suite.group(1)), output);
                offered.append(":!").append(suite.group(1));
                output = OpenSsl.connect(server, OpenSsl.REQUEST, "-tls1_2", "-cipher", offered.toString(), "-ign_eof");
            }
            assertTrue(output.contains("alert handshake failure"), output);
        }
        assertEquals(Set.of("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256",
                "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-GCM-SHA256",
                "ECDHE-RSA-CHACHA20-POLY1305"), accepted);
    }

    @Test
    void tls13MustAcceptOnlyStrongCipherSuites() throws Exception {
        try (WebSocketServer server = serve()) {
            for (String suite : List.of("TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256",
                    "TLS_AES_128_GCM_SHA256")) {
                String output = OpenSsl.connect(server, OpenSsl.REQUEST, "-tls1_3", "-ciphersuites", suite, "-ign_eof");
                assertTrue(output.contains("New, TLSv1.3, Cipher is " + suite), output);
            }
            String output = OpenSsl.connect(server, OpenSsl.REQUEST, "-tls1_3", "-ciphersuites",
                    "TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256", "-ign_eof");
            assertTrue(output.contains("alert handshake failure"), output);
        }
    }

    /** The server would compute for long, and the client need not compute at all. */
    @ParameterizedTest
    @ValueSource(strings = {"ffdhe2048", "ffdhe8192"})
    void keyExchangeInFiniteFieldsMustBeRefused(String group) throws Exception {
        try (WebSocketServer server = serve()) {
            String output = OpenSsl.connect(server, OpenSsl.REQUEST, "-tls1_3", "-groups", group);
            assertTrue(output.contains("SSL alert number") && output.contains("no peer certificate"), output);
            output = OpenSsl.connect(server, OpenSsl.REQUEST, "-tls1_3", "-groups", group + ":P-256", "-ign_eof");
            assertTrue(output.contains("ECDH, prime256v1"), output);
        }
    }

    @Test
    void renegotiationMustBeRefused() throws Exception {
        try (WebSocketServer server = serve()) {
            String output = OpenSsl.connect(server, "R\n", "-tls1_2");
            assertTrue(output.contains("Secure Renegotiation IS supported"), "RFC 5746 protects: " + output);
            assertEquals("closed",
                    output.substring(output.indexOf("RENEGOTIATING") + "RENEGOTIATING".length()).strip());
        }
    }

    /** Also after a reload that has not changed the certificate, but not with another server's ticket. */
    @ParameterizedTest
    @ValueSource(strings = {"-tls1_3", "-tls1_2"})
    void sessionsMustBeResumedWhileTheirCertificateIsInUse(String version) throws Exception {
        Path chain = Files.copy(file("ec.pem"), folder.resolve("chain"));
        Path key = Files.copy(file("ec.key"), folder.resolve("key"));
        String session = folder.resolve("session").toString();
        TlsCertificates certificates = TlsCertificates.fromPem(chain, key);
        try (WebSocketServer server = serve(certificates)) {
            assertMeets("New", "ec",
                    OpenSsl.connect(server, OpenSsl.REQUEST, version, "-ign_eof", "-sess_out", session));
            assertMeets("Reused", "ec",
                    OpenSsl.connect(server, OpenSsl.REQUEST, version, "-ign_eof", "-sess_in", session));
            certificates.reload();
            assertMeets("Reused", "ec",
                    OpenSsl.connect(server, OpenSsl.REQUEST, version, "-ign_eof", "-sess_in", session));
            Files.copy(file("renewed.pem"), chain, StandardCopyOption.REPLACE_EXISTING);
            Files.copy(file("renewed.key"), key, StandardCopyOption.REPLACE_EXISTING);
            certificates.reload();
            assertMeets("New", "renewed",
                    OpenSsl.connect(server, OpenSsl.REQUEST, version, "-ign_eof", "-sess_in", session));
        }
        try (WebSocketServer other = serve(TlsCertificates.fromPem(file("ec.pem"), file("ec.key")))) {
            assertMeets("New", "ec",
                    OpenSsl.connect(other, OpenSsl.REQUEST, version, "-ign_eof", "-sess_in", session));
        }
    }

    private static void assertMeets(String handshake, String subject, String output) {
        assertTrue(output.contains(handshake + ", TLSv"), output);
        assertTrue(output.replace(" = ", "=").contains("subject=CN=" + subject), output);
        assertTrue(output.contains("HTTP/1.1 426 "), output);
    }

    @Test
    void unknownNamesMustGetTheirAlert() throws Exception {
        TlsCertificates certificates = TlsCertificates.builder().pem(file("ec.pem"), file("ec.key"))
                .rejectUnknownNames(true).build();
        try (WebSocketServer server = serve(certificates)) {
            for (String version : Set.of("-tls1_3", "-tls1_2")) {
                String output = OpenSsl.connect(server, OpenSsl.REQUEST, version, "-servername", "unknown.example.org");
                assertTrue(output.contains("unrecognized name"), output);
            }
        }
    }

    @Test
    void keysThatOpenSslMakesMustBeRead() throws Exception {
        Path key = folder.resolve("key");
        for (String options : new String[]{"pkcs8 -topk8 -nocrypt", "pkcs8 -topk8 -v2 aes-128-cbc -passout pass:secret",
                "pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA512 -iter 10000 -passout pass:secret",
                "pkcs8 -topk8 -scrypt -passout pass:secret", "ec", "ec -param_enc named_curve -conv_form compressed"}) {
            List<String> command = new ArrayList<>(List.of(options.split(" ")));
            command.addAll(List.of("-in", file("ec.key").toString(), "-out", key.toString()));
            OpenSsl.run("", command);
            try {
                TlsCertificates.builder().pem(file("ec.pem"), key, TlsFiles.PASSWORD.toCharArray()).build();
                assertFalse(options.contains("scrypt"), "the JDK has no scrypt");
            } catch (IOException e) {
                assertTrue(options.contains("scrypt") && e.getMessage().contains("cannot be decrypted"), e.toString());
            }
        }
    }
}
