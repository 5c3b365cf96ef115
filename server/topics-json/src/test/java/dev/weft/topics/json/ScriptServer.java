package dev.weft.topics.json;

import dev.weft.TestProcess;
import dev.weft.parser.http.HttpResponse;
import dev.weft.server.HttpRequest;
import dev.weft.server.StaticFiles;
import dev.weft.server.WebSocketServer;
import java.io.IOException;
import java.net.URI;
import java.util.concurrent.CompletableFuture;

/** Serves the checks of the client script, as a page and as files, and does to the server of topics what they ask for. */
final class ScriptServer implements AutoCloseable {
    private final RestartableServer served = new RestartableServer();
    private final CompletableFuture<String> result = new CompletableFuture<>();
    private final WebSocketServer control = WebSocketServer.builder()
            .http("POST", "/control", this::control)
            .http("POST", "/result", this::result)
            .files("/", StaticFiles.onClassPath(ScriptServer.class, "script"))
            .files("/weft/", JsonTopics.clientScript())
            .start();

    ScriptServer() throws IOException {}

    /** For scripts/smoke-topics: prints the addresses, and the result of the page. Ends with its standard input. */
    public static void main(String[] arguments) throws Exception {
        ScriptServer server = new ScriptServer();
        TestProcess.endWithInput();
        System.out.println(server.base());
        System.out.println(server.address());
        System.out.println(server.page());
        System.out.println(server.result.join());
    }

    private HttpResponse control(HttpRequest request) throws IOException {
        String topic = request.query().first("topic").orElseThrow();
        switch (request.query().first("action").orElseThrow()) {
            case "publish" -> served.publish(topic, number(request, "from"), number(request, "to"));
            case "stop" -> served.stop();
            case "start" -> served.start();
            case "forget" -> served.forget();
            case "leave" -> served.broker().leave();
            case "loseData" -> served.broker().loseData();
            case "comeBack" -> served.broker().comeBack();
            default -> {
                return HttpResponse.text(400, "no such action");
            }
        }
        return HttpResponse.text(200, "done");
    }

    private static int number(HttpRequest request, String name) {
        return Integer.parseInt(request.query().first(name).orElseThrow());
    }

    private HttpResponse result(HttpRequest request) throws IOException {
        result.complete(request.bodyText());
        return HttpResponse.text(200, "thanks");
    }

    /** Where the checks are. */
    URI base() {
        return URI.create("http://127.0.0.1:" + control.port() + "/");
    }

    /** Where the topics are. */
    URI address() {
        return served.uri("/topics");
    }

    /** A page that runs the checks, and reports their result. */
    URI page() {
        return base().resolve("?address=" + address());
    }

    CompletableFuture<String> result() {
        return result;
    }

    @Override
    public void close() {
        control.close();
        served.close();
    }
}
