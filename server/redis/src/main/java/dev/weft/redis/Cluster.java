package dev.weft.redis;

import dev.weft.topics.BackplaneException;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Asks the servers of a cluster which of them has which slots, each time another one: the answer of one that is cut off from the
 * others is old. For one thread at a time.
 */
final class Cluster implements Topology {
    private final RedisClient client;
    private final List<RedisURI> given;
    /** The servers of the last answer, replicas too. */
    private Set<RedisURI> known = Set.of();
    private int turn;

    Cluster(RedisClient client, List<RedisURI> given) {
        this.client = client;
        this.given = given;
    }

    @Override
    public Map<RedisURI, Set<Integer>> read(Collection<Link> links) {
        turn++;
        BackplaneException failure = BackplaneException.notDone("no server of the cluster answers");
        List<Link> open = List.copyOf(links);
        for (int i = 0; i < open.size(); i++) {
            Link each = open.get((i + turn) % open.size());
            try {
                return groups(each.slots(), each.uri());
            } catch (BackplaneException e) {
                failure = e;
            }
        }
        // Where the names that the user has given lead may have changed, so they are asked as well as what was known.
        Set<RedisURI> all = new LinkedHashSet<>(given);
        all.addAll(known);
        List<RedisURI> others = List.copyOf(all);
        for (int i = 0; i < others.size(); i++) {
            RedisURI each = others.get((i + turn) % others.size());
            try (StatefulRedisConnection<byte[], byte[]> connection = client.connect(ByteArrayCodec.INSTANCE, each)) {
                return groups(connection.sync().clusterSlots(), each);
            } catch (RedisException e) {
                failure = BackplaneException.notDone("no server of the cluster answers; the last one asked was "
                        + each.getHost() + ":" + each.getPort() + ": " + Link.reason(e), e);
            }
        }
        throw failure;
    }

    /** @param slots ranges: the first and last slot, the master, and the replicas */
    private Map<RedisURI, Set<Integer>> groups(List<Object> slots, RedisURI asked) {
        Map<RedisURI, Set<Integer>> groups = new HashMap<>();
        Set<RedisURI> servers = new LinkedHashSet<>();
        for (Object each : slots) {
            List<?> range = (List<?>) each;
            RedisURI master = server(range.get(2), asked);
            range.subList(2, range.size()).forEach(server -> servers.add(server(server, asked)));
            for (int group : groups((Long) range.get(0), (Long) range.get(1))) {
                groups.computeIfAbsent(master, key -> new TreeSet<>()).add(group);
            }
        }
        known = servers;
        return groups;
    }

    private static List<Integer> groups(long first, long last) {
        List<Integer> groups = new ArrayList<>();
        for (int group = 0; group < ClusterKeys.GROUPS; group++) {
            if (ClusterKeys.slot(group) >= first && ClusterKeys.slot(group) <= last) {
                groups.add(group);
            }
        }
        return groups;
    }

    private static RedisURI server(Object server, RedisURI asked) {
        List<?> address = (List<?>) server;
        String host = text(address.get(0));
        // A server that does not know its own name leaves it out.
        return RedisURI.builder(asked).withHost(host.isEmpty() || host.equals("?") ? asked.getHost() : host)
                .withPort(((Long) address.get(1)).intValue()).build();
    }

    private static String text(@Nullable Object value) {
        return value == null ? "" : Link.text(value);
    }
}
