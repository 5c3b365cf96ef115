package dev.weft.tools.echo;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.parser.http.HttpResponse;
import dev.weft.server.HttpHandler;
import dev.weft.server.HttpRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;

/** Answers {@code GET /} with a page for trying out the server; all other paths are not found. */
final class EchoPage implements HttpHandler {
    private static final String RESOURCE = "echo.html";

    /** Loaded by the first request for the page: hashing would noticeably delay the start of the server. */
    private static final class Page {
        static final HttpResponse RESPONSE = load();
    }

    private static HttpResponse load() {
        String html;
        try (InputStream resource = EchoPage.class.getResourceAsStream(RESOURCE)) {
            // A browser hashes the parsed text, and a parser reads CR LF as LF.
            html = new String(resource.readAllBytes(), UTF_8).replace("\r\n", "\n");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return HttpResponse.bytes(200, "text/html; charset=utf-8", html.getBytes(UTF_8))
                .withHeader("Content-Security-Policy", policyFor(html))
                .withHeader("X-Content-Type-Options", "nosniff")
                .withHeader("Referrer-Policy", "no-referrer")
                .withHeader("Cache-Control", "no-cache");
    }

    /** Allows only the page's own script and style, and connections to any WebSocket server. */
    private static String policyFor(String html) {
        return "default-src 'none'; script-src " + hash(html, "script") + "; style-src " + hash(html, "style")
                + "; img-src data:; connect-src ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    }

    /** The hash of the page's only element with this name, as a source expression. */
    private static String hash(String html, String element) {
        int start = html.indexOf("<" + element + ">") + element.length() + 2;
        String content = html.substring(start, html.indexOf("</" + element + ">", start));
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(content.getBytes(UTF_8));
            return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    @Override
    public HttpResponse handle(HttpRequest request) {
        return switch (request.path()) {
            case "/" -> Page.RESPONSE;
            // Requested by browsers that do not use the page's own icon.
            case "/favicon.ico" -> HttpResponse.empty(204);
            default -> HttpResponse.text(404, "Nothing here; the page is at /\n")
                    .withHeader("X-Content-Type-Options", "nosniff");
        };
    }
}
