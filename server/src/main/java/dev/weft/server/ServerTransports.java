package dev.weft.server;

import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.time.Failures;
import dev.weft.internal.transport.TlsBuffers;
import dev.weft.internal.transport.TransportFactory;
import java.io.IOException;
import javax.net.ssl.SSLParameters;

/** Opens the transports of a configuration. */
final class ServerTransports {
    /** Opens transports that do not encrypt. The failures are those of the threads that wake connections. */
    @FunctionalInterface
    interface Opener {
        TransportFactory open(Failures failures) throws IOException;
    }

    private ServerTransports() {}

    /**
     * Opens the transports, with this budget. The failures are those of the threads that wake connections, which are
     * named after them.
     */
    static TransportFactory open(ServerConfiguration configuration, Opener opener, Failures failures,
            BufferBudget budget)
            throws IOException {
        TransportFactory plain = opener.open(failures);
        try {
            return configuration.tlsSettings().map(tls -> secured(plain, tls, budget)).orElse(plain);
        } catch (Throwable e) {
            // Determining the TLS parameters calls user code.
            plain.close();
            throw e;
        }
    }

    private static TransportFactory secured(TransportFactory plain, TlsSettings tls, BufferBudget budget) {
        SSLParameters parameters = tls.parameters();
        int recordSize = tls.engine(parameters).getSession().getPacketBufferSize();
        return TransportFactory.tls(plain, () -> tls.engine(parameters), new TlsBuffers(recordSize, budget));
    }
}
