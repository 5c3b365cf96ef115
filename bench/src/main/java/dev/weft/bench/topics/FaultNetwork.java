package dev.weft.bench.topics;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;

/** How the broker, the nodes and the clients of a fault run reach each other, and how a node is cut off from the broker. */
interface FaultNetwork extends AutoCloseable {
    /** The address or wildcard on which the servers of the broker have to listen. */
    String brokerHost();

    /** Where a server of the broker is found from here. */
    InetSocketAddress broker(int server);

    /** Where a node finds the first server of the broker. It finds the others at the same host, at their own ports. */
    InetSocketAddress brokerFor(int node);

    /** Where a node has to listen, and is found from here. */
    InetSocketAddress node(int node);

    /** The command that runs another one where the broker is. */
    List<String> brokersPlace();

    /** The command that runs another one where a node is. */
    List<String> placeOf(int node);

    /** From now on, nothing passes between a node and the broker, and neither is told. */
    void cut(int node) throws IOException, InterruptedException;

    /** Ends what {@link #cut} has done. */
    void mend(int node) throws IOException, InterruptedException;

    @Override
    void close() throws IOException;
}
