package dev.weft.bench.topics;

import dev.weft.Message;
import dev.weft.WebSocketConnection;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Compares the members that nodes and clients are told with those that are connected, and with their connections. */
final class PresenceChecker {
    private static final Duration ANSWER = Duration.ofSeconds(4);

    /** How many connections each member of each topic has. */
    private final Map<String, Map<String, Integer>> connected = new TreeMap<>();

    PresenceChecker(List<? extends Member> members) {
        for (Member each : members) {
            Map<String, Integer> connections = connected.computeIfAbsent(each.topic(), key -> new TreeMap<>());
            if (each.isSubscribed()) {
                connections.merge(each.name(), 1, Integer::sum);
            }
        }
    }

    /** Asks each node for the members of each topic. */
    void checkNodes(FaultClients clients, FaultFindings findings) {
        for (int i = 0; i < clients.nodeCount(); i++) {
            try (WebSocketConnection connection = clients.open(i, "/")) {
                for (String topic : connected.keySet()) {
                    checkNode(i, topic, ask(connection, topic), findings);
                }
                connection.abort();
            } catch (IOException e) {
                findings.found("no presence", "node " + i + ": " + e);
            }
        }
    }

    private static Map<String, Integer> ask(WebSocketConnection connection, String topic) throws IOException {
        connection.send("W " + topic);
        if (connection.receive(ANSWER).orElse(null) instanceof Message.Text(String line) && line.startsWith("W ")) {
            return Arrays.stream(line.split(" ")).skip(2).map(each -> each.split("="))
                    .collect(Collectors.toMap(each -> each[0], each -> Integer.valueOf(each[1])));
        }
        throw new IOException("no answer for " + topic);
    }

    /** What a node says about a topic. */
    void checkNode(int node, String topic, Map<String, Integer> members, FaultFindings findings) {
        Map<String, Integer> known = connected.get(topic);
        String where = topic + " on node " + node + ": ";
        known.forEach((member, connections) -> {
            Integer counted = members.get(member);
            if (counted == null) {
                findings.found("member missing", where + member);
            } else if (!counted.equals(connections)) {
                findings.found("connections of a member", where + member + " " + counted + ", not " + connections);
            }
        });
        members.keySet().stream().filter(each -> !known.containsKey(each))
                .forEach(each -> findings.found("member that is gone", where + each));
    }

    /** What a client that watches was told last. */
    void checkWatcher(Member watcher, Set<String> told, FaultFindings findings) {
        Set<String> known = connected.get(watcher.topic()).keySet();
        String where = watcher.topic() + " for " + watcher.name() + ": ";
        known.stream().filter(each -> !told.contains(each))
                .forEach(each -> findings.found("member not told", where + each));
        told.stream().filter(each -> !known.contains(each))
                .forEach(each -> findings.found("told of a member that is gone", where + each));
    }
}
