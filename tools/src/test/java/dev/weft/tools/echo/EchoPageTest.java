package dev.weft.tools.echo;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.http.Headers;
import dev.weft.parser.http.HttpResponse;
import dev.weft.parser.http.RequestHead;
import dev.weft.server.HttpRequest;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EchoPageTest {
    private final HttpResponse page = get("/");
    private final String html = new String(page.body(), UTF_8);

    private static HttpResponse get(String target) {
        RequestHead head = new RequestHead("GET", target, Headers.of("Host", "localhost"));
        return new EchoPage().handle(HttpRequest.builder(head).build());
    }

    private String header(String name) {
        assertEquals(1, page.headers().count(name), name);
        return page.headers().first(name).orElseThrow();
    }

    @Test
    void theRootIsAPage() {
        assertEquals(200, page.status());
        assertEquals("text/html; charset=utf-8", header("Content-Type"));
        assertTrue(html.startsWith("<!DOCTYPE html>\n<html lang=\"en\">"), html.substring(0, 40));
        assertEquals(200, get("/?anything").status());
    }

    @Test
    void browsersMustGetSecurityHeaders() {
        assertEquals("nosniff", header("X-Content-Type-Options"));
        assertEquals("no-referrer", header("Referrer-Policy"));
        List<String> policy = List.of(header("Content-Security-Policy").split("; "));
        assertTrue(policy.containsAll(List.of("default-src 'none'", "base-uri 'none'", "form-action 'none'",
                "frame-ancestors 'none'")), policy.toString());
        assertFalse(policy.toString().contains("unsafe"), policy.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"script", "style"})
    void thePolicyAllowsThePagesOwnScriptAndStyleAlone(String element) throws Exception {
        List<MatchResult> found = Pattern.compile("<" + element + "\\b[^>]*>(.*?)</" + element + ">", Pattern.DOTALL)
                .matcher(html).results().toList();
        assertEquals(1, found.size(), "one element of its kind");
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(found.get(0).group(1).getBytes(UTF_8));
        String expected = element + "-src 'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
        assertTrue(List.of(header("Content-Security-Policy").split("; ")).contains(expected), expected);
    }

    /** Everything that the policy would block. */
    @ParameterizedTest
    @ValueSource(strings = {"\\bsrc=", "@import", "\\bstyle=\"", "\\bon[a-z]+=\"", "href=\"(?!data:)", "javascript:"})
    void nothingComesFromOutside(String pattern) {
        assertFalse(Pattern.compile(pattern).matcher(html).find(), pattern);
    }

    @ParameterizedTest
    @ValueSource(strings = {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("})
    void whatCameBackIsNeverTakenForMarkup(String means) {
        assertFalse(html.contains(means), means);
    }

    @Test
    void theIconIsWithinThePage() {
        HttpResponse icon = get("/favicon.ico");
        assertEquals(204, icon.status());
        assertEquals(0, icon.body().length);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/index.html", "/echo.html", "//", "/.", "/../", "/%2e%2e/echo.html", "/x?/"})
    void nothingElseIsFound(String target) {
        HttpResponse response = get(target);
        assertEquals(404, response.status());
        assertEquals("text/plain; charset=utf-8", response.headers().first("Content-Type").orElseThrow());
        assertFalse(new String(response.body(), UTF_8).contains(target), "the target is not sent back");
    }
}
