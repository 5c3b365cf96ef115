package dev.weft.server;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * Which session is closed when. Immutable.
 *
 * @param order   the sessions in the order in which they are closed
 * @param offsets in nanoseconds from the beginning, ascending; one for each session
 */
record ClosingPlan(List<ServerSession> order, long[] offsets) {
    /** Plans for sessions whose connection is open. */
    static ClosingPlan of(Stream<ServerSession> sessions, CloseOptions options, RandomGenerator random) {
        List<ServerSession> order = new ArrayList<>(sessions.toList());
        switch (options.order()) {
            case OLDEST_FIRST -> order.sort(Comparator.comparingLong(session -> session.thread().threadId()));
            case RANDOM -> Collections.shuffle(order, Random.from(random));
        }
        return new ClosingPlan(order, offsets(order.size(), options, random));
    }

    static long[] offsets(int count, CloseOptions options, RandomGenerator random) {
        long spread = options.spread().toNanos();
        long[] offsets = new long[count];
        for (int i = 0; i < count; i++) {
            offsets[i] = switch (options.spacing()) {
                case EVEN -> spread / count * i;
                case RANDOM -> spread == 0 ? 0 : random.nextLong(spread);
            };
        }
        Arrays.sort(offsets);
        return offsets;
    }
}
