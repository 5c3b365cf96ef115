package dev.weft;

import dev.weft.parser.CloseCode;
import java.util.Objects;

/**
 * What {@link WebSocketConnection#trySend(String)} does when the messages queued for the peer would exceed
 * {@link ConnectionLimits#maxQueuedSize()}. Only messages in the queue are dropped: never a message whose frame has
 * been begun, a streamed message, a control frame, or a message that {@code send} waits to send. A dropped message has
 * not been compressed, so those after it can still be decompressed. Each dropped message is counted
 * ({@link SendQueue#droppedMessages()}). If not the queue but the memory for all connections is used up, the policy
 * does not apply, and the result is {@link SendResult#SERVER_FULL}. Only {@link #DROP_OLDEST} then still makes room, by
 * dropping older messages of the same connection. Immutable; no method waits.
 */
public final class OverflowPolicy {
    /** Refuses the new message: {@link SendResult#PEER_BEHIND}. The caller decides what to do. The default. */
    public static final OverflowPolicy REFUSE = new OverflowPolicy(Action.REFUSE, CloseReason.EMPTY);
    /**
     * Drops the messages that have waited longest until there is room for the new one: {@link
     * SendResult#DROPPED_OLDER}. If there is no room even then, because a large frame is being written, the new message
     * is refused with {@link SendResult#PEER_BEHIND}, and none is dropped.
     */
    public static final OverflowPolicy DROP_OLDEST = new OverflowPolicy(Action.DROP_OLDEST, CloseReason.EMPTY);
    /** Drops the new message and keeps those that wait: {@link SendResult#DROPPED}. */
    public static final OverflowPolicy DROP_NEWEST = new OverflowPolicy(Action.DROP_NEWEST, CloseReason.EMPTY);
    /** As {@link #disconnect} with 1013 (try again later) and "too slow". */
    public static final OverflowPolicy DISCONNECT = disconnect(CloseCode.TRY_AGAIN_LATER, "too slow");

    /** The kinds of policies. */
    public enum Action {
        /** As {@link OverflowPolicy#REFUSE}. */
        REFUSE,
        /** As {@link OverflowPolicy#DROP_OLDEST}. */
        DROP_OLDEST,
        /** As {@link OverflowPolicy#DROP_NEWEST}. */
        DROP_NEWEST,
        /** As {@link OverflowPolicy#disconnect}. */
        DISCONNECT
    }

    private final Action action;
    private final CloseReason closeReason;

    private OverflowPolicy(Action action, CloseReason closeReason) {
        this.action = action;
        this.closeReason = closeReason;
    }

    /**
     * Closes the connection with this code and reason, and drops the messages that wait, so that the Close frame
     * follows the frame that is being written. The peer has then got every message up to some point; after it has
     * reconnected, it can ask for the messages after that point. The result is {@link SendResult#CLOSED}. If the peer
     * does not read the Close frame within the close timeout, the connection is aborted.
     *
     * @throws IllegalArgumentException as {@link CloseReason#sendable(int, String)}
     */
    public static OverflowPolicy disconnect(int code, String reason) {
        return new OverflowPolicy(Action.DISCONNECT, CloseReason.sendable(code, reason));
    }

    /** What is done. */
    public Action action() {
        return action;
    }

    /** The code and reason of the Close frame; {@link CloseReason#EMPTY} if the policy does not close. */
    public CloseReason closeReason() {
        return closeReason;
    }

    /** Whether the actions and the close reasons are equal. */
    @Override
    public boolean equals(Object other) {
        return other instanceof OverflowPolicy that && action == that.action && closeReason.equals(that.closeReason);
    }

    @Override
    public int hashCode() {
        return Objects.hash(action, closeReason);
    }

    @Override
    public String toString() {
        return action == Action.DISCONNECT ? "DISCONNECT " + closeReason.code() : action.toString();
    }
}
