package dev.weft.micrometer;

import dev.weft.topics.TopicTotals;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.function.Supplier;

/** The meters of topics in one registry. */
final class TopicMeters extends SnapshotMeters<TopicTotals> {
    TopicMeters(MeterRegistry registry, Tags tags, Supplier<TopicTotals> source) {
        super(registry, tags, source);
    }

    @Override
    void addMeters(TopicTotals now) {
        addGauge("weft.topics", "Topics that are in use, or were within the last minute or so.", null,
                TopicTotals::topics);
        addGauge("weft.topic.subscriptions", "Subscriptions to topics and filters, of all connections.", null,
                TopicTotals::subscriptions);
        addCounter("weft.topic.published.messages", "Messages published to topics.", null, TopicTotals::published);
        addCounter("weft.topic.delivered.messages", "Messages of topics that a connection accepted.", null,
                TopicTotals::delivered);
        addCounter("weft.topic.undelivered.messages", "Messages of topics that a connection did not accept.", null,
                TopicTotals::undelivered);
        addCounter("weft.topic.gaps", "Gaps in the messages that subscriptions got from the broker.", null,
                TopicTotals::gaps);
        addGauge("weft.topic.history", "Bytes of messages kept for recovery.", "bytes", TopicTotals::historySize);
        addGauge("weft.max.topic.history", "The limit of those bytes.", "bytes", TopicTotals::maxHistorySize);
        if (now.backplane().isPresent()) {
            addGauge("weft.backplane.up", "Whether the backplane can reach its broker: 1 or 0.", null,
                    totals -> totals.backplane().orElseThrow().connected() ? 1 : 0);
        }
    }
}
