package dev.weft.server;

import dev.weft.CloseStatus;
import dev.weft.TraceContext;
import dev.weft.internal.buffer.Tally;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.http.RequestHead;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the access log says about the requests of one connection, one after the other, and at last about the WebSocket
 * connection that a request has opened. For one thread at a time.
 */
final class AccessRecord {
    private static final int SWITCHING_PROTOCOLS = 101;

    private final AccessLog log;
    private final Transport transport;
    private final Tally tally;
    private Instant began;
    private long beganAt;
    private long receivedBefore;
    private @Nullable String method;
    private @Nullable String path;
    private String protocol = "";
    private @Nullable String referer;
    private @Nullable String userAgent;
    private @Nullable String traceparent;
    private @Nullable String endpoint;
    private @Nullable String subprotocol;
    private long responseBytes;

    /** The record of a connection whose first request begins now, and whose bytes and messages are counted here. */
    AccessRecord(AccessLog log, Transport transport, Tally tally) {
        this.log = log;
        this.transport = transport;
        this.tally = tally;
        begins(0);
    }

    /**
     * A request begins; the one before it was answered.
     *
     * @param received the number of its bytes that have been received
     */
    void begins(int received) {
        began = Instant.now();
        beganAt = System.nanoTime();
        receivedBefore = tally.receivedBytes() - received;
        method = null;
        referer = null;
        userAgent = null;
        traceparent = null;
    }

    /** The request's head has been received. The query is not kept: it may contain secrets. */
    void received(RequestHead head) {
        method = head.method();
        path = head.path();
        protocol = "HTTP/1." + head.minorVersion();
        referer = head.headers().first("Referer").map(AccessRecord::withoutQuery).orElse(null);
        userAgent = head.headers().first("User-Agent").orElse(null);
        traceparent = TraceContext.of(head.headers()).map(TraceContext::traceparent).orElse(null);
    }

    private static String withoutQuery(String reference) {
        int end = reference.indexOf('?');
        return end < 0 ? reference : reference.substring(0, end);
    }

    /** The request has opened the connection. */
    void opened(String endpointPath, Optional<String> chosen, long bytes) {
        endpoint = endpointPath;
        subprotocol = chosen.orElse(null);
        responseBytes = bytes;
    }

    /**
     * A response of this many bytes was written, or as much of it as could be: logs a line.
     *
     * @param early the number of bytes of the next request that have been received
     */
    void answered(int status, long bytes, @Nullable String endpointPath, int early) {
        log.log(new AccessLog.Entry(began, System.nanoTime() - beganAt, transport.remoteAddress(), method, path,
                protocol, status, tally.receivedBytes() - receivedBefore - early, bytes, referer, userAgent,
                traceparent, endpointPath, null, 0, null, null, 0, 0));
    }

    /** The WebSocket connection has ended: logs a line. */
    void closed(CloseStatus status) {
        log.log(new AccessLog.Entry(began, System.nanoTime() - beganAt, transport.remoteAddress(), method, path,
                protocol, SWITCHING_PROTOCOLS, tally.receivedBytes() - receivedBefore,
                responseBytes + tally.sentBytes(), referer, userAgent, traceparent, endpoint, subprotocol,
                ServerCounters.firstCode(status),
                status.closedFirst().map(side -> side.name().toLowerCase(Locale.ROOT)).orElse("none"),
                status.cause().name().toLowerCase(Locale.ROOT), tally.receivedMessages(),
                tally.sentMessages()));
    }
}
