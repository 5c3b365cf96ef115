package dev.weft.internal.event;

import dev.weft.CloseReason;
import dev.weft.CloseStatus;
import dev.weft.SendResult;
import dev.weft.WebSocketConnection;
import dev.weft.internal.AddressText;
import dev.weft.internal.Escape;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Role;
import dev.weft.parser.http.RequestHead;
import java.io.IOException;
import java.net.SocketAddress;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/**
 * Records the events. Only this class uses the module {@code jdk.jfr}. It allocates nothing until a recording has been started,
 * and text is built only for events that are recorded.
 */
final class FlightRecorderEvents extends ConnectionEvents {
    private static final int SWITCHING_PROTOCOLS = 101;

    /** An event of one connection. */
    abstract static class OfConnection extends Event {
        @Label("Role")
        String role;
        @Label("Connection")
        long connection;
        @Label("Path")
        String path;
        @Label("Peer")
        String peer;

        final void describe(Role ofConnection, WebSocketConnection described) {
            role = ofConnection.name();
            connection = described.id();
            path = Escape.text(described.path());
            peer = AddressText.of(described.remoteAddress());
        }
    }

    /** An opening handshake has ended. */
    @Name("dev.weft.Handshake")
    @Label("Opening Handshake")
    @Category("Weft")
    @StackTrace(false)
    static final class HandshakeEvent extends Event {
        @Label("Role")
        String role;
        @Label("Outcome")
        String outcome;
        @Label("Status")
        int status;
        @Label("Endpoint")
        String endpoint;
        @Label("Path")
        String path;
        @Label("Peer")
        String peer;
        @Label("Elapsed Time")
        @Timespan(Timespan.NANOSECONDS)
        long elapsed;
        @Label("Failure")
        String failure;
    }

    /** A connection has ended. */
    @Name("dev.weft.Close")
    @Label("Connection Close")
    @Category("Weft")
    @StackTrace(false)
    static final class CloseEvent extends OfConnection {
        @Label("Cause")
        String cause;
        @Label("Sent Code")
        int sent;
        @Label("Received Code")
        int received;
        @Label("Closed First")
        String first;
        @Label("Failure")
        String failure;
    }

    /** A thread has waited until the network took what it sends. */
    @Name("dev.weft.SlowSend")
    @Label("Slow Send")
    @Category("Weft")
    @Threshold("20 ms")
    static final class SlowSendEvent extends Event {
        @Label("Peer")
        String peer;
    }

    /** A limit was reached. */
    @Name("dev.weft.LimitHit")
    @Label("Limit Hit")
    @Category("Weft")
    @StackTrace(false)
    static final class LimitHitEvent extends Event {
        @Label("Limit")
        String limit;
        @Label("Details")
        String details;
        @Label("Peer")
        String peer;
    }

    /** The peer violated the protocol. */
    @Name("dev.weft.Violation")
    @Label("Protocol Violation")
    @Category("Weft")
    @StackTrace(false)
    static final class ViolationEvent extends OfConnection {
        @Label("Close Code")
        int code;
        @Label("RFC Section")
        String section;
        @Label("Details")
        String details;
    }

    /** A message was not sent, because too much waits already. */
    @Name("dev.weft.QueueFull")
    @Label("Queue Full")
    @Category("Weft")
    static final class QueueFullEvent extends OfConnection {
        @Label("Result")
        String result;
        @Label("Queued Bytes")
        @DataAmount
        long queued;
    }

    @Override
    public void handshake(Enum<?> outcome, int status, @Nullable String endpoint, @Nullable RequestHead head,
            SocketAddress peer, long nanos) {
        if (isOff()) {
            return;
        }
        HandshakeEvent event = new HandshakeEvent();
        if (event.shouldCommit()) {
            event.role = Role.SERVER.name();
            event.outcome = outcome.name();
            event.status = status;
            event.endpoint = endpoint;
            event.path = head == null ? null : Escape.text(head.path());
            event.peer = AddressText.of(peer);
            event.elapsed = nanos;
            event.commit();
        }
    }

    @Override
    public void clientHandshake(int failedStatus, String target, SocketAddress peer, long nanos,
            @Nullable IOException failure) {
        if (isOff()) {
            return;
        }
        HandshakeEvent event = new HandshakeEvent();
        if (event.shouldCommit()) {
            int query = target.indexOf('?');
            event.role = Role.CLIENT.name();
            event.outcome = failure == null ? "ACCEPTED" : failedStatus == 0 ? "FAILED" : "REFUSED";
            event.status = failure == null ? SWITCHING_PROTOCOLS : failedStatus;
            event.path = Escape.text(query < 0 ? target : target.substring(0, query));
            event.peer = AddressText.of(peer);
            event.elapsed = nanos;
            event.failure = failure == null ? null : failure.getMessage();
            event.commit();
        }
    }

    @Override
    public void closed(Role role, WebSocketConnection connection, CloseStatus status) {
        if (isOff()) {
            return;
        }
        CloseEvent event = new CloseEvent();
        if (event.shouldCommit()) {
            event.describe(role, connection);
            event.cause = status.cause().name();
            event.sent = status.sent().map(CloseReason::code).orElse(0);
            event.received = status.received().map(CloseReason::code).orElse(0);
            event.first = status.closedFirst().map(Enum::name).orElse(null);
            event.failure = status.failure().map(Exception::toString).orElse(null);
            event.commit();
        }
    }

    @Override
    public @Nullable Object sendWaits() {
        if (isOff()) {
            return null;
        }
        SlowSendEvent event = new SlowSendEvent();
        if (!event.isEnabled()) {
            return null;
        }
        event.begin();
        return event;
    }

    @Override
    public void sendEnds(Object begun, SocketAddress peer) {
        SlowSendEvent event = (SlowSendEvent) begun;
        event.end();
        if (event.shouldCommit()) {
            event.peer = AddressText.of(peer);
            event.commit();
        }
    }

    @Override
    public void limitHit(String what, String text, SocketAddress peer) {
        if (isOff()) {
            return;
        }
        LimitHitEvent event = new LimitHitEvent();
        if (event.shouldCommit()) {
            event.limit = what;
            event.details = text;
            event.peer = AddressText.of(peer);
            event.commit();
        }
    }

    @Override
    public void violation(Role role, WebSocketConnection connection, ProtocolViolationException violation) {
        if (isOff()) {
            return;
        }
        ViolationEvent event = new ViolationEvent();
        if (event.shouldCommit()) {
            event.describe(role, connection);
            event.code = violation.closeCode();
            event.section = violation.section();
            event.details = violation.getMessage();
            event.commit();
        }
    }

    @Override
    public void queueFull(Role role, WebSocketConnection connection, SendResult result, long queuedBytes) {
        if (isOff()) {
            return;
        }
        QueueFullEvent event = new QueueFullEvent();
        if (event.shouldCommit()) {
            event.describe(role, connection);
            event.result = result.name();
            event.queued = queuedBytes;
            event.commit();
        }
    }

    /** Whether no recording has ever been started in this process. */
    private static boolean isOff() {
        return !FlightRecorder.isInitialized();
    }
}
