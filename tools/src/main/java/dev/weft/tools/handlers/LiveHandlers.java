package dev.weft.tools.handlers;

import dev.weft.server.Endpoint;
import dev.weft.server.HttpEndpoint;
import dev.weft.server.WebSocketServer;
import java.io.IOException;
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
    /** The watch of the newest code; {@code null} if it is not watched. */
    private HandlerWatch watch;
    private Path watched;
    private Consumer<Path> onLoaded;
    private Consumer<Throwable> onFailed;

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
     * Loads the code again, and replaces the endpoints. After an exception, the server has the old ones. A watch continues with
     * this code.
     *
     * @throws HandlerException if the code cannot be compiled, loaded, used or watched
     */
    public synchronized void reload(Path code) throws HandlerException {
        HandlerCode next = HandlerCode.load(code);
        if (watch == null || code.equals(watched)) {
            replaceAll(code, next);
            return;
        }
        // Before the code is used, so that no change is missed.
        HandlerWatch before = watch;
        HandlerWatch started = startWatch(code);
        try {
            replaceAll(code, next);
            watch = started;
            watched = code;
        } finally {
            (watch == started ? before : started).close();
        }
    }

    /**
     * Begins to load the code again after each change, on a thread of its own. If {@link #reload} loads other code, that is
     * watched from then on.
     *
     * @param code     the current code
     * @param onLoaded called with the code after it has been loaded again
     * @param onFailed called with the failure if it could not be loaded
     * @throws HandlerException if the system cannot watch the file or folder
     */
    public synchronized void watch(Path code, Consumer<Path> onLoaded, Consumer<Throwable> onFailed)
            throws HandlerException {
        this.onLoaded = onLoaded;
        this.onFailed = onFailed;
        watch = startWatch(code);
        watched = code;
    }

    private HandlerWatch startWatch(Path code) throws HandlerException {
        try {
            return HandlerWatch.start(code, () -> changed(code));
        } catch (IOException e) {
            throw new HandlerException(code + " cannot be watched: " + e, e);
        }
    }

    /** No failure ends the watch. */
    private void changed(Path code) {
        try {
            synchronized (this) {
                if (!code.equals(watched)) {
                    return;
                }
                reload(code);
            }
            onLoaded.accept(code);
        } catch (HandlerException | RuntimeException | Error e) {
            onFailed.accept(e);
        }
    }

    /** All endpoints, or none. */
    private void replaceAll(Path code, HandlerCode next) throws HandlerException {
        Map<String, Endpoint> endpoints = server.endpoints();
        Map<String, HttpEndpoint> httpEndpoints = server.httpEndpoints();
        boolean done = false;
        try {
            replace(current.endpoints().keySet(), current.httpEndpoints().keySet(), next.endpoints(),
                    next.httpEndpoints());
            current = next;
            done = true;
        } catch (RuntimeException e) {
            throw new HandlerException(code + " cannot be used: " + e.getMessage(), e);
        } finally {
            if (!done) {
                replace(server.endpoints().keySet(), server.httpEndpoints().keySet(), endpoints, httpEndpoints);
            }
        }
    }

    private void replace(Set<String> present, Set<String> httpPresent, Map<String, Endpoint> next,
            Map<String, HttpEndpoint> httpNext) {
        replace(present, next, server::addEndpoint, server::replaceEndpoint, server::removeEndpoint);
        replace(httpPresent, httpNext, server::addHttp, server::replaceHttp, server::removeHttp);
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
