package dev.weft.bench.soak;

import dev.weft.bench.process.ShortProcess;
import dev.weft.server.TransportKind;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** A server process whose handler is a {@link SoakHandler}: says where it listens, and serves until it is ended. */
final class SoakServer {
    private static final String PASSWORD = "for-soaking-only";
    private static final Duration KEYTOOL_LIMIT = Duration.ofSeconds(60);

    private SoakServer() {}

    /** Starts it with these options: {@code --transport=KIND} and {@code --tls}. */
    public static void main(String[] options) throws Exception {
        WebSocketServerBuilder builder = WebSocketServer.builder().handler(new SoakHandler());
        String scheme = "ws";
        for (String option : options) {
            if (option.equals("--tls")) {
                builder.tls(withNewKey());
                scheme = "wss";
            } else if (option.startsWith("--transport=")) {
                String kind = option.substring("--transport=".length()).toUpperCase(Locale.ROOT).replace('-', '_');
                builder.transport(TransportKind.valueOf(kind));
            } else {
                throw new IllegalArgumentException("no option of the soak server: " + option);
            }
        }
        try (WebSocketServer server = builder.start()) {
            System.out.println(scheme + "://127.0.0.1:" + server.port() + "/");
            server.awaitTermination();
        }
    }

    /** A key that keytool makes, for this process alone. */
    private static SSLContext withNewKey() throws IOException, GeneralSecurityException, InterruptedException {
        Path folder = Files.createTempDirectory("weft-soak");
        Path file = folder.resolve("keys.p12");
        try {
            ShortProcess.run(new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                    "-genkeypair", "-keystore", file.toString(), "-storepass", PASSWORD, "-alias", "soak", "-keyalg",
                    "EC", "-groupname", "secp256r1", "-dname", "CN=localhost", "-validity", "30")
                    .redirectErrorStream(true), KEYTOOL_LIMIT);
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(KeyStore.getInstance(file.toFile(), PASSWORD.toCharArray()), PASSWORD.toCharArray());
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), null, null);
            return context;
        } finally {
            Files.deleteIfExists(file);
            Files.delete(folder);
        }
    }

    /** For a client that trusts every server: what the soak sends is no secret. */
    static SSLContext trustingAnybody() throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[]{new X509TrustManager() {
            @Override
            public void checkClientTrusted(X509Certificate[] chain, String type) {}

            @Override
            public void checkServerTrusted(X509Certificate[] chain, String type) {}

            @Override
            public X509Certificate[] getAcceptedIssuers() {
                return new X509Certificate[0];
            }
        }}, new SecureRandom());
        return context;
    }
}
