package dev.weft.bench.topics;

import dev.weft.nats.NatsBackplane;
import dev.weft.redis.RedisBackplane;
import dev.weft.topics.Backplane;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The brokers that are tried. */
enum BrokerKind {
    REDIS {
        @Override
        boolean confirmsWithoutHistory() {
            return true;
        }

        @Override
        List<String> command(String host, int port, Path folder) {
            return List.of("redis-server", "--port", "" + port, "--bind", host, "--protected-mode", "no", "--save", "",
                    "--loglevel", "warning", "--dir", folder.toString());
        }

        @Override
        Backplane backplane(InetSocketAddress address, String prefix, Duration timeout, Duration nodeTimeout) {
            return RedisBackplane.builder("redis://" + address.getHostString() + ":" + address.getPort())
                    .prefix(prefix).timeout(timeout).nodeTimeout(nodeTimeout).build();
        }
    },
    REDIS_CLUSTER {
        @Override
        boolean confirmsWithoutHistory() {
            return true;
        }

        /** One of its servers, which is not in a cluster yet. */
        @Override
        List<String> command(String host, int port, Path folder) {
            return REDIS.command(host, port, folder);
        }

        @Override
        FaultBroker broker(FaultNetwork network, Path folder, Duration limit) throws IOException {
            return new RedisClusterBroker(network, folder, limit);
        }

        @Override
        int servers() {
            return RedisClusterBroker.SERVERS;
        }

        @Override
        Backplane backplane(InetSocketAddress address, String prefix, Duration timeout, Duration nodeTimeout) {
            return RedisBackplane.clusterBuilder("redis://" + address.getHostString() + ":" + address.getPort())
                    .prefix(prefix).timeout(timeout).nodeTimeout(nodeTimeout).build();
        }
    },
    NATS {
        @Override
        boolean confirmsWithoutHistory() {
            return false;
        }

        @Override
        List<String> command(String host, int port, Path folder) {
            return List.of("nats-server", "--port", "" + port, "--addr", host, "-js", "-sd", folder.toString());
        }

        @Override
        Backplane backplane(InetSocketAddress address, String prefix, Duration timeout, Duration nodeTimeout) {
            return NatsBackplane.builder("nats://" + address.getHostString() + ":" + address.getPort())
                    .prefix(prefix).timeout(timeout).nodeTimeout(nodeTimeout).build();
        }
    };

    /** Whether publishing without a history waits until the broker has the message. */
    abstract boolean confirmsWithoutHistory();

    /** The command that has the broker listen, with its files in this folder. */
    abstract List<String> command(String host, int port, Path folder);

    /** The broker of a fault run, not yet started. The processes end after the limit. */
    FaultBroker broker(FaultNetwork network, Path folder, Duration limit) throws IOException {
        List<String> command = new ArrayList<>(network.brokersPlace());
        command.addAll(command(network.brokerHost(), network.broker(0).getPort(), folder));
        return new SingleBroker(new FaultProcess(command, network.broker(0), folder.resolve("broker.log"), limit));
    }

    /** The number of servers in a fault run. */
    int servers() {
        return 1;
    }

    /** Nodes with the same prefix form a group. */
    abstract Backplane backplane(InetSocketAddress address, String prefix, Duration timeout, Duration nodeTimeout);

    Backplane backplane(InetSocketAddress address, Duration timeout, Duration nodeTimeout) {
        return backplane(address, "weft", timeout, nodeTimeout);
    }
}
