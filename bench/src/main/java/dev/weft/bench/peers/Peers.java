package dev.weft.bench.peers;

import dev.weft.bench.echo.SelectorLoopEcho;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Set;

/** The servers that are compared, each in its fastest configuration that still follows the protocol. */
public enum Peers {
    /** Weft in its default mode. */
    WEFT("Weft", "weft", WeftPeer.class, loopOptions(),
            "default settings, except for permessage-deflate off and messages of up to 16 MiB; the handler sends borrowed views back; "
                    + "a broadcast is sent to each by trySend, messages of one read together, so that none waits for another"),
    /** Weft in its default mode, with a topic for broadcasts. */
    WEFT_TOPICS("Weft, topic", "weft", WeftTopicsPeer.class, loopOptions(),
            "as Weft, but a broadcast is published to a topic, which each connection has subscribed to"),
    /** Weft in its default mode, but without the JVM option for loops. */
    WEFT_PARKING("Weft without loops", "weft", WeftPeer.class, List.of(),
            "the same, but the JDK schedules its threads, as in a JVM that does not open java.lang"),
    /** Weft on all cores. */
    WEFT_TWO_LOOPS("Weft, two loops on two cores", "weft", WeftPeer.class, twoLoopsOptions(),
            "as Weft, but with two loops, and not kept to one core: the load has one of the two for itself only in part"),
    /** Weft over a ring of Linux. */
    WEFT_IO_URING("Weft, io_uring", "weft", WeftPeer.class, ringOptions(),
            "as Weft, but its loop receives and sends by io_uring"),
    /** Weft over the JDK's sockets. */
    WEFT_BLOCKING("Weft, blocking transport", "weft", WeftBlockingPeer.class, List.of(),
            "the same over the JDK's blocking sockets"),
    /** The floor. */
    FLOOR("selector loop (floor)", "weft", SelectorLoopEcho.class, List.of(),
            "no server: one thread, Weft's parser, no deadlines, no limits, no UTF-8 check; any further cost of a server is the price of its features"),
    /** Netty, native. */
    NETTY_EPOLL("Netty epoll", "netty", NettyPeer.class, nettyOptions(),
            "native epoll, one event loop, WebSocketServerProtocolHandler without an aggregator (frames are sent back unchanged), replies to one "
                    + "read flushed together, reading paused while 4 MiB are unwritten, sun.misc.Unsafe allowed, leak detection and the checks of "
                    + "ByteBuf off; a broadcast goes through one ChannelGroup, flushed after each read"),
    /** Netty over a ring of Linux. */
    NETTY_IO_URING("Netty io_uring", "netty", NettyIoUringPeer.class, nettyOptions(),
            "the same over its native io_uring transport"),
    /** Netty over the JDK. */
    NETTY_NIO("Netty NIO", "netty", NettyNioPeer.class, nettyOptions(), "the same over the JDK's selectors"),
    /** Vert.x. */
    VERTX("Vert.x", "vertx", VertxPeer.class, vertxOptions(),
            "native epoll, one event loop, one instance, frames are sent back unchanged (so nothing checks the UTF-8 of texts), metrics, thread checks and context class loaders off, "
                    + "Netty's flags as above"),
    /** Undertow. */
    UNDERTOW("Undertow", "undertow", UndertowPeer.class, List.of(),
            "one I/O thread, direct buffers of 128 KiB, whole messages handled on the I/O thread; a binary message is sent from the pooled buffers it came in"),
    /** Jetty. */
    JETTY("Jetty", "jetty", JettyPeer.class, List.of(),
            "one acceptor, one selector, whole messages with automatic demand, a binary message is sent from the buffer it came in, socket "
                    + "buffers of 64 KiB; its API offers no way to send several replies in one write"),
    /** Tomcat. */
    TOMCAT("Tomcat", "tomcat", TomcatPeer.class, List.of("-Dorg.apache.tomcat.websocket.DEFAULT_BUFFER_SIZE=16384"),
            "NIO connector with its default pool, parts of up to 8 KiB joined by the endpoint (for whole messages Tomcat would reserve the "
                    + "maximum size three times for each connection), blocking sends, buffers of 16 KiB; batching is off: the API has no moment to flush at; a broadcast sends to all in turn and waits "
                    + "for the slowest"),
    /** Helidon. */
    HELIDON("Helidon", "helidon", HelidonPeer.class, List.of(),
            "a virtual thread for each connection, default settings; a broadcast sends to all in turn and waits for the slowest"),
    /** Java-WebSocket. */
    JAVA_WEBSOCKET("Java-WebSocket", "java-websocket", JavaWebSocketPeer.class, List.of(),
            "one decoding thread, TCP_NODELAY, no pings to detect lost connections");

    /** All configurations of Weft. */
    public static final Set<Peers> OURS = Set.of(WEFT, WEFT_TOPICS, WEFT_PARKING, WEFT_TWO_LOOPS, WEFT_IO_URING,
            WEFT_BLOCKING);

    private static final int FIRST_WITH_UNSAFE_FLAG = 23;

    private final String title;
    private final String versionKey;
    private final Class<?> main;
    private final List<String> jvmOptions;
    private final String settings;

    Peers(String title, String versionKey, Class<?> main, List<String> jvmOptions, String settings) {
        this.title = title;
        this.versionKey = versionKey;
        this.main = main;
        this.jvmOptions = jvmOptions;
        this.settings = settings;
    }

    /** The name in reports: with the version, if it is not Weft. */
    public String subject() {
        return versionKey.equals("weft") ? title : title + " " + version();
    }

    /** The version that this program was built with. */
    public String version() {
        return pinned(versionKey);
    }

    /** The version of a library that this program was built with. */
    public static String pinned(String key) {
        String version = Versions.PINNED.getProperty(key);
        if (version == null) {
            throw new IllegalStateException("no version of " + key);
        }
        return version;
    }

    /** The class to start. */
    public Class<?> main() {
        return main;
    }

    /** JVM options in addition to those that all servers get. */
    public List<String> jvmOptions() {
        return jvmOptions;
    }

    /** The settings and the reasons for them: part of a sentence. */
    public String settings() {
        return settings;
    }

    /** Whether it may use the whole machine instead of one core. */
    public boolean usesAllCores() {
        return this == WEFT_TWO_LOOPS;
    }

    /** JVM options for loops that call the system directly. */
    public static List<String> loopOptions() {
        return List.of("--add-opens=java.base/java.lang=ALL-UNNAMED", "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED",
                "--enable-native-access=ALL-UNNAMED");
    }

    private static List<String> twoLoopsOptions() {
        List<String> options = new ArrayList<>(loopOptions());
        options.add("-Ddev.weft.loops=2");
        return options;
    }

    /** JVM options with which loops use io_uring. */
    public static List<String> ringOptions() {
        List<String> options = new ArrayList<>(loopOptions());
        options.add("-Ddev.weft.engine=io_uring");
        return options;
    }

    private static List<String> nettyOptions() {
        List<String> options = new ArrayList<>(List.of("--enable-native-access=ALL-UNNAMED",
                "-Dio.netty.noUnsafe=false", "-Dio.netty.leakDetection.level=disabled",
                "-Dio.netty.buffer.checkBounds=false", "-Dio.netty.buffer.checkAccessible=false"));
        if (Runtime.version().feature() >= FIRST_WITH_UNSAFE_FLAG) {
            options.add("--sun-misc-unsafe-memory-access=allow");
        }
        return options;
    }

    private static List<String> vertxOptions() {
        List<String> options = new ArrayList<>(nettyOptions());
        options.addAll(List.of("-Dvertx.disableMetrics=true", "-Dvertx.threadChecks=false",
                "-Dvertx.disableContextTimings=true", "-Dvertx.disableTCCL=true"));
        return options;
    }

    /** Read when first needed. */
    private static final class Versions {
        private static final Properties PINNED = new Properties();

        static {
            try (InputStream in = Peers.class.getResourceAsStream("versions.properties")) {
                PINNED.load(in);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
