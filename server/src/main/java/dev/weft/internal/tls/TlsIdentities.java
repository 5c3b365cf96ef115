package dev.weft.internal.tls;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The identities of a server, and the choice among them. Immutable.
 *
 * @param identities in the order of the settings; at least one
 */
record TlsIdentities(List<TlsIdentity> identities) {
    TlsIdentities {
        identities = List.copyOf(identities);
    }

    /** Whether a certificate is for this name. */
    boolean cover(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        return identities.stream().anyMatch(identity -> identity.hasName(lower) || identity.hasWildcardFor(lower));
    }

    /**
     * The identity for a client: the first one with this kind of key among those for its name. These are the ones whose
     * certificate has the name; if there are none, those that have a wildcard for it; if there are none either, the
     * first identity and those with the same names, which differ only in the kind of key.
     *
     * @param name    the name that the client has sent (RFC 6066 §3); empty if it has sent none
     * @param keyType as {@link java.security.Key#getAlgorithm()}
     * @return the index of the identity; -1 if none of these has such a key
     */
    int choose(Optional<String> name, String keyType) {
        String lower = name.orElse("").toLowerCase(Locale.ROOT);
        boolean exact = identities.stream().anyMatch(identity -> identity.hasName(lower));
        boolean wildcard = !exact && identities.stream().anyMatch(identity -> identity.hasWildcardFor(lower));
        for (int i = 0; i < identities.size(); i++) {
            TlsIdentity identity = identities.get(i);
            boolean candidate = exact
                    ? identity.hasName(lower)
                    : wildcard
                            ? identity.hasWildcardFor(lower)
                            : identity.names().equals(identities.getFirst().names());
            if (candidate && identity.key().getAlgorithm().equals(keyType)) {
                return i;
            }
        }
        return -1;
    }
}
