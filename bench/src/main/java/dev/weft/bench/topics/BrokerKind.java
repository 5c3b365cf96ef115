package dev.weft.bench.topics;

import dev.weft.nats.NatsBackplane;
import dev.weft.redis.RedisBackplane;
import dev.weft.topics.Backplane;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The brokers that are tried. */
enum BrokerKind {
    REDIS {
        @Override
        List<String> command(String host, int port, Path folder) {
            return List.of("redis-server", "--port", "" + port, "--bind", host, "--protected-mode", "no", "--save", "",
                    "--loglevel", "warning", "--dir", folder.toString());
        }

        @Override
        Backplane backplane(InetSocketAddress address, Duration timeout, Duration nodeTimeout) {
            return RedisBackplane.builder("redis://" + address.getHostString() + ":" + address.getPort())
                    .timeout(timeout).nodeTimeout(nodeTimeout).build();
        }
    },
    NATS {
        @Override
        List<String> command(String host, int port, Path folder) {
            return List.of("nats-server", "--port", "" + port, "--addr", host, "-js", "-sd", folder.toString());
        }

        @Override
        Backplane backplane(InetSocketAddress address, Duration timeout, Duration nodeTimeout) {
            return NatsBackplane.builder("nats://" + address.getHostString() + ":" + address.getPort())
                    .timeout(timeout).nodeTimeout(nodeTimeout).build();
        }
    };

    /** The command that has the broker listen, with its files in this folder. */
    abstract List<String> command(String host, int port, Path folder);

    abstract Backplane backplane(InetSocketAddress address, Duration timeout, Duration nodeTimeout);
}
