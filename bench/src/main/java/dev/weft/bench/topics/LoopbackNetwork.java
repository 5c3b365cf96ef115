package dev.weft.bench.topics;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** All on the loopback, with a {@link CutProxy} between each node and the broker. */
final class LoopbackNetwork implements FaultNetwork {
    private final InetSocketAddress broker = freeAddress();
    private final List<InetSocketAddress> nodes = new ArrayList<>();
    private final List<CutProxy> proxies = new ArrayList<>();

    LoopbackNetwork(int nodeCount) throws IOException {
        for (int i = 0; i < nodeCount; i++) {
            proxies.add(new CutProxy(broker));
            nodes.add(freeAddress());
        }
    }

    private static InetSocketAddress freeAddress() throws IOException {
        return address(FaultProcess.freePort());
    }

    private static InetSocketAddress address(int port) {
        return new InetSocketAddress("127.0.0.1", port);
    }

    @Override
    public String brokerHost() {
        return broker.getHostString();
    }

    @Override
    public InetSocketAddress broker() {
        return broker;
    }

    @Override
    public InetSocketAddress brokerFor(int node) {
        return address(proxies.get(node).port());
    }

    @Override
    public InetSocketAddress node(int node) {
        return nodes.get(node);
    }

    @Override
    public List<String> brokersPlace() {
        return List.of();
    }

    @Override
    public List<String> placeOf(int node) {
        return List.of();
    }

    @Override
    public void cut(int node) {
        proxies.get(node).cut();
    }

    /** Connections that have been cut end now, as if their packets had been sent again for too long. */
    @Override
    public void mend(int node) {
        proxies.get(node).mend();
    }

    @Override
    public void close() throws IOException {
        for (CutProxy each : proxies) {
            each.close();
        }
    }
}
