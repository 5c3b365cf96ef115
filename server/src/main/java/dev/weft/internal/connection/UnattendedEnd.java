package dev.weft.internal.connection;

import dev.weft.internal.close.ClosingHandshake.State;

/**
 * The end of a connection that has no handler, after which its thread would take the last steps: any thread may receive, and
 * none has to. Whoever looks after the connections asks this from time to time. None of the methods waits.
 */
public final class UnattendedEnd {
    /** What is left to be done. */
    public enum Due {
        /** Nothing yet: the connection goes on, or a thread receives. */
        NOTHING,
        /** To call {@link Connection#finish}, on a thread of its own. */
        FINISH,
        /** The connection is over and holds nothing; its end has not been received, and still may be. */
        FORGET,
        /** The connection is over, and what arrived before its end can still be received. */
        KEEP
    }

    private UnattendedEnd() {}

    /**
     * What is due now.
     *
     * @param over whether the connection's transport is closed
     */
    public static Due of(Connection connection, boolean over) {
        // In this order: what the last thread that received has left behind is seen after that it has.
        boolean isFinal = connection.closing.finalStatus().isPresent();
        State state = connection.closing.state();
        if (connection.receiver.isClaimed()) {
            return Due.NOTHING;
        }
        if (!isFinal) {
            // After our Close frame nothing is received, and there is no room for the peer's.
            return state == State.CLOSE_SENT && connection.receiver.isFull() ? Due.FINISH : Due.NOTHING;
        }
        if (connection.receiver.isEndReported() || state == State.BROKEN && !connection.receiver.isBeforeEnd()) {
            return Due.FINISH;
        }
        if (!over) {
            return Due.NOTHING;
        }
        return connection.heldBytes() == 0 ? Due.FORGET : Due.KEEP;
    }

    /** The number of receives so far, which wraps around and may be late. */
    public static int receives(Connection connection) {
        return connection.receiver.receives();
    }
}
