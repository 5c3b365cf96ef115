package dev.weft.topics;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** What all topics together have done. For any thread. */
final class TopicCounters {
    final LongAdder subscriptions = new LongAdder();
    final LongAdder published = new LongAdder();
    final LongAdder delivered = new LongAdder();
    final LongAdder undelivered = new LongAdder();
    final LongAdder gaps = new LongAdder();
    /** The bytes of the histories of all topics, which have a limit. */
    final AtomicLong historySize = new AtomicLong();
}
