package dev.weft.redis;

import io.lettuce.core.ScriptOutputType;

/**
 * What Redis does in one step. In a topic's head, {@code e} is the epoch, {@code o} the offset of the last message, {@code b}
 * the bytes in the stream, and {@code r} the term in which it was written. A term is the time in which one server has the
 * topics of a group, without a restart: see {@link #BEAT}. A server that was started again, or takes over from another one, may
 * not have what was written last, so the topic then begins anew, whatever it has. A list beside the stream has the size of each
 * message in it.
 */
enum Script {
    /**
     * Places a message and passes it on. Keys: head, stream, sizes. Arguments: term, an epoch in case the topic begins anew,
     * the milliseconds to keep the head, the number of messages to keep and their bytes, the milliseconds to keep the stream,
     * the way to publish, the channel, the message.
     */
    PLACE(Text.HISTORY + Text.PASS + """
            local epoch, offset, bytes = begin()
            offset = offset + 1
            -- As in the history of a node, 64 bytes and the payload, which has 26 bytes before it here.
            local size = #ARGV[9] + 38
            local length = redis.call('RPUSH', KEYS[3], size)
            if length == 1 then
              -- What was there has expired.
              bytes = 0
            end
            length, bytes = bounded(length, bytes + size)
            redis.call('HSET', KEYS[1], 'o', offset, 'b', bytes)
            redis.call('XADD', KEYS[2], 'MAXLEN', '=', length, offset .. '-0', 'm', ARGV[9])
            redis.call('PEXPIRE', KEYS[2], ARGV[6])
            redis.call('PEXPIRE', KEYS[3], ARGV[6])
            pass(ARGV[7], ARGV[8], epoch .. ':' .. offset .. ':' .. ARGV[9])
            return {epoch, offset}
            """, ScriptOutputType.MULTI),
    /**
     * Passes a message on. No keys: while its slot moves to another server, a channel would count as a missing key. Arguments:
     * the way to publish, the channel, the message.
     */
    PASS(Text.PASS + "pass(ARGV[1], ARGV[2], ARGV[3])", ScriptOutputType.VALUE),
    /**
     * Reads messages. Keys: head, stream, sizes. Arguments: term, an epoch in case the topic begins anew, the milliseconds to
     * keep the head, the number of messages to keep and their bytes, and the position after which to begin: its epoch, and its
     * offset plus 1.
     */
    READ(Text.HISTORY + """
            local epoch, offset, bytes = begin()
            -- Other limits may have applied when the messages were placed.
            local before = redis.call('LLEN', KEYS[3])
            local length, left = bounded(before, bytes)
            if length < before then
              redis.call('HSET', KEYS[1], 'b', left)
              redis.call('XTRIM', KEYS[2], 'MAXLEN', '=', length)
            end
            local from = '-'
            if epoch == ARGV[6] then
              from = ARGV[7] .. '-0'
            end
            return {epoch, offset, redis.call('XRANGE', KEYS[2], from, '+')}
            """, ScriptOutputType.MULTI),
    /**
     * Sets how many connections a member has on a node; returns 1 if it has joined or left, and passes a notice to the others.
     * Returns -1 and does nothing if the node is given up: nobody would remove the entry when it dies. Keys: members of the
     * topic, entries of the node, nodes. Arguments: node, topic, member, connections, the way to publish, the channel, the
     * notice.
     */
    PRESENT(Text.PASS + """
            if tonumber(redis.call('ZSCORE', KEYS[3], ARGV[1]) or 0) == 0 then
              return -1
            end
            local mine = 'n:' .. ARGV[1] .. ':' .. ARGV[3]
            local now = tonumber(ARGV[4])
            local all = 'a:' .. ARGV[3]
            local before = tonumber(redis.call('HGET', KEYS[1], all) or 0)
            local after = before - tonumber(redis.call('HGET', KEYS[1], mine) or 0) + now
            local entry = #ARGV[2] .. ':' .. ARGV[2] .. ARGV[3]
            if now > 0 then
              redis.call('HSET', KEYS[1], mine, now)
              redis.call('SADD', KEYS[2], entry)
            else
              redis.call('HDEL', KEYS[1], mine)
              redis.call('SREM', KEYS[2], entry)
            end
            if after > 0 then
              redis.call('HSET', KEYS[1], all, after)
            else
              redis.call('HDEL', KEYS[1], all)
            end
            if (before > 0) ~= (after > 0) then
              pass(ARGV[5], ARGV[6], ARGV[7])
              return 1
            end
            return 0
            """, ScriptOutputType.INTEGER),
    /**
     * Says that a node is alive, and gives up those that are not: from the first entry that is removed, such a node has the
     * time 0, and it is forgotten when it has none left. Returns the term, 1 if the node itself was given up or not known, the
     * number of entries that were removed, and then topic and member of each member that is gone, after a notice to the others.
     * <p>
     * A term begins if another server, or another run of it, has written the last one. Nodes ask for it when they connect, and
     * pass it to the scripts for histories, instead of the server's run id: a server that was replaced for a while, without a
     * restart, has its old run id, but not all messages.
     * <p>
     * Keys: nodes, term. Arguments: node, the milliseconds that it is alive; what keys with members have before and after the
     * topic, and the prefix of those with entries; how many entries of each node to remove at most; the way to publish, what
     * channels have before the topic, the notice; the server's run id, the term if none is known, and if another server has
     * written it; the milliseconds to keep the term.
     */
    BEAT(Text.PASS + """
            local clock = redis.call('TIME')
            local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
            local unknown = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0) == 0
            redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
            local term = redis.call('HMGET', KEYS[2], 'i', 'r')
            if term[1] ~= ARGV[10] then
              term[2] = term[1] and ARGV[12] or ARGV[11]
              redis.call('HSET', KEYS[2], 'i', ARGV[10], 'r', term[2])
            end
            redis.call('PEXPIRE', KEYS[2], ARGV[13])
            local result = {term[2], unknown and 1 or 0, 0}
            -- While the slot of a cluster moves, keys that are missing may be at the other server, and this fails.
            local function all_here(key)
              return type(redis.pcall('EXISTS', KEYS[1], key)) == 'number'
            end
            local changed = {}
            local function remove(node, entry)
              local colon = string.find(entry, ':', 1, true)
              local length = tonumber(string.sub(entry, 1, colon - 1))
              local topic = string.sub(entry, colon + 1, colon + length)
              local member = string.sub(entry, colon + length + 1)
              local key = ARGV[3] .. topic .. ARGV[4]
              if not all_here(key) then
                return false
              end
              local mine = 'n:' .. node .. ':' .. member
              local count = tonumber(redis.call('HGET', key, mine) or 0)
              redis.call('HDEL', key, mine)
              if count > 0 and redis.call('HINCRBY', key, 'a:' .. member, -count) <= 0 then
                redis.call('HDEL', key, 'a:' .. member)
                table.insert(result, topic)
                table.insert(result, member)
                changed[topic] = true
              end
              redis.call('SREM', ARGV[5] .. node, entry)
              result[3] = result[3] + 1
              return true
            end
            for _, node in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. now, 'LIMIT', 0, 10)) do
              if all_here(ARGV[5] .. node) then
                local entries = redis.call('SRANDMEMBER', ARGV[5] .. node, ARGV[6])
                if #entries == 0 then
                  redis.call('ZREM', KEYS[1], node)
                else
                  redis.call('ZADD', KEYS[1], 0, node)
                end
                for _, entry in ipairs(entries) do
                  if not remove(node, entry) then
                    break
                  end
                end
              end
            end
            for topic in pairs(changed) do
              pass(ARGV[7], ARGV[8] .. topic .. ARGV[4], ARGV[9])
            end
            return result
            """, ScriptOutputType.MULTI),
    /** Gives up a node: another one removes its entries. Keys: nodes. Arguments: node. */
    LEAVE("return redis.call('ZADD', KEYS[1], 'XX', 0, ARGV[1])", ScriptOutputType.INTEGER);

    private static final class Text {
        /** For scripts whose keys and first arguments are those of {@link #READ}. */
        static final String HISTORY = """
                local function begin()
                  local head = redis.call('HMGET', KEYS[1], 'e', 'r', 'o', 'b')
                  if head[2] ~= ARGV[1] then
                    redis.call('DEL', KEYS[2], KEYS[3])
                    redis.call('HSET', KEYS[1], 'e', ARGV[2], 'r', ARGV[1], 'o', 0, 'b', 0)
                    head = {ARGV[2], ARGV[1], 0, 0}
                  end
                  redis.call('PEXPIRE', KEYS[1], ARGV[3])
                  return head[1], tonumber(head[3]), tonumber(head[4] or 0)
                end
                -- How many of the messages may stay, and their bytes. Drops the sizes of the others.
                local function bounded(length, bytes)
                  local most = tonumber(ARGV[4])
                  local mostBytes = tonumber(ARGV[5])
                  while length > 0 and (length > most or bytes > mostBytes) do
                    bytes = bytes - redis.call('LPOP', KEYS[3])
                    length = length - 1
                  end
                  return length, bytes
                end
                """;
        /**
         * Passes a message to who is subscribed to its channel by name, and to who is by a filter with wildcards. The way is
         * PUBLISH, which does both; SPUBLISH, which knows no patterns; or CLUSTER: see {@link ClusterKeys}.
         */
        static final String PASS = """
                local function pass(way, channel, message)
                  if way ~= 'CLUSTER' then
                    redis.call(way, channel, message)
                    if way == 'SPUBLISH' and redis.call('PUBSUB', 'NUMPAT') > 0 then
                      redis.call('PUBLISH', channel, message)
                    end
                    return
                  end
                  redis.call('SPUBLISH', channel, message)
                  local brace = string.find(channel, '}', 1, true)
                  local start = string.sub(channel, 1, brace) .. 'f:'
                  local topic = string.sub(channel, brace + 3)
                  local beginnings = {start}
                  for slash in string.gmatch(topic, '()/') do
                    table.insert(beginnings, start .. string.sub(topic, 1, slash))
                  end
                  local subscribers = redis.call('PUBSUB', 'SHARDNUMSUB', unpack(beginnings))
                  for i = 2, #subscribers, 2 do
                    if subscribers[i] > 0 then
                      redis.call('SPUBLISH', subscribers[i - 1], #topic .. ':' .. topic .. message)
                    end
                  end
                end
                """;
    }

    private final String text;
    private final ScriptOutputType output;

    Script(String text, ScriptOutputType output) {
        this.text = text;
        this.output = output;
    }

    String text() {
        return text;
    }

    ScriptOutputType output() {
        return output;
    }
}
