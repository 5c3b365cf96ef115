package dev.weft.bench.topics;

import dev.weft.WebSocketConnection;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Subscribes by filters, with wildcards or without, which may overlap. It has no position to go on from: each connection begins
 * anew.
 */
final class FilterClient extends LineClient {
    private final List<String> filters;
    private final Map<String, Log> logs;

    /** @param topics all that the filters match, each of which must arrive */
    FilterClient(FaultClients clients, String path, int node, List<String> filters, List<String> topics) {
        super(clients, path, node);
        this.filters = filters;
        this.logs = topics.stream().collect(Collectors.toMap(Function.identity(), Log::new));
    }

    Collection<Log> logs() {
        return logs.values();
    }

    @Override
    void subscribe(WebSocketConnection connection) throws IOException {
        logs().forEach(Log::begins);
        for (String each : filters) {
            connection.send("S " + each);
        }
    }

    @Override
    void subscribed(String filter, String recovery, String position) {
        // The first message of each topic is where it begins.
    }

    @Override
    void received(String topic, String position, int number) {
        logs.get(topic).received(number);
    }

    /** Of a topic, or of a filter: then any topic may be meant. */
    @Override
    void toldGap(String filter) {
        Log only = logs.get(filter);
        (only == null ? logs() : List.of(only)).forEach(Log::toldGap);
    }
}
