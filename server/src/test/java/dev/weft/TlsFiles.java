package dev.weft;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Certificates and keys of {@code src/test/resources/tls}, which {@code make} there has made. */
public final class TlsFiles {
    public static final Path FOLDER = Path.of("src/test/resources/tls");
    /** Of what is encrypted among them. */
    public static final String PASSWORD = "secret";

    private TlsFiles() {}

    public static Path file(String name) {
        return FOLDER.resolve(name);
    }

    /** A client's, that trusts the root of all these certificates and has no session yet. */
    public static SSLContext trusting() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        try (InputStream in = Files.newInputStream(file("root.pem"))) {
            store.setCertificateEntry("root", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }
}
