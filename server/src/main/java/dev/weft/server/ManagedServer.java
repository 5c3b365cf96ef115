package dev.weft.server;

import dev.weft.internal.buffer.Traffic;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.TreeMap;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanRegistrationException;
import javax.management.ObjectName;
import javax.management.StandardMBean;

/**
 * A server that is registered with the platform's MBean server, for JMX, until it is closed. Needs the module
 * {@code java.management}, which no other part of Weft needs. May be used by any thread.
 */
public final class ManagedServer implements AutoCloseable {
    private final ObjectName name;

    private ManagedServer(ObjectName name) {
        this.name = name;
    }

    /**
     * Registers a {@link WebSocketServerMXBean} as {@code dev.weft:type=WebSocketServer,name="…"}. Does not wait.
     *
     * @param name distinguishes the servers of a process
     * @return closing it ends the registration, and does not close the server
     * @throws IllegalStateException if another server is registered with this name
     */
    public static ManagedServer register(WebSocketServer server, String name) {
        try {
            ObjectName objectName = new ObjectName("dev.weft:type=WebSocketServer,name=" + ObjectName.quote(name));
            ManagementFactory.getPlatformMBeanServer().registerMBean(
                    new StandardMBean(new Attributes(server), WebSocketServerMXBean.class, true), objectName);
            return new ManagedServer(objectName);
        } catch (JMException e) {
            throw new IllegalStateException("the server cannot be registered: " + e.getMessage(), e);
        }
    }

    /** Ends the registration. Does nothing if it has ended. */
    @Override
    public void close() {
        try {
            ManagementFactory.getPlatformMBeanServer().unregisterMBean(name);
        } catch (InstanceNotFoundException e) {
            // It has ended.
        } catch (MBeanRegistrationException e) {
            throw new IllegalStateException("the registration cannot be ended", e);
        }
    }

    /** Each attribute reads no more than it needs: a whole snapshot goes through all connections. */
    private record Attributes(WebSocketServer server) implements WebSocketServerMXBean {
        @Override
        public String getHealth() {
            ServerHealth health = server.health();
            return health.status() + (health.reason().isEmpty() ? "" : ": " + health.reason());
        }

        private Traffic traffic() {
            return server.services().pool().traffic();
        }

        private static <E extends Enum<E>, N extends Number> Map<String, N> byName(Map<E, N> counts) {
            Map<String, N> byName = new TreeMap<>();
            counts.forEach((constant, count) -> byName.put(constant.name(), count));
            return byName;
        }

        @Override
        public Map<String, Integer> getConnectionsByState() {
            return byName(new ConnectionCensus(server).byState());
        }

        @Override
        public Map<String, Integer> getConnectionsByEndpoint() {
            return new ConnectionCensus(server).byEndpoint();
        }

        @Override
        public long getQueuedBytes() {
            return new ConnectionCensus(server).queuedBytes();
        }

        @Override
        public Map<String, Long> getHandshakes() {
            return byName(server.counters().handshakes());
        }

        @Override
        public Map<String, Long> getRefusedSends() {
            return byName(server.statistics().refusedSends());
        }

        @Override
        public Map<String, Long> getLimitsHit() {
            return server.statistics().limitsHit();
        }

        @Override
        public double getLastLagSeconds() {
            return server.upkeep.lag().last().toNanos() / 1e9;
        }

        @Override
        public int getConnections() {
            return server.connectionCount();
        }

        @Override
        public long getAcceptedConnections() {
            return server.counters().acceptedCount();
        }

        @Override
        public long getOpenedWebSockets() {
            return server.counters().openedCount();
        }

        @Override
        public Map<String, Long> getRefusals() {
            return byName(server.refusals());
        }

        @Override
        public Map<String, Long> getCloses() {
            Map<String, Long> byName = new TreeMap<>();
            server.counters().closes().forEach((closing, count) -> byName
                    .put(closing.code() + closing.by().map(end -> " " + end).orElse("") + " " + closing.cause(),
                            count));
            return byName;
        }

        @Override
        public long getReceivedMessages() {
            return traffic().receivedMessages();
        }

        @Override
        public long getReceivedBytes() {
            return traffic().receivedBytes();
        }

        @Override
        public long getSentMessages() {
            return traffic().sentMessages();
        }

        @Override
        public long getSentBytes() {
            return traffic().sentBytes();
        }

        @Override
        public long getBufferedBytes() {
            return server.services().pool().budget().taken();
        }

        @Override
        public long getTlsHandshakes() {
            return server.tlsHandshakes().map(TlsHandshakes::completed).orElse(0L);
        }

        @Override
        public int getTlsHandshakesInProgress() {
            return server.tlsHandshakes().map(TlsHandshakes::count).orElse(0);
        }

        @Override
        public long getTakeovers() {
            return server.transports.takeovers();
        }

        @Override
        public String connectionTable(int maxRows, String order) {
            return ConnectionTable.of(server, maxRows, ConnectionTable.Order.valueOf(order)).toString();
        }
    }
}
