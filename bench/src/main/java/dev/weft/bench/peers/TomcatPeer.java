package dev.weft.bench.peers;

import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.server.ServerContainer;
import jakarta.websocket.server.ServerEndpointConfig;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.Context;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.servlets.DefaultServlet;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.websocket.server.WsSci;

/** Tomcat, embedded, with its NIO connector. */
public final class TomcatPeer {
    private static final int MOST_CONNECTIONS = 20_000;
    private static final Logger LOGGER = Logger.getLogger("");

    private TomcatPeer() {}

    /** Serves with the default pool of threads. */
    public static void main(String[] args) throws Exception {
        LOGGER.setLevel(Level.SEVERE);
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(System.getProperty("java.io.tmpdir"));
        Connector connector = new Connector("org.apache.coyote.http11.Http11NioProtocol");
        connector.setPort(Announcement.port(args));
        connector.setProperty("address", "127.0.0.1");
        connector.setProperty("maxConnections", String.valueOf(MOST_CONNECTIONS));
        connector.setProperty("acceptCount", String.valueOf(Announcement.BACKLOG));
        connector.setProperty("tcpNoDelay", "true");
        tomcat.setConnector(connector);
        Context context = tomcat.addContext("", null);
        Tomcat.addServlet(context, "default", new DefaultServlet());
        context.addServletMappingDecoded("/", "default");
        context.addServletContainerInitializer(new WsSci(), null);
        context.addApplicationListener(Endpoints.class.getName());
        tomcat.start();
        Announcement.listening(connector.getLocalPort(), args);
    }

    /** Registers the endpoint at both paths when Tomcat's container exists. */
    public static final class Endpoints implements ServletContextListener {
        /** Made by Tomcat. */
        public Endpoints() {}

        @Override
        public void contextInitialized(ServletContextEvent event) {
            ServerContainer container = (ServerContainer) event.getServletContext()
                    .getAttribute(ServerContainer.class.getName());
            try {
                container.addEndpoint(ServerEndpointConfig.Builder.create(TomcatEndpoint.class, "/").build());
                container.addEndpoint(ServerEndpointConfig.Builder
                        .create(TomcatEndpoint.class, Announcement.BROADCAST_PATH).build());
            } catch (DeploymentException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
