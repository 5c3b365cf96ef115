package dev.weft.bench.soak;

import java.util.concurrent.atomic.LongAdder;

/** The totals of all visits so far. */
final class Counts {
    /** Correct replies. */
    final LongAdder messages = new LongAdder();
    /** Bytes received. */
    final LongAdder bytes = new LongAdder();
    final LongAdder pongs = new LongAdder();
    final LongAdder visits = new LongAdder();
    final LongAdder failures = new LongAdder();
    /** Connections whose Close frame was answered before a reply, since the reply took longer than the server waits for it. */
    final LongAdder lateReplies = new LongAdder();
}
