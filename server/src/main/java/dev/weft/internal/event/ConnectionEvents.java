package dev.weft.internal.event;

import dev.weft.CloseStatus;
import dev.weft.SendResult;
import dev.weft.WebSocketConnection;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Role;
import dev.weft.parser.http.RequestHead;
import java.io.IOException;
import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Events of connections for the JDK's flight recorder. This class ignores them; its subclass records them, and is used if the
 * module {@code jdk.jfr} is present. For any thread; no method waits.
 */
public class ConnectionEvents {
    private static final ConnectionEvents PRESENT = ModuleLayer.boot().findModule("jdk.jfr").isPresent()
            ? new FlightRecorderEvents()
            : new ConnectionEvents();

    ConnectionEvents() {}

    /** The events of this process. */
    public static ConnectionEvents get() {
        return PRESENT;
    }

    /**
     * An opening handshake of a server has ended.
     *
     * @param status   of the response; 0 if there is none
     * @param endpoint the path of its endpoint; {@code null} if none was found
     * @param head     the request; {@code null} if it is not known
     * @param nanos    how long it took
     */
    public void handshake(Enum<?> outcome, int status, @Nullable String endpoint, @Nullable RequestHead head,
            SocketAddress peer, long nanos) {}

    /**
     * A client's attempt to open a connection has ended.
     *
     * @param failedStatus of a response other than 101; 0 if there is none
     * @param target       the path and query of the request
     * @param peer         the server or proxy that is connected; otherwise that of the URI, unresolved
     * @param nanos        how long it took
     * @param failure      {@code null} if the connection is open
     */
    public void clientHandshake(int failedStatus, String target, SocketAddress peer, long nanos,
            @Nullable IOException failure) {}

    /** A connection has ended. */
    public void closed(Role role, WebSocketConnection connection, CloseStatus status) {}

    /**
     * A thread begins to wait until the network takes what it sends.
     *
     * @return for {@link #sendEnds}; {@code null} if this is not recorded
     */
    public @Nullable Object sendWaits() {
        return null;
    }

    /** The wait has ended. */
    public void sendEnds(Object begun, SocketAddress peer) {}

    /**
     * A limit was reached.
     *
     * @param what names the limit
     * @param text the details
     */
    public void limitHit(String what, String text, SocketAddress peer) {}

    /** The peer violated the protocol. */
    public void violation(Role role, WebSocketConnection connection, ProtocolViolationException violation) {}

    /**
     * A message was not sent, because too much waits already.
     *
     * @param queuedBytes the bytes that wait for this peer
     */
    public void queueFull(Role role, WebSocketConnection connection, SendResult result, long queuedBytes) {}
}
