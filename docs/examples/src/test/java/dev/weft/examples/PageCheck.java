package dev.weft.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Installed;
import dev.weft.TestProcess;
import dev.weft.parser.http.HttpResponse;
import dev.weft.server.HttpEndpoint;
import dev.weft.server.WebSocketServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Uses the page of an example in Chromium, as page-check.html says. Skipped where it is missing. */
public final class PageCheck {
    private static final Duration LIMIT = Duration.ofSeconds(50);

    private final Path folder;
    private final CompletableFuture<String> result = new CompletableFuture<>();

    /** The folder is for the profile of the browser. */
    public PageCheck(Path folder) {
        this.folder = folder;
    }

    /** Serves the checks beside the page, which can then be asked for by its script. */
    public void pass(WebSocketServer server, String example) throws Exception {
        String chromium = Installed.program("chromium");
        byte[] page = page();
        server.addHttp("/check", HttpEndpoint
                .of("GET", request -> HttpResponse.bytes(200, "text/html; charset=utf-8", page))
                .method("POST", request -> {
                    result.complete(request.bodyText());
                    return HttpResponse.text(200, "thanks");
                }));
        // Its sandbox does not work for root, as in containers; only our own page is opened.
        ProcessBuilder command = new ProcessBuilder(chromium, "--headless", "--no-sandbox", "--disable-gpu",
                "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--user-data-dir=" + folder.resolve("profile"),
                "http://127.0.0.1:" + server.port() + "/check?" + example);
        command.redirectErrorStream(true).redirectOutput(folder.resolve("chromium").toFile());
        try (TestProcess process = TestProcess.start(command, LIMIT)) {
            assertEquals("ok", result.completeOnTimeout("no result", 40, TimeUnit.SECONDS).join());
            process.process().destroy(); // so that it leaves its profile in peace
            process.process().waitFor(10, TimeUnit.SECONDS);
        }
    }

    /** Whether the checks are over. */
    public boolean isOver() {
        return result.isDone();
    }

    private static byte[] page() throws IOException {
        try (InputStream page = PageCheck.class.getResourceAsStream("/page-check.html")) {
            return page.readAllBytes();
        }
    }
}
