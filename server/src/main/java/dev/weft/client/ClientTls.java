package dev.weft.client;

import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.transport.TlsBuffers;
import dev.weft.internal.transport.TlsTransport;
import dev.weft.internal.transport.Transport;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;

/** A client's use of TLS. The JDK's default context is slow to create, so it is created for the first TLS connection. */
final class ClientTls {
    private static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");
    private static final String ALPN = "http/1.1";

    private final Optional<SSLContext> context;
    private final Consumer<SSLParameters> customizer;
    private final BufferBudget budget;
    private final ReentrantLock lock = new ReentrantLock();
    private TlsBuffers buffers;

    /**
     * One for all connections of a client.
     *
     * @param context empty for the JDK's default context
     */
    ClientTls(Optional<SSLContext> context, Consumer<SSLParameters> customizer, BufferBudget budget) {
        this.context = context;
        this.customizer = customizer;
        this.budget = budget;
    }

    /** A TLS transport on top of this one. Its handshake has not started. */
    Transport over(Transport below, Destination destination) throws SSLException {
        SSLEngine engine = engine(destination);
        return new TlsTransport(below, engine, buffers(engine));
    }

    private SSLEngine engine(Destination destination) throws SSLException {
        SSLContext used = context.isPresent() ? context.get() : defaultContext();
        SSLEngine engine = used.createSSLEngine(destination.hostWithoutZone(), destination.port());
        engine.setUseClientMode(true);
        SSLParameters parameters = engine.getSSLParameters();
        List<String> supported = Arrays.asList(engine.getSupportedProtocols());
        parameters.setProtocols(PROTOCOLS.stream().filter(supported::contains).toArray(String[]::new));
        parameters.setApplicationProtocols(new String[]{ALPN});
        // RFC 9110 §4.3.4: the certificate must be for the host of the URI.
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        if (!destination.isAddress()) {
            parameters.setServerNames(List.of(new SNIHostName(withoutDot(destination.host()))));
        }
        customizer.accept(parameters);
        engine.setSSLParameters(parameters);
        return engine;
    }

    /** RFC 6066 §3: the name is sent without the trailing dot. */
    private static String withoutDot(String host) {
        return host.endsWith(".") ? host.substring(0, host.length() - 1) : host;
    }

    private static SSLContext defaultContext() throws SSLException {
        try {
            return SSLContext.getDefault();
        } catch (NoSuchAlgorithmException e) {
            throw new SSLException("the JDK's default TLS context cannot be made", e);
        }
    }

    private TlsBuffers buffers(SSLEngine engine) {
        lock.lock();
        try {
            if (buffers == null) {
                buffers = new TlsBuffers(engine.getSession().getPacketBufferSize(), budget);
            }
            return buffers;
        } finally {
            lock.unlock();
        }
    }
}
