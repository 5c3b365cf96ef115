package dev.weft.server;

import java.util.Map;

/**
 * A server's {@linkplain ServerStatistics statistics} as attributes for JMX. {@link ManagedServer#register} makes one. Each
 * attribute is read when it is asked for; none waits.
 */
public interface WebSocketServerMXBean {
    /** The status of {@link ServerHealth}, and the reason after a colon if there is one. */
    String getHealth();

    /** As {@link ServerStatistics#connections()}. */
    int getConnections();

    /** As {@link ServerStatistics#acceptedConnections()}. */
    long getAcceptedConnections();

    /** As {@link ServerStatistics#openedWebSockets()}. */
    long getOpenedWebSockets();

    /** As {@link ServerStatistics#refusals()}, by the reason's name. */
    Map<String, Long> getRefusals();

    /** As {@link ServerStatistics#closes()}, by code and end, such as {@code 1001 REMOTE}; {@code 1006} has no end. */
    Map<String, Long> getCloses();

    /** As {@link ServerStatistics#receivedMessages()}. */
    long getReceivedMessages();

    /** As {@link ServerStatistics#receivedBytes()}. */
    long getReceivedBytes();

    /** As {@link ServerStatistics#sentMessages()}. */
    long getSentMessages();

    /** As {@link ServerStatistics#sentBytes()}. */
    long getSentBytes();

    /** As {@link ServerStatistics#bufferedBytes()}. */
    long getBufferedBytes();

    /** As {@link ServerStatistics#tlsHandshakes()}. */
    long getTlsHandshakes();

    /** As {@link ServerStatistics#tlsHandshakesInProgress()}. */
    int getTlsHandshakesInProgress();

    /** As {@link ServerStatistics#takeovers()}. */
    long getTakeovers();
}
