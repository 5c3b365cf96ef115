package dev.weft.server;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;

/**
 * How a server uses TLS. Renegotiation is always refused.
 *
 * @param context    has the server's key and certificates
 * @param customizer changes the parameters, such as client authentication, protocols or cipher suites. The defaults are TLS
 *                   1.3 and 1.2, as far as the context supports them; the server's order of cipher suites; and {@code
 *                   http/1.1} for clients that offer protocols by ALPN. The customizer is called when the settings are
 *                   created, and again when a server starts
 */
record TlsSettings(SSLContext context, Consumer<SSLParameters> customizer) {
    private static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");
    private static final String ALPN = "http/1.1";

    /**
     * Checks the settings.
     *
     * @throws IllegalArgumentException if the context does not support the parameters
     */
    TlsSettings {
        Objects.requireNonNull(context, "context");
        Objects.requireNonNull(customizer, "customizer");
        engine(context, parameters(context, customizer));
    }

    /** The parameters with which a server starts. */
    SSLParameters parameters() {
        return parameters(context, customizer);
    }

    private static SSLParameters parameters(SSLContext context, Consumer<SSLParameters> customizer) {
        SSLParameters parameters = context.getDefaultSSLParameters();
        List<String> supported = Arrays.asList(context.getSupportedSSLParameters().getProtocols());
        parameters.setProtocols(PROTOCOLS.stream().filter(supported::contains).toArray(String[]::new));
        parameters.setUseCipherSuitesOrder(true);
        parameters.setApplicationProtocols(new String[]{ALPN});
        customizer.accept(parameters);
        return parameters;
    }

    /** Creates an engine for one connection. */
    SSLEngine engine(SSLParameters parameters) {
        return engine(context, parameters);
    }

    private static SSLEngine engine(SSLContext context, SSLParameters parameters) {
        SSLEngine engine = context.createSSLEngine();
        engine.setUseClientMode(false);
        engine.setSSLParameters(parameters);
        return engine;
    }
}
