package dev.weft.topics;

import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** The last messages of a topic, without gaps. Guarded by the topic's lock. */
final class History {
    private static final int OVERHEAD = 64;

    private final TopicLimits limits;
    /** The bytes of the histories of all topics. */
    private final AtomicLong total;
    private final Deque<Publication> kept = new ArrayDeque<>();
    private long size;
    /** The offset of the message before the oldest one that is kept. Offsets grow, but not always by 1. */
    private long floor;

    History(TopicLimits limits, AtomicLong total) {
        this.limits = limits;
        this.total = total;
    }

    void add(Publication publication) {
        if (limits.historyLength() == 0) {
            floor = publication.position().offset();
            return;
        }
        kept.addLast(publication);
        count(sizeOf(publication));
        while (kept.size() > limits.historyLength() || size > limits.historySize()
                || total.get() > limits.totalHistorySize() && !kept.isEmpty()) {
            dropOldest();
        }
    }

    void dropOlderThan(Instant time) {
        while (!kept.isEmpty() && kept.peekFirst().time().isBefore(time)) {
            dropOldest();
        }
    }

    private void dropOldest() {
        Publication dropped = kept.removeFirst();
        floor = dropped.position().offset();
        count(-sizeOf(dropped));
    }

    /** Forgets everything: the next message is the first after this offset. */
    void restart(long offset) {
        while (!kept.isEmpty()) {
            dropOldest();
        }
        floor = offset;
    }

    private void count(long bytes) {
        size += bytes;
        total.addAndGet(bytes);
    }

    private static long sizeOf(Publication publication) {
        return (long) publication.message().length() + publication.key().map(String::length).orElse(0) + OVERHEAD;
    }

    /**
     * The messages after an offset, which need not be that of a message, oldest first; {@code null} if the history does not reach
     * back so far, or not up to it.
     */
    @Nullable
    List<Publication> after(long offset) {
        long newest = kept.isEmpty() ? floor : kept.peekLast().position().offset();
        if (offset < floor || offset > newest) {
            return null;
        }
        List<Publication> found = new ArrayList<>();
        Iterator<Publication> newestFirst = kept.descendingIterator();
        while (newestFirst.hasNext()) {
            Publication each = newestFirst.next();
            if (each.position().offset() <= offset) {
                break;
            }
            found.add(each);
        }
        return found.reversed();
    }

    /** The last messages, at most this many, oldest first. */
    List<Publication> last(int count) {
        return kept.reversed().stream().limit(count).toList().reversed();
    }

    boolean isEmpty() {
        return kept.isEmpty();
    }

    int length() {
        return kept.size();
    }

    long size() {
        return size;
    }
}
