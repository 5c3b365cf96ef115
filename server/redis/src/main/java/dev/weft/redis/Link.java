package dev.weft.redis;

import dev.weft.topics.BackplaneException;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Two connections to one Redis server, one for commands and one for messages. If one of them fails, both are given up. For any
 * thread.
 */
final class Link implements AutoCloseable {
    /** Is called on a thread of Lettuce. */
    interface Listener {
        void message(Link link, byte[] channel, byte[] message);

        /** The server has ended the subscription to a channel, without having been asked: its slot has moved away. */
        void ended(Link link, byte[] channel);
    }

    private final StatefulRedisConnection<byte[], byte[]> commands;
    private final StatefulRedisPubSubConnection<byte[], byte[]> messages;
    private final RedisURI uri;
    private final Duration timeout;
    private final Map<Script, String> digests = new EnumMap<>(Script.class);
    /** The number of unanswered requests to end the subscription to a channel. */
    private final Map<ByteBuffer, Integer> ending = new ConcurrentHashMap<>();
    private final byte[] runId;
    private final String way;

    /** Connects. Waits for at most a few times the timeout. */
    Link(RedisClient client, RedisURI uri, Duration timeout, boolean cluster, Listener listener) {
        this.uri = uri;
        this.timeout = timeout;
        this.commands = client.connect(ByteArrayCodec.INSTANCE, uri);
        StatefulRedisPubSubConnection<byte[], byte[]> opened = null;
        try {
            opened = client.connectPubSub(ByteArrayCodec.INSTANCE, uri);
            opened.addListener(new Messages(listener));
            for (Script each : Script.values()) {
                digests.put(each, await(commands.async().scriptLoad(each.text())));
            }
            String info = await(commands.async().info("server"));
            runId = Keys.bytes(value("run_id", info));
            if (value("redis_mode", info).equals("cluster") != cluster) {
                throw BackplaneException.notDone(cluster
                        ? "the Redis server is not in a cluster: use RedisBackplane.builder"
                        : "the Redis server is in a cluster: use RedisBackplane.clusterBuilder");
            }
            List<Object> known = await(commands.async().commandInfo("SPUBLISH"));
            boolean sharded = !known.isEmpty() && known.getFirst() instanceof List<?> one && !one.isEmpty();
            if (cluster && !sharded) {
                throw BackplaneException.notDone("Redis Cluster before version 7.0 has no sharded pub/sub");
            }
            way = cluster ? "CLUSTER" : sharded ? "SPUBLISH" : "PUBLISH";
        } catch (Throwable e) {
            commands.closeAsync();
            if (opened != null) {
                opened.closeAsync();
            }
            throw e;
        }
        this.messages = opened;
    }

    /** A text in an answer. */
    static String text(Object answer) {
        return new String((byte[]) answer, StandardCharsets.UTF_8);
    }

    /** A number in an answer, which may be a text. */
    static long number(Object answer) {
        return answer instanceof Long number ? number : Long.parseLong(text(answer));
    }

    private static String value(String name, String info) {
        for (String line : info.split("\r?\n")) {
            if (line.startsWith(name + ":")) {
                return line.substring(name.length() + 1);
            }
        }
        throw BackplaneException.notDone("Redis does not say its " + name);
    }

    private final class Messages extends RedisPubSubAdapter<byte[], byte[]> {
        private final Listener listener;

        Messages(Listener listener) {
            this.listener = listener;
        }

        @Override
        public void message(byte[] channel, byte[] message) {
            listener.message(Link.this, channel, message);
        }

        @Override
        public void message(byte[] pattern, byte[] channel, byte[] message) {
            listener.message(Link.this, channel, message);
        }

        @Override
        public void smessage(byte[] channel, byte[] message) {
            listener.message(Link.this, channel, message);
        }

        @Override
        public void sunsubscribed(byte[] channel, long count) {
            if (!endingIsOver(channel)) {
                listener.ended(Link.this, channel);
            }
        }
    }

    /** Returns whether the end of a subscription was asked for. */
    private boolean endingIsOver(byte[] channel) {
        ByteBuffer name = ByteBuffer.wrap(channel);
        boolean asked = ending.containsKey(name);
        ending.computeIfPresent(name, (key, count) -> count == 1 ? null : count - 1);
        return asked;
    }

    /** The address of the server. */
    RedisURI uri() {
        return uri;
    }

    /** Identifies one run of the server. */
    byte[] runId() {
        return runId;
    }

    /** Whether the server has the commands of sharded pub/sub: Redis 7 and later. */
    boolean isSharded() {
        return !way.equals("PUBLISH");
    }

    /** How scripts publish. */
    byte[] way() {
        return Keys.bytes(way);
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

    /** Which addresses have which slots. Waits for the answer. */
    List<Object> slots() {
        return await(commands.async().clusterSlots());
    }

    /** Does not wait; the future says when the server has confirmed it. */
    Future<Void> subscribe(Keys.Subscription to) {
        if (to.isPattern()) {
            return messages.async().psubscribe(to.name());
        }
        return isSharded() ? messages.async().ssubscribe(to.name()) : messages.async().subscribe(to.name());
    }

    /** Does not wait. */
    void unsubscribe(Keys.Subscription from) {
        if (from.isPattern()) {
            messages.async().punsubscribe(from.name());
        } else if (isSharded()) {
            ending.merge(ByteBuffer.wrap(from.name()), 1, Integer::sum);
            messages.async().sunsubscribe(from.name()).exceptionally(refused -> {
                endingIsOver(from.name());
                return null;
            });
        } else {
            messages.async().unsubscribe(from.name());
        }
    }

    /** Waits until both connections have answered. */
    void ping() {
        Future<String> first = commands.async().ping();
        Future<String> second = messages.async().ping();
        await(first);
        await(second);
    }

    /** Whether a server of a cluster has refused something because it does not have the slot, or not all of it: not done. */
    static boolean isElsewhere(BackplaneException e) {
        String refusal = refusal(e);
        return isMoved(e) || refusal.startsWith("ASK ") || refusal.startsWith("TRYAGAIN ");
    }

    /** Whether a server of a cluster has refused something because it does not have the slot. */
    static boolean isMoved(BackplaneException e) {
        String refusal = refusal(e);
        // The second is what a script gets.
        return refusal.startsWith("MOVED ") || refusal.contains("non local key");
    }

    /** What has failed and why, for example that a password is wrong: Lettuce has that only in the cause. */
    static String reason(Throwable failure) {
        String reason = String.valueOf(failure.getMessage());
        for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            String more = String.valueOf(cause.getMessage());
            if (!reason.contains(more)) {
                reason += ": " + more;
            }
        }
        return reason;
    }

    private static String refusal(BackplaneException e) {
        return e.getCause() instanceof RedisCommandExecutionException refused
                ? String.valueOf(refused.getMessage())
                : "";
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
