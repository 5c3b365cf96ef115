package dev.weft.micrometer;

import dev.weft.server.ServerStatistics;
import dev.weft.server.WebSocketServer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.function.Supplier;

/**
 * Registers the statistics and the health of a server as meters of Micrometer. The meters read {@link
 * WebSocketServer#statistics()} when the registry reads them; they cost the connections nothing. One snapshot serves all
 * meters of a registry for one second. All methods may be called from any thread.
 *
 * <p>
 * Meters by endpoint, and by the cause and code of a close, are registered when the endpoint or the close first occurs
 * in a snapshot. So they appear only at the reading after that one.
 *
 * {@snippet class="dev.weft.micrometer.WeftMetricsTest" region="micrometer"}
 */
public final class WeftMetrics implements MeterBinder, AutoCloseable {
    private final Supplier<ServerStatistics> statistics;
    private final Tags tags;
    private final Bindings bindings = new Bindings();

    /** Creates a binder for the meters of a server, without further tags. */
    public WeftMetrics(WebSocketServer server) {
        this(server, Tags.empty());
    }

    /**
     * Creates a binder for the meters of a server.
     *
     * @param tags for all meters; if several servers use one registry, they must differ
     */
    public WeftMetrics(WebSocketServer server, Iterable<Tag> tags) {
        this(server::statistics, tags);
    }

    WeftMetrics(Supplier<ServerStatistics> statistics, Iterable<Tag> tags) {
        this.statistics = statistics;
        this.tags = Tags.of(tags);
    }

    /**
     * Registers the meters. Until {@link #close()}, the registry keeps the server reachable, even after its end; the counters
     * then have their last values.
     *
     * @throws IllegalStateException if this binder is closed
     */
    @Override
    public void bindTo(MeterRegistry registry) {
        bindings.add(new ServerMeters(registry, tags, statistics));
    }

    /** Removes the meters from all registries. The server is not closed. A second call does nothing. */
    @Override
    public void close() {
        bindings.close();
    }
}
