package dev.weft.bench.client;

import dev.weft.bench.peers.Peers;
import java.util.ArrayList;
import java.util.List;

/** The clients that are compared, each as its documentation shows, with compression off. */
enum Clients {
    /** Weft with loops. */
    WEFT("Weft", new WeftEchoClient(), Peers.loopOptions()),
    /** Weft without the JVM option for loops. */
    WEFT_PARKING("Weft without loops", new WeftEchoClient(), List.of()),
    /** The JDK's. */
    JDK("java.net.http of the JDK", new JdkEchoClient(), List.of()),
    /** OkHttp. */
    OKHTTP("OkHttp " + Peers.pinned("okhttp"), new OkHttpEchoClient(), List.of()),
    /** Java-WebSocket. */
    JAVA_WEBSOCKET("Java-WebSocket " + Peers.pinned("java-websocket"), new JavaWebSocketEchoClient(), List.of()),
    /** Netty over its native epoll transport. */
    NETTY("Netty " + Peers.pinned("netty") + " epoll", new NettyEchoClient(), Peers.NETTY_EPOLL.jvmOptions());

    private final String title;
    private final ComparedClient client;
    private final List<String> jvmOptions;

    Clients(String title, ComparedClient client, List<String> jvmOptions) {
        this.title = title;
        this.client = client;
        this.jvmOptions = new ArrayList<>(jvmOptions);
    }

    String title() {
        return title;
    }

    ComparedClient client() {
        return client;
    }

    /** JVM options in addition to those that all get. */
    List<String> jvmOptions() {
        return jvmOptions;
    }
}
