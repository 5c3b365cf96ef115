package dev.weft.bench;

import dev.weft.bench.process.ShortProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** TLS between two processes on this machine: a key made by keytool, and a client that trusts this key only. */
public final class LoopbackTls {
    private static final String PASSWORD = "of-no-worth";
    private static final Duration KEYTOOL_LIMIT = Duration.ofSeconds(30);

    private LoopbackTls() {}

    /** Makes a key and a certificate in a new file, which this JVM deletes when it exits. */
    public static Path newKeyStore() throws IOException, InterruptedException {
        Path folder = Files.createTempDirectory("weft-bench");
        Path file = folder.resolve("key.p12");
        // Registered in the reverse order: the last one registered is deleted first.
        folder.toFile().deleteOnExit();
        file.toFile().deleteOnExit();
        ShortProcess.run(new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair", "-alias", "weft", "-keyalg", "EC", "-dname", "CN=localhost", "-validity", "30",
                "-storetype", "PKCS12", "-storepass", PASSWORD, "-keystore", file.toString())
                .redirectErrorStream(true), KEYTOOL_LIMIT);
        return file;
    }

    /** For a server with the key in this file. */
    public static SSLContext server(Path keyStore) throws IOException, GeneralSecurityException {
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(load(keyStore), PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return context;
    }

    /** For a client of a server with the key in this file. */
    public static SSLContext client(Path keyStore) throws IOException, GeneralSecurityException {
        TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(load(keyStore));
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    private static KeyStore load(Path keyStore) throws IOException, GeneralSecurityException {
        return KeyStore.getInstance(keyStore.toFile(), PASSWORD.toCharArray());
    }
}
