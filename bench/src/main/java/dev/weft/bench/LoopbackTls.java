package dev.weft.bench;

import dev.weft.bench.process.ShortProcess;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/** TLS between two processes on this machine: a key made by keytool, and a client that accepts any certificate. */
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

    /** For a server with a new key that is not stored in a file. */
    public static SSLContext server() throws IOException, GeneralSecurityException, InterruptedException {
        Path keyStore = newKeyStore();
        try {
            return server(keyStore);
        } finally {
            Files.delete(keyStore);
            Files.delete(keyStore.getParent());
        }
    }

    /** For a server with the key in this file. */
    public static SSLContext server(Path keyStore) throws IOException, GeneralSecurityException {
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(keyStore)) {
            keys.load(in, PASSWORD.toCharArray());
        }
        KeyManagerFactory managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        return context;
    }

    /** For a client that accepts any certificate. */
    public static SSLContext client() throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[]{new TrustAll()}, null);
        return context;
    }

    /**
     * The certificate is not part of the measurement. An {@code X509ExtendedTrustManager}, because for a plain one the JDK
     * would check the host's name.
     */
    private static final class TrustAll extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
