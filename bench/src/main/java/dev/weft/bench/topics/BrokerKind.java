package dev.weft.bench.topics;

import dev.weft.nats.NatsBackplane;
import dev.weft.redis.RedisBackplane;
import dev.weft.topics.Backplane;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The brokers that are tried. */
enum BrokerKind {
    REDIS {
        @Override
        List<String> command(int port, Path folder) {
            return List.of("redis-server", "--port", "" + port, "--bind", "127.0.0.1", "--save", "", "--loglevel",
                    "warning",
                    "--dir", folder.toString());
        }

        @Override
        Backplane backplane(int port, Duration timeout, Duration nodeTimeout) {
            return RedisBackplane.builder("redis://127.0.0.1:" + port).timeout(timeout).nodeTimeout(nodeTimeout)
                    .build();
        }
    },
    NATS {
        @Override
        List<String> command(int port, Path folder) {
            return List.of("nats-server", "--port", "" + port, "--addr", "127.0.0.1", "-js", "-sd", folder.toString());
        }

        @Override
        Backplane backplane(int port, Duration timeout, Duration nodeTimeout) {
            return NatsBackplane.builder("nats://127.0.0.1:" + port).timeout(timeout).nodeTimeout(nodeTimeout).build();
        }
    };

    abstract List<String> command(int port, Path folder);

    abstract Backplane backplane(int port, Duration timeout, Duration nodeTimeout);
}
