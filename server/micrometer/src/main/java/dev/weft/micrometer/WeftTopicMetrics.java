package dev.weft.micrometer;

import dev.weft.topics.TopicTotals;
import dev.weft.topics.Topics;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.function.Supplier;

/**
 * Registers the totals of topics, and the health of their backplane, as meters of Micrometer. The meters read {@link
 * Topics#totals()} when the registry reads them. One snapshot serves all meters of a registry for one second. All methods may
 * be called from any thread.
 *
 * {@snippet class="dev.weft.micrometer.WeftTopicMetricsTest" region="topics"}
 */
public final class WeftTopicMetrics implements MeterBinder, AutoCloseable {
    private final Supplier<TopicTotals> totals;
    private final Tags tags;
    private final Bindings bindings = new Bindings();

    /** Creates a binder for the meters of topics, without further tags. */
    public WeftTopicMetrics(Topics topics) {
        this(topics, Tags.empty());
    }

    /**
     * Creates a binder for the meters of topics.
     *
     * @param tags for all meters; if several {@code Topics} use one registry, they must differ
     */
    public WeftTopicMetrics(Topics topics, Iterable<Tag> tags) {
        this(topics::totals, tags);
    }

    WeftTopicMetrics(Supplier<TopicTotals> totals, Iterable<Tag> tags) {
        this.totals = totals;
        this.tags = Tags.of(tags);
    }

    /**
     * Registers the meters. Until {@link #close()}, the registry keeps the topics reachable.
     *
     * @throws IllegalStateException if this binder is closed
     */
    @Override
    public void bindTo(MeterRegistry registry) {
        bindings.add(new TopicMeters(registry, tags, totals));
    }

    /** Removes the meters from all registries. A second call does nothing. */
    @Override
    public void close() {
        bindings.close();
    }
}
