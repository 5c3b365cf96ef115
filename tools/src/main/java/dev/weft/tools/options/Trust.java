package dev.weft.tools.options;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.weft.server.TlsCertificates;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/** The certificates that a run accepts, and those that it shows. */
public final class Trust {
    private static final Pattern CERTIFICATE = Pattern
            .compile("-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", Pattern.DOTALL);

    private Trust() {}

    /** The certificates that this JVM trusts. */
    public static SSLContext ordinary() throws GeneralSecurityException {
        return SSLContext.getDefault();
    }

    /** Accepts all certificates: a server under test rarely has one from a known authority. */
    public static SSLContext any() throws GeneralSecurityException {
        return context(null, new Anybody());
    }

    /**
     * The TLS of one end.
     *
     * @param certificates what it shows to its peer, if asked; {@code null}: nothing
     * @param trust        decides on the certificates of peers; {@code null}: as this JVM does
     */
    static SSLContext context(TlsCertificates certificates, TrustManager trust) throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(certificates == null ? null : new KeyManager[]{certificates.keyManager()},
                trust == null ? null : new TrustManager[]{trust}, null);
        return context;
    }

    /** Accepts all certificates. */
    static TrustManager anybody() {
        return new Anybody();
    }

    /**
     * Accepts certificates of these authorities only.
     *
     * @param authorities a file with their certificates, as PEM; other content is ignored
     */
    static TrustManager only(Path authorities) throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        CertificateFactory certificates = CertificateFactory.getInstance("X.509");
        Matcher section = CERTIFICATE.matcher(Files.readString(authorities, ISO_8859_1));
        while (section.find()) {
            store.setCertificateEntry(Integer.toString(store.size()),
                    certificates.generateCertificate(new ByteArrayInputStream(section.group().getBytes(ISO_8859_1))));
        }
        if (store.size() == 0) {
            throw new CertificateException("it has no certificate");
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory.getTrustManagers()[0];
    }

    /**
     * Shows a certificate, and trusts whom this JVM trusts: for a server.
     *
     * @param chain the certificate, then those of its issuers, as PEM
     * @param key   the private key, as PEM; may be in the same file
     * @throws IOException if a file cannot be read or is malformed; the message names the file
     */
    public static SSLContext withCertificate(Path chain, Path key) throws IOException, GeneralSecurityException {
        return context(TlsCertificates.fromPem(chain, key), null);
    }

    /** Extends {@code X509ExtendedTrustManager}, because with a plain trust manager the JDK would check the host name. */
    private static final class Anybody extends X509ExtendedTrustManager {
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
