package dev.weft.bench.topics;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * All on the loopback, with a {@link CutProxy} between each node and each server of the broker. If there are several servers,
 * each node has an address of its own for the proxies, with the ports of the servers, since these tell nodes their ports.
 */
final class LoopbackNetwork implements FaultNetwork {
    private final List<InetSocketAddress> servers = new ArrayList<>();
    private final List<InetSocketAddress> nodes = new ArrayList<>();
    /** Of each node, one for each server. */
    private final List<List<CutProxy>> proxies = new ArrayList<>();

    LoopbackNetwork(int nodeCount, int serverCount) throws IOException {
        for (int i = 0; i < serverCount; i++) {
            servers.add(freeAddress());
        }
        for (int i = 0; i < nodeCount; i++) {
            List<CutProxy> own = new ArrayList<>();
            proxies.add(own);
            for (InetSocketAddress each : servers) {
                own.add(serverCount == 1
                        ? new CutProxy(() -> each)
                        : new CutProxy(new InetSocketAddress("127.0.0." + (i + 2), each.getPort()), () -> each));
            }
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
        return "127.0.0.1";
    }

    @Override
    public InetSocketAddress broker(int server) {
        return servers.get(server);
    }

    @Override
    public InetSocketAddress brokerFor(int node) {
        return proxies.get(node).getFirst().address();
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
        proxies.get(node).forEach(CutProxy::cut);
    }

    /** Connections that have been cut end now, as if their packets had been sent again for too long. */
    @Override
    public void mend(int node) {
        proxies.get(node).forEach(CutProxy::mend);
    }

    @Override
    public void close() throws IOException {
        for (List<CutProxy> own : proxies) {
            for (CutProxy each : own) {
                each.close();
            }
        }
    }
}
