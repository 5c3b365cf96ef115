package dev.weft;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** A key for this test run alone, made by the JDK's keytool, with a certificate for this machine that it signed itself. */
public final class TestKeys {
    public static final String PASSWORD = "for-tests-only";

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final KeyStore STORE = make();

    private TestKeys() {}

    /** Writes a key store there, of the kind that keytool makes. */
    public static void write(Path file) {
        ProcessBuilder builder = new ProcessBuilder(TestProcess.jdkProgram("keytool"), "-genkeypair", "-keystore",
                file.toString(), "-storepass", PASSWORD, "-alias", "test", "-keyalg", "EC", "-groupname", "secp256r1",
                "-dname", "CN=localhost", "-ext", "san=dns:localhost,ip:127.0.0.1,ip:0:0:0:0:0:0:0:1", "-validity",
                "2").redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD);
        try (TestProcess keytool = TestProcess.start(builder, LIMIT)) {
            if (keytool.process().waitFor() != 0) {
                throw new IllegalStateException("keytool failed");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A new key store with another key. */
    public static KeyStore make() {
        try {
            Path folder = Files.createTempDirectory("weft-test-keys");
            Path file = folder.resolve("keys.p12");
            try {
                write(file);
                return KeyStore.getInstance(file.toFile(), PASSWORD.toCharArray());
            } finally {
                Files.deleteIfExists(file);
                Files.delete(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Has the key, and trusts it: of use to either end. */
    public static SSLContext context() {
        return contextOf(STORE);
    }

    /** Has this store's key, and trusts it. */
    public static SSLContext contextOf(KeyStore store) {
        try {
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, PASSWORD.toCharArray());
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), new X509TrustManager[]{trustIn(store)}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The certificate and the key, as PEM. */
    public static String pem() {
        return certificate(STORE) + privateKey(STORE);
    }

    /** This store's certificate, as PEM. */
    public static String certificate(KeyStore store) {
        try {
            return pem("CERTIFICATE", store.getCertificate("test").getEncoded());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** This store's key, as PEM. */
    public static String privateKey(KeyStore store) {
        try {
            return pem("PRIVATE KEY", store.getKey("test", PASSWORD.toCharArray()).getEncoded());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String pem(String what, byte[] bytes) {
        return "-----BEGIN " + what + "-----\n"
                + Base64.getMimeEncoder(64, "\n".getBytes(US_ASCII)).encodeToString(bytes)
                + "\n-----END " + what + "-----\n";
    }

    /** Trusts the key, and nothing else. */
    public static X509TrustManager trust() {
        return trustIn(STORE);
    }

    private static X509TrustManager trustIn(KeyStore store) {
        try {
            KeyStore certificates = KeyStore.getInstance(KeyStore.getDefaultType());
            certificates.load(null, null);
            certificates.setCertificateEntry("test", store.getCertificate("test"));
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(certificates);
            return (X509TrustManager) trust.getTrustManagers()[0];
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
