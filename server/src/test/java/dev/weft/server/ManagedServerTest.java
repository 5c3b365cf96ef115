package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.RuntimeMBeanException;
import javax.management.openmbean.TabularData;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ManagedServerTest {
    private final MBeanServer beans = ManagementFactory.getPlatformMBeanServer();

    @Test
    void attributesMustBeTheStatistics() throws Exception {
        ObjectName name = new ObjectName("dev.weft:type=WebSocketServer,name=\"a, b\"");
        try (WebSocketServer server = Handlers.echoServer().start()) {
            ManagedServer managed = ManagedServer.register(server, "a, b");
            try (RawPeer peer = RawPeer.open(server)) {
                assertEquals(1, beans.getAttribute(name, "Connections"));
                Object table = beans.invoke(name, "connectionTable", new Object[]{10, "OLDEST"},
                        new String[]{"int", "java.lang.String"});
                assertTrue(table.toString().endsWith("\n1 of 1 connections\n"), table.toString());
                assertThrows(RuntimeMBeanException.class, () -> beans.invoke(name, "connectionTable",
                        new Object[]{10, "NONE"}, new String[]{"int", "java.lang.String"}));
                peer.hex(RawPeer.CLOSE_1000).readCloseAndEnd();
            }
            Await.until("it has ended", () -> server.connectionCount() == 0);
            assertEquals("HEALTHY", beans.getAttribute(name, "Health"));
            assertEquals(1L, beans.getAttribute(name, "OpenedWebSockets"));
            assertEquals(1L, beans.getAttribute(name, "AcceptedConnections"));
            assertEquals(0L, beans.getAttribute(name, "TlsHandshakes"));
            TabularData states = (TabularData) beans.getAttribute(name, "ConnectionsByState");
            assertEquals(0, states.get(new Object[]{"OPEN"}).get("value"));
            TabularData handshakes = (TabularData) beans.getAttribute(name, "Handshakes");
            assertEquals(1L, handshakes.get(new Object[]{"ACCEPTED"}).get("value"));
            TabularData closes = (TabularData) beans.getAttribute(name, "Closes");
            assertEquals(1L, closes.get(new Object[]{"1000 REMOTE CLOSED"}).get("value"));
            TabularData refusals = (TabularData) beans.getAttribute(name, "Refusals");
            assertEquals(RefusalReason.values().length, refusals.size());
            for (MBeanAttributeInfo attribute : beans.getMBeanInfo(name).getAttributes()) {
                beans.getAttribute(name, attribute.getName());
            }
            assertThrows(IllegalStateException.class, () -> ManagedServer.register(server, "a, b"));
            assertTrue(beans.isRegistered(name));
            managed.close();
            managed.close();
            assertFalse(beans.isRegistered(name));
        }
    }
}
