package dev.weft.internal.connection;

import dev.weft.internal.close.ClosingHandshake.State;

/**
 * The end of a connection that has no handler. With a handler, the connection's thread would take the last steps after it; here
 * any thread may receive, and none has to. The code that manages the connections calls {@link #of} from time to time. None of
 * the methods waits.
 */
public final class UnattendedEnd {
    /** The remaining step. */
    public enum Due {
        /** Nothing yet: the connection continues, or a thread receives. */
        NOTHING,
        /** Call {@link Connection#finish} on a separate thread. */
        FINISH,
        /** The connection has ended and holds nothing. No thread has received its end yet, but one still may. */
        FORGET,
        /** The connection has ended, but what arrived before its end can still be received. */
        KEEP
    }

    private UnattendedEnd() {}

    /**
     * The step that is due now.
     *
     * @param over whether the connection's transport is closed
     */
    public static Due of(Connection connection, boolean over) {
        boolean isFinal = connection.closing.finalStatus().isPresent();
        State state = connection.closing.state();
        // Checked first: once this returns false, everything that the last receiving thread has written is visible.
        if (connection.receiver.isClaimed()) {
            return Due.NOTHING;
        }
        if (!isFinal) {
            // After our Close frame no thread receives, and there is no room for the peer's Close frame.
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

    /** The number of receives so far; wraps around; may be slightly out of date. */
    public static int receives(Connection connection) {
        return connection.receiver.receives();
    }
}
