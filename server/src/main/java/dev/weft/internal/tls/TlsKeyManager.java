package dev.weft.internal.tls;

import java.net.Socket;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.WeakHashMap;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIMatcher;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.StandardConstants;
import javax.net.ssl.X509ExtendedKeyManager;

/**
 * Chooses an identity for each handshake, by the name that the client asks for. The identities can be replaced at any time:
 * handshakes from then on use the new ones, while those that have just chosen an old one can still use it. For any thread;
 * does not block.
 * <p>
 * An engine asks first for an alias, then for the key and the chain of that alias. So each alias stands for one identity,
 * for as long as somebody holds it.
 */
public final class TlsKeyManager extends X509ExtendedKeyManager {
    /** Identities with an alias for each. */
    private record Generation(TlsIdentities identities, List<String> aliases) {}

    private final boolean rejectUnknownNames;
    private volatile Generation current;

    /** Covers the fields below. */
    private final ReentrantLock lock = new ReentrantLock();
    /** The keys of its entries are those of a generation: an equal text would not keep the entry. */
    private final Map<String, TlsIdentity> byAlias = new WeakHashMap<>();
    private long lastAlias;

    /**
     * Creates a manager.
     *
     * @param identities         at least one; the first is the default
     * @param rejectUnknownNames whether a client that asks for a name that no certificate has is refused
     */
    public TlsKeyManager(List<TlsIdentity> identities, boolean rejectUnknownNames) {
        this.rejectUnknownNames = rejectUnknownNames;
        replace(identities);
    }

    /** Replaces the identities. */
    public void replace(List<TlsIdentity> identities) {
        lock.lock();
        try {
            List<String> aliases = new ArrayList<>();
            for (TlsIdentity identity : identities) {
                String alias = Long.toString(++lastAlias);
                aliases.add(alias);
                byAlias.put(alias, identity);
            }
            current = new Generation(new TlsIdentities(identities), aliases);
        } finally {
            lock.unlock();
        }
    }

    /** The identities that handshakes use now. Unmodifiable. */
    public List<TlsIdentity> identities() {
        return current.identities().identities();
    }

    /**
     * Refuses handshakes that ask for an unknown name with the alert for it (RFC 6066 §3), for {@link
     * javax.net.ssl.SSLParameters#setSNIMatchers}; empty if they get the default.
     */
    public Optional<SNIMatcher> matcher() {
        return rejectUnknownNames ? Optional.of(new KnownNames()) : Optional.empty();
    }

    private final class KnownNames extends SNIMatcher {
        KnownNames() {
            super(StandardConstants.SNI_HOST_NAME);
        }

        @Override
        public boolean matches(SNIServerName name) {
            return hostName(List.of(name)).filter(current.identities()::cover).isPresent();
        }
    }

    private static Optional<String> hostName(List<SNIServerName> names) {
        for (SNIServerName name : names) {
            if (name.getType() == StandardConstants.SNI_HOST_NAME) {
                try {
                    return Optional.of(new SNIHostName(name.getEncoded()).getAsciiName());
                } catch (IllegalArgumentException e) {
                    return Optional.empty();
                }
            }
        }
        return Optional.empty();
    }

    private String choose(String keyType, SSLSession handshake) {
        Generation generation = current;
        Optional<String> name = handshake instanceof ExtendedSSLSession session
                ? hostName(session.getRequestedServerNames())
                : Optional.empty();
        if (rejectUnknownNames && name.isPresent() && !generation.identities().cover(name.get())) {
            return null;
        }
        int index = generation.identities().choose(name, keyType);
        return index < 0 ? null : generation.aliases().get(index);
    }

    private TlsIdentity identity(String alias) {
        lock.lock();
        try {
            return byAlias.get(alias);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String chooseEngineServerAlias(String keyType, Principal[] issuers, SSLEngine engine) {
        return choose(keyType, engine == null ? null : engine.getHandshakeSession());
    }

    @Override
    public String chooseServerAlias(String keyType, Principal[] issuers, Socket socket) {
        return choose(keyType, socket instanceof SSLSocket secured ? secured.getHandshakeSession() : null);
    }

    /** As a client, the manager shows the default identity. */
    @Override
    public String chooseEngineClientAlias(String[] keyTypes, Principal[] issuers, SSLEngine engine) {
        return chooseClientAlias(keyTypes, issuers, null);
    }

    @Override
    public String chooseClientAlias(String[] keyTypes, Principal[] issuers, Socket socket) {
        for (String keyType : keyTypes) {
            String alias = choose(keyType, null);
            if (alias != null) {
                return alias;
            }
        }
        return null;
    }

    @Override
    public String[] getServerAliases(String keyType, Principal[] issuers) {
        String[] aliases = current.aliases().stream()
                .filter(alias -> identity(alias).key().getAlgorithm().equals(keyType)).toArray(String[]::new);
        return aliases.length == 0 ? null : aliases;
    }

    @Override
    public String[] getClientAliases(String keyType, Principal[] issuers) {
        return getServerAliases(keyType, issuers);
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
        TlsIdentity identity = identity(alias);
        return identity == null ? null : identity.chain().toArray(X509Certificate[]::new);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
        TlsIdentity identity = identity(alias);
        return identity == null ? null : identity.key();
    }
}
