package dev.weft.redis;

import java.nio.charset.StandardCharsets;

/** One server: one group with all topics, and patterns of Redis for filters with wildcards. */
final class ServerKeys extends Keys {
    ServerKeys(String prefix) {
        super(prefix);
    }

    @Override
    int groups() {
        return 1;
    }

    @Override
    int group(String topic) {
        return 0;
    }

    @Override
    String before(String kind, int group) {
        return prefix + kind + ":{";
    }

    @Override
    String after() {
        return "}";
    }

    @Override
    byte[] shared(String name, int group) {
        return bytes(prefix + name);
    }

    /**
     * It matches more than the filter: an asterisk of Redis matches slashes, too. The node drops the rest. So two filters can
     * have the same pattern: {@code a/*} and {@code a/#}.
     */
    @Override
    String pattern(String filter) {
        StringBuilder pattern = new StringBuilder();
        for (String level : filter.split("/")) {
            pattern.append(pattern.isEmpty() ? "" : "/").append(isWildcard(level) ? "*" : literal(level));
        }
        return literal(prefix) + "c:{" + pattern + "}";
    }

    /** The pattern that matches this text and no other. */
    private static String literal(String text) {
        StringBuilder pattern = new StringBuilder();
        for (char each : text.toCharArray()) {
            pattern.append("*?[]\\^-".indexOf(each) >= 0 ? "\\" : "").append(each);
        }
        return pattern.toString();
    }

    @Override
    Subscription matching(String filter, int group) {
        return new Subscription(bytes(pattern(filter)), true);
    }

    @Override
    int group(byte[] channel) {
        return 0;
    }

    @Override
    Arrival arrival(byte[] channel, byte[] message) {
        String name = new String(channel, StandardCharsets.UTF_8);
        return new Arrival(name.substring(prefix.length() + 3, name.length() - 1), message);
    }
}
