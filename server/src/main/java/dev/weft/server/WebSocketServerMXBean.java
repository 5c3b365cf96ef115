package dev.weft.server;

import java.util.Map;

/**
 * A server's {@linkplain ServerStatistics statistics} as attributes for JMX. {@link ManagedServer#register} creates it.
 * Each attribute is read when it is requested; no method waits.
 */
public interface WebSocketServerMXBean {
    /** The status of {@link ServerHealth}, and the reason after a colon if there is one. */
    String getHealth();

    /** As {@link ServerStatistics#connections()}. */
    int getConnections();

    /** As {@link ServerStatistics#connectionsByState()}, by the state's name. */
    Map<String, Integer> getConnectionsByState();

    /** As {@link ServerStatistics#connectionsByEndpoint()}. */
    Map<String, Integer> getConnectionsByEndpoint();

    /** As {@link ServerStatistics#queuedBytes()}. */
    long getQueuedBytes();

    /** As {@link ServerStatistics#handshakes()}, by the outcome's name. */
    Map<String, Long> getHandshakes();

    /** As {@link ServerStatistics#refusedSends()}, by the result's name. */
    Map<String, Long> getRefusedSends();

    /** As {@link ServerStatistics#limitsHit()}. */
    Map<String, Long> getLimitsHit();

    /** As {@link ServerStatistics#lastLag()}, in seconds. */
    double getLastLagSeconds();

    /** As {@link ServerStatistics#acceptedConnections()}. */
    long getAcceptedConnections();

    /** As {@link ServerStatistics#openedWebSockets()}. */
    long getOpenedWebSockets();

    /** As {@link ServerStatistics#refusals()}, by the reason's name. */
    Map<String, Long> getRefusals();

    /**
     * As {@link ServerStatistics#closes()}, by code, end and cause, such as {@code 1001 REMOTE CLOSED}; {@code 1006} has no
     * end.
     */
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

    /**
     * The text of a {@link ConnectionTable}. Takes up to 150 µs for each row under full load.
     *
     * @param maxRows as for {@link ConnectionTable#of}
     * @param order   the name of a {@link ConnectionTable.Order}
     * @throws IllegalArgumentException if the number of rows is not within its bounds, or there is no such order
     */
    String connectionTable(int maxRows, String order);
}
