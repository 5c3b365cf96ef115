package dev.weft.server;

import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.TreeMap;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanRegistrationException;
import javax.management.ObjectName;
import javax.management.StandardMBean;

/**
 * A server that is registered with the platform's MBean server, for JMX, until it is closed. Needs the module {@code
 * java.management}; nothing else of Weft does. May be used by any thread.
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

    private record Attributes(WebSocketServer server) implements WebSocketServerMXBean {
        @Override
        public String getHealth() {
            ServerHealth health = server.health();
            return health.status() + (health.reason().isEmpty() ? "" : ": " + health.reason());
        }

        @Override
        public int getConnections() {
            return server.connectionCount();
        }

        @Override
        public long getAcceptedConnections() {
            return server.statistics().acceptedConnections();
        }

        @Override
        public long getOpenedWebSockets() {
            return server.statistics().openedWebSockets();
        }

        @Override
        public Map<String, Long> getRefusals() {
            Map<String, Long> byName = new TreeMap<>();
            server.refusals().forEach((reason, count) -> byName.put(reason.name(), count));
            return byName;
        }

        @Override
        public Map<String, Long> getCloses() {
            Map<String, Long> byName = new TreeMap<>();
            server.statistics().closes().forEach((closing, count) -> byName
                    .put(closing.code() + closing.by().map(end -> " " + end).orElse(""), count));
            return byName;
        }

        @Override
        public long getReceivedMessages() {
            return server.statistics().receivedMessages();
        }

        @Override
        public long getReceivedBytes() {
            return server.statistics().receivedBytes();
        }

        @Override
        public long getSentMessages() {
            return server.statistics().sentMessages();
        }

        @Override
        public long getSentBytes() {
            return server.statistics().sentBytes();
        }

        @Override
        public long getBufferedBytes() {
            return server.statistics().bufferedBytes();
        }

        @Override
        public long getTlsHandshakes() {
            return server.statistics().tlsHandshakes();
        }

        @Override
        public int getTlsHandshakesInProgress() {
            return server.statistics().tlsHandshakesInProgress();
        }

        @Override
        public long getTakeovers() {
            return server.statistics().takeovers();
        }
    }
}
