package dev.weft.tools.handlers;

import dev.weft.server.WebSocketServer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * The code that a running server serves. New handshakes get the endpoints of the newest code; open connections continue with
 * the code that they began with. Any thread may reload; one at a time does.
 */
public final class LiveHandlers {
    private final WebSocketServer server;
    private HandlerCode current;

    /**
     * Creates the state after the start.
     *
     * @param current the code whose endpoints the server was started with
     */
    public LiveHandlers(WebSocketServer server, HandlerCode current) {
        this.server = server;
        this.current = current;
    }

    /**
     * Loads the code again, and replaces the endpoints. After an exception, the server has the old ones.
     *
     * @throws HandlerException if the code cannot be compiled, loaded or used
     */
    public synchronized void reload(Path code) throws HandlerException {
        HandlerCode next = HandlerCode.load(code);
        replace(current.endpoints().keySet(), next.endpoints(), server::addEndpoint, server::replaceEndpoint,
                server::removeEndpoint);
        replace(current.httpEndpoints().keySet(), next.httpEndpoints(), server::addHttp, server::replaceHttp,
                server::removeHttp);
        current = next;
    }

    private static <T> void replace(Set<String> present, Map<String, T> next, BiConsumer<String, T> add,
            BiConsumer<String, T> replace, Consumer<String> remove) {
        Map<String, String> left = new HashMap<>();
        present.forEach(path -> left.put(withoutNames(path), path));
        next.forEach((path, endpoint) -> {
            if (left.remove(withoutNames(path)) == null) {
                add.accept(path, endpoint);
            } else {
                replace.accept(path, endpoint);
            }
        });
        left.values().forEach(remove);
    }

    /** Equal for paths that match the same paths. */
    private static String withoutNames(String path) {
        return path.replaceAll("\\{[^/}]*}", "{}");
    }
}
