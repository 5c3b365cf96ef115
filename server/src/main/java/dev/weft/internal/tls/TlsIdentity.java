package dev.weft.internal.tls;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * A private key and the chain of its certificate. Immutable.
 *
 * @param chain the certificate, then that of its issuer, and so on
 * @param names the DNS names of the certificate (subjectAltName), in lower case; some may begin with {@code *.}
 */
public record TlsIdentity(List<X509Certificate> chain, PrivateKey key, Set<String> names) {
    /** RFC 5280 §4.2.1.6: the type of a DNS name among the subject's alternative names. */
    private static final int DNS_NAME = 2;
    private static final byte[] PROBE = {1, 2, 3};

    /**
     * Reads a chain and its key from PEM files, which may be the same file. Waits for the disk.
     *
     * @param password of the key, if it is encrypted
     * @throws IOException if a file cannot be read, is malformed, or does not fit the other one; the message names the
     *                     file
     */
    public static TlsIdentity fromPem(Path chainFile, Path keyFile, Optional<char[]> password) throws IOException {
        List<X509Certificate> chain = PemFile.read(chainFile).certificates();
        PublicKey publicKey = chain.getFirst().getPublicKey();
        PrivateKey key = PemKey.read(keyFile, password, publicKey);
        return checked(chain, key, chainFile.toString(), keyFile.toString());
    }

    /**
     * Reads all private keys of a key store, with their chains. Waits for the disk.
     *
     * @throws IOException if the file cannot be read, has no private key, or a key with another password; the message
     *                     names the file
     */
    public static List<TlsIdentity> fromKeyStore(Path file, char[] password) throws IOException {
        List<TlsIdentity> identities = new ArrayList<>();
        for (KeyStore.PrivateKeyEntry entry : entries(file, password)) {
            List<X509Certificate> chain = Arrays.stream(entry.getCertificateChain()).map(X509Certificate.class::cast)
                    .toList();
            identities.add(checked(chain, entry.getPrivateKey(), file.toString(), file.toString()));
        }
        if (identities.isEmpty()) {
            throw new IOException(file + ": it has no private key");
        }
        return identities;
    }

    private static List<KeyStore.PrivateKeyEntry> entries(Path file, char[] password) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            in.read();
        } catch (IOException e) {
            throw PemFile.unreadable(file, e);
        }
        try {
            KeyStore store = KeyStore.getInstance(file.toFile(), password);
            List<KeyStore.PrivateKeyEntry> entries = new ArrayList<>();
            for (String alias : Collections.list(store.aliases())) {
                if (store.entryInstanceOf(alias, KeyStore.PrivateKeyEntry.class)) {
                    entries.add((KeyStore.PrivateKeyEntry) store.getEntry(alias,
                            new KeyStore.PasswordProtection(password)));
                }
            }
            return entries;
        } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
            throw new IOException(file + ": it cannot be opened with this password: " + e.getMessage(), e);
        }
    }

    private static TlsIdentity checked(List<X509Certificate> chain, PrivateKey key, String chainName, String keyName)
            throws IOException {
        for (int i = 1; i < chain.size(); i++) {
            try {
                chain.get(i - 1).verify(chain.get(i).getPublicKey());
            } catch (GeneralSecurityException e) {
                throw new IOException(chainName + ": certificate " + (i + 1) + " of the chain ("
                        + chain.get(i).getSubjectX500Principal() + ") has not signed the one before it ("
                        + chain.get(i - 1).getSubjectX500Principal() + ")", e);
            }
        }
        if (!belongTogether(key, chain.getFirst().getPublicKey())) {
            throw new IOException(keyName + ": the key does not belong to the certificate "
                    + chain.getFirst().getSubjectX500Principal() + " of " + chainName);
        }
        try {
            return new TlsIdentity(chain, key, Collections.unmodifiableSet(names(chain.getFirst())));
        } catch (CertificateException e) {
            throw new IOException(chainName + ": the names of the certificate cannot be read: " + e.getMessage(), e);
        }
    }

    private static boolean belongTogether(PrivateKey key, PublicKey publicKey) {
        if (key instanceof RSAKey rsa) {
            return publicKey instanceof RSAKey other && rsa.getModulus().equals(other.getModulus());
        }
        try {
            Signature signature = Signature
                    .getInstance(key.getAlgorithm().equals("EC") ? "SHA256withECDSA" : key.getAlgorithm());
            signature.initSign(key);
            signature.update(PROBE);
            byte[] signed = signature.sign();
            signature.initVerify(publicKey);
            signature.update(PROBE);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    private static Set<String> names(X509Certificate certificate) throws CertificateException {
        Set<String> names = new LinkedHashSet<>();
        Collection<List<?>> all = certificate.getSubjectAlternativeNames();
        for (List<?> name : all == null ? List.<List<?>>of() : all) {
            if (name.get(0).equals(DNS_NAME)) {
                names.add(((String) name.get(1)).toLowerCase(Locale.ROOT));
            }
        }
        return names;
    }

    /** The certificate of the key. */
    public X509Certificate certificate() {
        return chain.getFirst();
    }

    /** Whether the certificate has this name, given in lower case. */
    boolean hasName(String name) {
        return names.contains(name);
    }

    /** Whether the certificate has a wildcard for this name: one for its whole first label (RFC 9525 §6.3). */
    boolean hasWildcardFor(String name) {
        int dot = name.indexOf('.');
        return dot > 0 && names.contains("*" + name.substring(dot));
    }

    /** Without the key. */
    @Override
    public String toString() {
        return certificate().getSubjectX500Principal() + " " + names;
    }
}
