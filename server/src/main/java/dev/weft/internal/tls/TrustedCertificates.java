package dev.weft.internal.tls;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** The certificates that an end trusts, instead of those of the JDK. */
public final class TrustedCertificates {
    private TrustedCertificates() {}

    /**
     * A context that trusts the certificates of a PEM file and no others, and has no key. Waits for the disk.
     *
     * @throws IOException if the file cannot be read, is malformed, or has no certificate; the message names the file
     */
    public static SSLContext fromPem(Path file) throws IOException {
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            for (X509Certificate certificate : PemFile.read(file).certificates()) {
                store.setCertificateEntry("trusted-" + store.size(), certificate);
            }
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(store);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IOException(file + ": the certificates cannot be used: " + e.getMessage(), e);
        }
    }
}
