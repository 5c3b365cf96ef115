package dev.weft.server;

import dev.weft.internal.tls.TlsKeyManager;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/**
 * How a server uses TLS. Renegotiation is always refused.
 *
 * @param current      returns the context for the next handshake, which has the server's key and certificates
 * @param certificates those of the context, if it was made for them
 * @param customizer   changes the parameters, such as client authentication, protocols or cipher suites. The defaults
 *                     are TLS 1.3 and 1.2, as far as the context supports them; cipher suites with forward secrecy and
 *                     authenticated encryption, in the server's order; key exchange with elliptic curves only; and
 *                     {@code http/1.1} for clients that offer protocols by ALPN. The customizer is called when the settings are created, and again when a
 *                     server starts
 */
record TlsSettings(Supplier<SSLContext> current, Optional<TlsCertificates> certificates,
        Consumer<SSLParameters> customizer) {
    private static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");
    private static final String ALPN = "http/1.1";
    /** A ClientHello that insists on one of these groups makes the server compute for long, and costs its sender nothing. */
    private static final String FINITE_FIELDS = "ffdhe";
    /** Those of TLS 1.3, and what RFC 9325 §4.2 recommends for TLS 1.2. */
    private static final Pattern STRONG = Pattern
            .compile("TLS_(ECDHE_(ECDSA|RSA)_WITH_)?(AES_\\d+_GCM|CHACHA20_POLY1305)_SHA\\d+");

    /**
     * Checks the settings.
     *
     * @throws IllegalArgumentException if the context does not support the parameters
     */
    TlsSettings {
        Objects.requireNonNull(customizer, "customizer");
        SSLContext context = current.get();
        engine(context, parameters(context, certificates, customizer));
    }

    /** The settings for these certificates, which stay their own: they can be reloaded. */
    static TlsSettings of(TlsCertificates certificates, Consumer<SSLParameters> customizer) {
        return new TlsSettings(certificates::context, Optional.of(certificates), customizer);
    }

    /** The settings for this context. */
    static TlsSettings of(SSLContext context, Consumer<SSLParameters> customizer) {
        Objects.requireNonNull(context, "context");
        return new TlsSettings(() -> context, Optional.empty(), customizer);
    }

    /** The context for the next handshake. */
    SSLContext context() {
        return current.get();
    }

    /** The parameters with which a server starts. */
    SSLParameters parameters() {
        return parameters(context(), certificates, customizer);
    }

    private static SSLParameters parameters(SSLContext context, Optional<TlsCertificates> certificates,
            Consumer<SSLParameters> customizer) {
        SSLParameters parameters = context.getDefaultSSLParameters();
        List<String> supported = Arrays.asList(context.getSupportedSSLParameters().getProtocols());
        parameters.setProtocols(PROTOCOLS.stream().filter(supported::contains).toArray(String[]::new));
        String[] strong = Arrays.stream(parameters.getCipherSuites())
                .filter(suite -> STRONG.matcher(suite).matches()).toArray(String[]::new);
        if (strong.length > 0) {
            parameters.setCipherSuites(strong);
        }
        String[] groups = parameters.getNamedGroups();
        if (groups != null) { // a provider may not support the choice
            parameters.setNamedGroups(
                    Arrays.stream(groups).filter(group -> !group.startsWith(FINITE_FIELDS)).toArray(String[]::new));
        }
        parameters.setUseCipherSuitesOrder(true);
        parameters.setApplicationProtocols(new String[]{ALPN});
        certificates.map(TlsCertificates::selection).flatMap(TlsKeyManager::matcher)
                .ifPresent(matcher -> parameters.setSNIMatchers(List.of(matcher)));
        customizer.accept(parameters);
        return parameters;
    }

    /** Creates an engine for one connection. */
    SSLEngine engine(SSLParameters parameters) {
        return engine(context(), parameters);
    }

    private static SSLEngine engine(SSLContext context, SSLParameters parameters) {
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(false);
        engine.setSSLParameters(parameters);
        return engine;
    }
}
