package dev.weft.redis;

import io.lettuce.core.RedisURI;
import java.util.Collection;
import java.util.Map;
import java.util.Set;

/** Which server has which groups of topics. */
interface Topology {
    /**
     * May wait for servers, for a bounded time.
     *
     * @param links open connections
     * @return the groups of each server; a group that no server has is missing
     */
    Map<RedisURI, Set<Integer>> read(Collection<Link> links);
}
