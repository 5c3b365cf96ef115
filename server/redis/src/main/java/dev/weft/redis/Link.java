package dev.weft.redis;

import dev.weft.topics.BackplaneException;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.pubsub.RedisPubSubListener;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Two connections to Redis, one for commands and one for messages. If one of them fails, both are given up. For any thread. */
final class Link implements AutoCloseable {
    private final StatefulRedisConnection<byte[], byte[]> commands;
    private final StatefulRedisPubSubConnection<byte[], byte[]> messages;
    private final Duration timeout;
    private final Keys keys;
    private final Map<Script, String> digests = new EnumMap<>(Script.class);
    private final String runId;
    private final boolean sharded;

    /** Connects. Waits for at most a few times the timeout. */
    Link(RedisClient client, RedisURI uri, Duration timeout, Keys keys,
            RedisPubSubListener<byte[], byte[]> listener) {
        this.timeout = timeout;
        this.keys = keys;
        this.commands = client.connect(ByteArrayCodec.INSTANCE, uri);
        StatefulRedisPubSubConnection<byte[], byte[]> opened = null;
        try {
            opened = client.connectPubSub(ByteArrayCodec.INSTANCE, uri);
            opened.addListener(listener);
            for (Script each : Script.values()) {
                digests.put(each, await(commands.async().scriptLoad(each.text())));
            }
            runId = runId(await(commands.async().info("server")));
            List<Object> info = await(commands.async().commandInfo("SPUBLISH"));
            sharded = !info.isEmpty() && info.getFirst() instanceof List<?> known && !known.isEmpty();
        } catch (Throwable e) {
            commands.closeAsync();
            if (opened != null) {
                opened.closeAsync();
            }
            throw e;
        }
        this.messages = opened;
    }

    private static String runId(String info) {
        for (String line : info.split("\r?\n")) {
            if (line.startsWith("run_id:")) {
                return line.substring("run_id:".length());
            }
        }
        throw BackplaneException.notDone("Redis does not say its run_id");
    }

    /** Identifies one run of the server. */
    byte[] runId() {
        return Keys.bytes(runId);
    }

    /** Whether the server has the commands of sharded pub/sub: Redis 7 and later. */
    boolean isSharded() {
        return sharded;
    }

    /** The command that publishes to who wants a topic by its name. */
    byte[] publishing() {
        return Keys.bytes(sharded ? "SPUBLISH" : "PUBLISH");
    }

    boolean isOpen() {
        return commands.isOpen() && messages.isOpen();
    }

    /** Waits for the answer. */
    <T> T run(Script script, byte[][] scriptKeys, byte[]... arguments) {
        try {
            return await(commands.async().evalsha(digests.get(script), script.output(), scriptKeys, arguments));
        } catch (BackplaneException e) {
            if (e.getCause() instanceof RedisCommandExecutionException cause
                    && String.valueOf(cause.getMessage()).startsWith("NOSCRIPT")) {
                // Somebody has emptied the server's cache.
                return await(commands.async().eval(script.text().getBytes(StandardCharsets.UTF_8), script.output(),
                        scriptKeys,
                        arguments));
            }
            throw e;
        }
    }

    /** Passes a message on by plain pub/sub. Waits for the answer. */
    void publish(byte[] channel, byte[] message) {
        await(commands.async().publish(channel, message));
    }

    List<byte[]> members(byte[] key) {
        List<byte[]> found = new ArrayList<>();
        await(commands.async().hgetall(key)).forEach((field, value) -> {
            found.add(field);
            found.add(value);
        });
        return found;
    }

    /** Keeps a key for so long from now. Does not wait. */
    void keep(byte[] key, Duration time) {
        commands.async().pexpire(key, time);
    }

    /** Does not wait; the future says when the server has confirmed it. */
    Future<Void> subscribe(String filter) {
        if (Keys.hasWildcard(filter)) {
            return messages.async().psubscribe(Keys.bytes(keys.pattern(filter)));
        }
        return sharded
                ? messages.async().ssubscribe(keys.channel(filter))
                : messages.async().subscribe(keys.channel(filter));
    }

    /** Ends the subscription to a topic, or to the pattern of a filter, whichever filters have it. Does not wait. */
    void unsubscribe(String filter) {
        if (Keys.hasWildcard(filter)) {
            messages.async().punsubscribe(Keys.bytes(keys.pattern(filter)));
        } else if (sharded) {
            messages.async().sunsubscribe(keys.channel(filter));
        } else {
            messages.async().unsubscribe(keys.channel(filter));
        }
    }

    /** Waits until both connections have answered. */
    void ping() {
        Future<String> first = commands.async().ping();
        Future<String> second = messages.async().ping();
        await(first);
        await(second);
    }

    <T> T await(Future<T> future) {
        try {
            return future.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw BackplaneException.uncertain("Redis has not answered within " + timeout.toMillis() + " ms", e);
        } catch (ExecutionException | CancellationException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            if (cause instanceof RedisCommandExecutionException refused) {
                throw BackplaneException.notDone("Redis refuses: " + refused.getMessage(), refused);
            }
            throw BackplaneException.uncertain("the connection to Redis has failed: " + cause, cause);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw BackplaneException.uncertain("interrupted while waiting for Redis", e);
        }
    }

    /** Does not wait. */
    @Override
    public void close() {
        if (commands.isOpen()) {
            commands.closeAsync();
        }
        if (messages.isOpen()) {
            messages.closeAsync();
        }
    }
}
