package dev.weft.tools.echo;

import dev.weft.server.TlsCertificates;
import dev.weft.server.WebSocketServerBuilder;
import dev.weft.tools.options.FileFault;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The launcher's TLS options: keys from PEM files, or from a key store made for example with {@code keytool}. */
final class EchoTls {
    private static final Duration RELOAD_INTERVAL = Duration.ofSeconds(60);

    private List<Path> certificateFiles = List.of();
    private List<Path> keyFiles = List.of();
    private Path keystore;
    private Path passwordFile;
    private Optional<TlsCertificates> loaded = Optional.empty();

    void certificates(List<String> files) {
        certificateFiles = files.stream().map(Path::of).toList();
    }

    void keys(List<String> files) {
        keyFiles = files.stream().map(Path::of).toList();
    }

    void keystore(Path file) {
        keystore = file;
    }

    void passwordFile(Path file) {
        passwordFile = file;
    }

    /**
     * Reads the keys, if there are any, and sets them.
     *
     * @throws IllegalArgumentException with a message for the user
     */
    void apply(WebSocketServerBuilder builder) {
        checkCombination();
        if (certificateFiles.isEmpty() && keystore == null) {
            return;
        }
        TlsCertificates.Builder certificates = TlsCertificates.builder().reloadInterval(RELOAD_INTERVAL);
        String option = "--tls-cert";
        if (keystore != null) {
            option = "--tls-keystore";
            certificates.keyStore(readable(option, keystore), password());
        }
        for (int i = 0; i < certificateFiles.size(); i++) {
            Path chain = readable("--tls-cert", certificateFiles.get(i));
            Path key = keyFiles.isEmpty() ? chain : readable("--tls-key", keyFiles.get(i));
            if (passwordFile == null) {
                certificates.pem(chain, key);
            } else {
                certificates.pem(chain, key, password());
            }
        }
        try {
            loaded = Optional.of(certificates.build());
            builder.tls(loaded.get());
        } catch (IOException e) {
            throw new IllegalArgumentException(option + " " + e.getMessage(), e);
        }
    }

    /** What {@link #apply} has read. */
    Optional<TlsCertificates> loaded() {
        return loaded;
    }

    private void checkCombination() {
        if (keystore != null && passwordFile == null) {
            throw new IllegalArgumentException("--tls-keystore needs --tls-password-file");
        } else if (keystore != null && !certificateFiles.isEmpty()) {
            throw new IllegalArgumentException("--tls-keystore and --tls-cert exclude each other");
        } else if (keystore == null && certificateFiles.isEmpty() && passwordFile != null) {
            throw new IllegalArgumentException("--tls-password-file needs --tls-keystore or --tls-cert");
        } else if (!keyFiles.isEmpty() && keyFiles.size() != certificateFiles.size()) {
            throw new IllegalArgumentException("--tls-key must be given once for each --tls-cert, or not at all");
        }
    }

    private char[] password() {
        try {
            String text = Files.readString(readable("--tls-password-file", passwordFile), StandardCharsets.UTF_8);
            return text.lines().findFirst().orElse("").toCharArray();
        } catch (IOException e) {
            throw new IllegalArgumentException("--tls-password-file " + passwordFile + " cannot be read: "
                    + FileFault.of(e), e);
        }
    }

    private static Path readable(String option, Path file) {
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException(option + " " + file + " is not a file");
        }
        return file;
    }
}
