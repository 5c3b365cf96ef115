package dev.weft.redis;

import io.lettuce.core.ScriptOutputType;

/**
 * What Redis does in one step. In a topic's head, {@code e} is the epoch, {@code o} the offset of the last message, {@code b}
 * the bytes in the stream, and {@code r} the run id of the Redis server that has written it. A server that was started again
 * may have lost what it had last, so the topic then begins anew, whatever was restored from the disk. A list beside the stream
 * has the size of each message in it.
 */
enum Script {
    /**
     * Places a message and passes it on. Keys: head, stream, sizes. Arguments: run id, an epoch in case the topic begins anew,
     * the milliseconds to keep the head, the number of messages to keep and their bytes, the milliseconds to keep the stream,
     * the command that publishes, the channel, the message.
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
    /** Passes a message on. Keys: channel. Arguments: the message. */
    PASS(Text.PASS + "pass('SPUBLISH', KEYS[1], ARGV[1])", ScriptOutputType.VALUE),
    /**
     * Reads messages. Keys: head, stream, sizes. Arguments: run id, an epoch in case the topic begins anew, the milliseconds to
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
     * topic, entries of the node, nodes. Arguments: node, topic, member, connections, the command that publishes, the channel,
     * the notice.
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
     * time 0, and it is forgotten when it has none left. Returns 1 if the node itself was given up or not known, the number of
     * entries that were removed, and then topic and member of each member that is gone, after a notice to the others. Keys:
     * nodes. Arguments: node, the milliseconds that it is alive; the prefix of keys with members, and with entries; how many
     * entries of each node to remove at most; the command that publishes, the prefix of channels, the notice.
     */
    BEAT(Text.PASS + """
            local clock = redis.call('TIME')
            local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
            local unknown = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0) == 0
            redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
            local result = {unknown and 1 or 0, 0}
            local changed = {}
            for _, node in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. now, 'LIMIT', 0, 10)) do
              local entries = redis.call('SPOP', ARGV[4] .. node, ARGV[5])
              if #entries == 0 then
                redis.call('ZREM', KEYS[1], node)
              else
                redis.call('ZADD', KEYS[1], 0, node)
                result[2] = result[2] + #entries
              end
              for _, entry in ipairs(entries) do
                local colon = string.find(entry, ':', 1, true)
                local length = tonumber(string.sub(entry, 1, colon - 1))
                local topic = string.sub(entry, colon + 1, colon + length)
                local member = string.sub(entry, colon + length + 1)
                local key = ARGV[3] .. '{' .. topic .. '}'
                local mine = 'n:' .. node .. ':' .. member
                local count = tonumber(redis.call('HGET', key, mine) or 0)
                redis.call('HDEL', key, mine)
                if count > 0 and redis.call('HINCRBY', key, 'a:' .. member, -count) <= 0 then
                  redis.call('HDEL', key, 'a:' .. member)
                  table.insert(result, topic)
                  table.insert(result, member)
                  changed[topic] = true
                end
              end
            end
            for topic in pairs(changed) do
              pass(ARGV[6], ARGV[7] .. '{' .. topic .. '}', ARGV[8])
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
        /** Passes a message to who is subscribed to its channel by name, and, with sharded pub/sub, to who is by a pattern. */
        static final String PASS = """
                local function pass(command, channel, message)
                  redis.call(command, channel, message)
                  if command == 'SPUBLISH' and redis.call('PUBSUB', 'NUMPAT') > 0 then
                    redis.call('PUBLISH', channel, message)
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
