package dev.weft.nats;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * The names of subjects. Each level of a topic is a token of the subject. What is not a letter or digit of ASCII, a hyphen or
 * an underscore, is written as {@code =} and the two hexadecimal digits of each of its bytes in UTF-8. The name of a member may
 * be empty: then it is written as {@code =} alone, since a token must not be empty.
 */
final class Subjects {
    private static final String HEX = "0123456789ABCDEF";
    private static final String EMPTY = "=";
    /**
     * The longest names of a topic and a member together, as they are written. A line of the protocol has at most 4,096 bytes, and
     * the one that sends an entry to the stream has up to 200 more.
     */
    private static final int LONGEST_MEMBER = 3_700;

    private final String prefix;

    Subjects(String prefix) {
        this.prefix = prefix;
    }

    /** Where a message is published to be placed in the stream. */
    String placing(String topic) {
        return prefix + ".p." + tokens(topic);
    }

    String allPlacing() {
        return prefix + ".p.>";
    }

    /** Where nodes get the messages of a topic, or of all that match a filter. */
    String channel(String filter) {
        return prefix + ".c." + tokens(filter);
    }

    String allChannels() {
        return prefix + ".c.>";
    }

    /** The topic of a channel. */
    String topicOf(String channel) {
        String[] tokens = channel.substring(prefix.length() + 3).split("\\.");
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = decoded(tokens[i]);
        }
        return String.join("/", tokens);
    }

    /**
     * A member of a topic with this number of connections on a node.
     *
     * @throws IllegalArgumentException if the names are too long
     */
    String member(String topic, String member, String node, int connections) {
        return members(shortEnough(topic, member), node, "" + connections);
    }

    /** A member of a topic on any node. */
    String member(String topic, String member) {
        return members(shortEnough(topic, member), "*", "*");
    }

    private static String shortEnough(String topic, String member) {
        String tokens = encoded(topic) + "." + encoded(member);
        int length = tokens.length() - 1;
        if (length > LONGEST_MEMBER) {
            throw new IllegalArgumentException("the names of a topic and a member have " + length
                    + " bytes in the subject of NATS, more than " + LONGEST_MEMBER);
        }
        return tokens;
    }

    /** Any member of a topic on any node. */
    String membersOfTopic(String topic) {
        return members(encoded(topic) + ".*", "*", "*");
    }

    /** Any member of any topic on a node. */
    String membersOfNode(String node) {
        return members("*.*", node, "*");
    }

    private String members(String topicAndMember, String node, String connections) {
        return prefix + ".m." + topicAndMember + "." + node + "." + connections;
    }

    String allMembers() {
        return prefix + ".m.>";
    }

    /** The topic, member, node or number of connections of a subject of {@link #member}: 0, 1, 2 or 3. */
    String memberPart(String subject, int part) {
        return decoded(subject.substring(prefix.length() + 3).split("\\.")[part]);
    }

    /** The heartbeat of a node; an asterisk stands for any. */
    String node(String node) {
        return prefix + ".n." + node;
    }

    String nodeOf(String subject) {
        return subject.substring(prefix.length() + 3);
    }

    private static String tokens(String filter) {
        String[] levels = filter.split("/");
        for (int i = 0; i < levels.length; i++) {
            levels[i] = switch (levels[i]) {
                case "*" -> "*";
                case "#" -> ">";
                default -> encoded(levels[i]);
            };
        }
        return String.join(".", levels);
    }

    private static String encoded(String text) {
        if (text.isEmpty()) {
            return EMPTY;
        }
        StringBuilder encoded = new StringBuilder();
        for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
            if (each >= 'a' && each <= 'z' || each >= 'A' && each <= 'Z' || each >= '0' && each <= '9' || each == '-'
                    || each == '_') {
                encoded.append((char) each);
            } else {
                encoded.append('=').append(HEX.charAt(each >> 4 & 15)).append(HEX.charAt(each & 15));
            }
        }
        return encoded.toString();
    }

    private static String decoded(String token) {
        if (token.equals(EMPTY)) {
            return "";
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < token.length(); i++) {
            if (token.charAt(i) == '=') {
                bytes.write(Integer.parseInt(token, i + 1, i + 3, 16));
                i += 2;
            } else {
                bytes.write(token.charAt(i));
            }
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
