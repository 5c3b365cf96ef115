package dev.weft.bench.soak;

import java.util.concurrent.atomic.LongAdder;

/** What all visits did so far. */
final class Counts {
    /** Replies that were right. */
    final LongAdder messages = new LongAdder();
    /** Bytes received. */
    final LongAdder bytes = new LongAdder();
    final LongAdder pongs = new LongAdder();
    final LongAdder visits = new LongAdder();
    final LongAdder failures = new LongAdder();
}
