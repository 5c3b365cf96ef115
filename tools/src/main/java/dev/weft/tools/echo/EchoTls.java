package dev.weft.tools.echo;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Collections;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** The launcher's TLS key, from a key store created for example with {@code keytool} or {@code openssl pkcs12}. */
final class EchoTls {
    private EchoTls() {}

    /**
     * Reads the key.
     *
     * @param keystore PKCS #12 or JKS
     * @param passwordFile its first line is the password of the key store and the key
     * @throws IllegalArgumentException with a message for the user
     */
    static SSLContext load(Path keystore, Path passwordFile) {
        char[] password = passwordIn(passwordFile);
        try {
            KeyStore store = KeyStore.getInstance(readable("--tls-keystore", keystore).toFile(), password);
            if (Collections.list(store.aliases()).stream().noneMatch(alias -> hasKey(store, alias))) {
                throw new IllegalArgumentException("--tls-keystore " + keystore + " has no private key");
            }
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, password);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), null, null);
            return context;
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalArgumentException(
                    "--tls-keystore " + keystore + " cannot be opened with that password: " + e.getMessage(), e);
        }
    }

    private static boolean hasKey(KeyStore store, String alias) {
        try {
            return store.isKeyEntry(alias);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the key store is loaded", e);
        }
    }

    private static char[] passwordIn(Path file) {
        try {
            String text = Files.readString(readable("--tls-password-file", file), StandardCharsets.UTF_8);
            return text.lines().findFirst().orElse("").toCharArray();
        } catch (IOException e) {
            throw new IllegalArgumentException("--tls-password-file " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static Path readable(String option, Path file) {
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException(option + " " + file + " is not a file");
        }
        return file;
    }
}
