package dev.weft.server;

import dev.weft.internal.Bounds;
import dev.weft.internal.tls.TlsIdentity;
import dev.weft.internal.tls.TlsKeyManager;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.X509ExtendedKeyManager;

/**
 * A server's certificates and private keys, read from files, and read again while the server runs.
 * {@snippet class = "dev.weft.docs.Guides" region = "tls"}
 * With several certificates, each client gets the one for the name that it asks for (SNI, RFC 6066 §3). May be used by
 * several servers, and by any thread.
 */
public final class TlsCertificates {
    private static final Logger LOGGER = System.getLogger("dev.weft.server");

    private final List<Source> sources;
    private final Optional<Duration> reloadInterval;
    private final TlsKeyManager keyManager;

    /** Covers the fields below, and the replacing of the keys. */
    private final ReentrantLock lock = new ReentrantLock();
    private List<Object> state;
    /** Has the sessions that clients can resume; another one replaces it when a certificate has changed. */
    private volatile SSLContext context;

    private TlsCertificates(Builder builder) throws IOException {
        this.sources = List.copyOf(builder.sources);
        this.reloadInterval = builder.reloadInterval;
        this.state = state();
        this.keyManager = new TlsKeyManager(read(), builder.rejectUnknownNames);
        this.context = newContext();
    }

    /** Where identities come from. */
    private interface Source {
        List<TlsIdentity> read() throws IOException;

        Set<Path> files();
    }

    private record Pem(Path chain, Path key, Optional<char[]> password) implements Source {
        @Override
        public List<TlsIdentity> read() throws IOException {
            return List.of(TlsIdentity.fromPem(chain, key, password));
        }

        @Override
        public Set<Path> files() {
            return new LinkedHashSet<>(List.of(chain, key));
        }
    }

    private record Store(Path file, char[] password) implements Source {
        @Override
        public List<TlsIdentity> read() throws IOException {
            return TlsIdentity.fromKeyStore(file, password);
        }

        @Override
        public Set<Path> files() {
            return Set.of(file);
        }
    }

    /**
     * Reads one certificate and its key, as {@link Builder#pem(Path, Path)} and {@link Builder#build()}.
     *
     * @throws IOException as {@link Builder#build()}
     */
    public static TlsCertificates fromPem(Path chain, Path key) throws IOException {
        return builder().pem(chain, key).build();
    }

    /** Returns a builder without certificates. */
    public static Builder builder() {
        return new Builder();
    }

    /** Collects where certificates come from. Not thread-safe. */
    public static final class Builder {
        private final List<Source> sources = new ArrayList<>();
        private boolean rejectUnknownNames;
        private Optional<Duration> reloadInterval = Optional.empty();

        private Builder() {}

        /**
         * Adds a certificate from PEM files. The first certificate that is added is the default.
         *
         * @param chain has the certificate, then that of its issuer, and so on; the root may be left out
         * @param key   has the private key, RSA, EC, Ed25519 or Ed448, as PKCS #8, PKCS #1 or SEC 1; may be the same file
         */
        public Builder pem(Path chain, Path key) {
            return add(new Pem(Objects.requireNonNull(chain, "chain"), Objects.requireNonNull(key, "key"),
                    Optional.empty()));
        }

        /**
         * Adds a certificate whose key is encrypted PKCS #8, otherwise as {@link #pem(Path, Path)}.
         *
         * @param password copied, and kept for reloading
         */
        public Builder pem(Path chain, Path key, char[] password) {
            return add(new Pem(Objects.requireNonNull(chain, "chain"), Objects.requireNonNull(key, "key"),
                    Optional.of(password.clone())));
        }

        /**
         * Adds all certificates of a key store that have a private key, in the order of its entries.
         *
         * @param file     PKCS #12 or JKS
         * @param password that of the key store and of the keys; copied, and kept for reloading
         */
        public Builder keyStore(Path file, char[] password) {
            return add(new Store(Objects.requireNonNull(file, "file"), password.clone()));
        }

        private Builder add(Source source) {
            sources.add(source);
            return this;
        }

        /**
         * Sets whether to refuse a client that asks for a name that no certificate has, with the TLS alert
         * {@code unrecognized_name}. Default false: such a client gets the default certificate. A client that asks for
         * no name, such as one that connects to an address, always gets the default certificate.
         */
        public Builder rejectUnknownNames(boolean rejectUnknownNames) {
            this.rejectUnknownNames = rejectUnknownNames;
            return this;
        }

        /**
         * Sets how often a server checks whether the files have changed, and reads them again if so: 1 ms to 20 days,
         * rounded up to the next periodic check of the server, about a second. Default: it does not check. If the new
         * files are not valid, the server keeps the certificates that it has, and logs a warning; it tries again when
         * the files have changed again.
         */
        public Builder reloadInterval(Duration reloadInterval) {
            Bounds.check("reloadInterval", reloadInterval, Duration.ofMillis(1), Duration.ofDays(20));
            this.reloadInterval = Optional.of(reloadInterval);
            return this;
        }

        /**
         * Reads the files. Waits for the disk.
         *
         * @throws IOException           if a file cannot be read or is malformed, a chain is not in order, or a key does
         *                               not belong to its certificate; the message names the file and the fault
         * @throws IllegalStateException if no certificate was added
         */
        public TlsCertificates build() throws IOException {
            if (sources.isEmpty()) {
                throw new IllegalStateException("no certificate: pem(…) or keyStore(…)");
            }
            return new TlsCertificates(this);
        }
    }

    /**
     * Reads all files again. TLS handshakes from now on use the new certificates and keys; connections that are open
     * continue. Clients can still resume their sessions if no certificate has changed. Waits for the disk.
     *
     * @throws IOException as {@link Builder#build()}; all certificates then stay as they are
     */
    public void reload() throws IOException {
        lock.lock();
        try {
            state = state();
            List<List<X509Certificate>> before = chains();
            keyManager.replace(read());
            if (!chains().equals(before)) {
                // Not every JDK checks whether the certificate of a session is still in use.
                context = newContext();
            }
        } finally {
            lock.unlock();
        }
        LOGGER.log(Level.INFO, "the TLS certificates were read again: {0}", keyManager.identities());
    }

    /** Reads all files again if one of them has changed since they were read. Waits for the disk. Never throws. */
    void reloadIfChanged() {
        lock.lock();
        try {
            if (!state.equals(state())) {
                reload();
            }
        } catch (IOException e) {
            LOGGER.log(Level.WARNING, "the TLS certificates stay as they are: the changed files cannot be used: "
                    + e.getMessage());
        } finally {
            lock.unlock();
        }
    }

    /** How often a server calls {@link #reloadIfChanged}; empty if it does not. */
    Optional<Duration> reloadInterval() {
        return reloadInterval;
    }

    /** The time at which the first of the certificates expires, not counting those of their issuers. Does not wait. */
    public Instant expiresAt() {
        return keyManager.identities().stream().map(identity -> identity.certificate().getNotAfter().toInstant())
                .min(Instant::compareTo).orElseThrow();
    }

    /**
     * Returns a key manager that chooses among the certificates, also after they have been read again. Use it for an
     * {@link javax.net.ssl.SSLContext} of your own, for example one that trusts your clients' certificates;
     * {@link Builder#reloadInterval} then has no effect.
     */
    public X509ExtendedKeyManager keyManager() {
        return keyManager;
    }

    TlsKeyManager selection() {
        return keyManager;
    }

    /** The context for the next handshake. */
    SSLContext context() {
        return context;
    }

    private SSLContext newContext() {
        try {
            SSLContext created = SSLContext.getInstance("TLS");
            created.init(new KeyManager[]{keyManager}, null, null);
            return created;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK's TLS cannot be used", e);
        }
    }

    private List<List<X509Certificate>> chains() {
        return keyManager.identities().stream().map(TlsIdentity::chain).toList();
    }

    private List<TlsIdentity> read() throws IOException {
        List<TlsIdentity> identities = new ArrayList<>();
        for (Source source : sources) {
            identities.addAll(source.read());
        }
        Instant now = Instant.now();
        for (TlsIdentity identity : identities) {
            if (now.isAfter(identity.certificate().getNotAfter().toInstant())
                    || now.isBefore(identity.certificate().getNotBefore().toInstant())) {
                LOGGER.log(Level.WARNING, "the TLS certificate {0} is valid only from {1} to {2}", identity,
                        identity.certificate().getNotBefore(), identity.certificate().getNotAfter());
            }
        }
        return identities;
    }

    /** What changes with the files: symbolic links are followed. */
    private List<Object> state() {
        List<Object> state = new ArrayList<>();
        for (Source source : sources) {
            for (Path file : source.files()) {
                try {
                    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
                    state.add(List.of(attributes.lastModifiedTime(), attributes.size(),
                            Optional.ofNullable(attributes.fileKey())));
                } catch (IOException e) {
                    state.add(e.toString());
                }
            }
        }
        return state;
    }
}
