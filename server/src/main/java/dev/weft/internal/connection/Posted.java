package dev.weft.internal.connection;

import dev.weft.parser.Opcode;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A message that was posted, and those before it that wait as well: an immutable list, the newest first.
 *
 * @param more   whether all of them may be held back, to leave with what is posted next
 * @param octets what they all are counted as
 */
record Posted(Opcode opcode, byte[] array, int from, int to, boolean more, Posted before, long octets) {
    /** What a message is counted as beyond its payload: its place in the list, and its frame's header. */
    private static final int OVERHEAD = 64;

    /** The list with one message more. */
    static Posted behind(Posted before, Opcode opcode, byte[] array, int from, int to, boolean more) {
        return new Posted(opcode, array, from, to, more && (before == null || before.more), before,
                octets(from, to) + (before == null ? 0 : before.octets));
    }

    /** What a message is counted as. */
    static long octets(int from, int to) {
        return (long) to - from + OVERHEAD;
    }

    /** All of them in the order in which they were posted. */
    Iterable<Posted> oldestFirst() {
        Deque<Posted> order = new ArrayDeque<>();
        for (Posted each = this; each != null; each = each.before) {
            order.push(each);
        }
        return order;
    }
}
