package dev.weft.tools.connect;

import dev.weft.tools.options.PeerText;
import java.net.CookieHandler;
import java.net.URI;
import java.util.List;
import java.util.Map;

/**
 * Shows the parts of the opening handshake that the client passes to a cookie handler: that a request is sent, and the headers
 * of the response. Stores no cookies.
 */
final class HandshakeLog extends CookieHandler {
    private static final int MOST_CHARACTERS = 2000;

    private final Display display;
    private final List<String> ownHeaders;

    HandshakeLog(Display display, List<String> ownHeaders) {
        this.display = display;
        this.ownHeaders = ownHeaders;
    }

    @Override
    public Map<String, List<String>> get(URI uri, Map<String, List<String>> headers) {
        String path = uri.getRawPath() == null || uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
        display.detail("> GET " + path + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery()) + " HTTP/1.1");
        display.detail("> Host: " + uri.getRawAuthority());
        ownHeaders.forEach(header -> display.detail("> " + header));
        return Map.of();
    }

    @Override
    public void put(URI uri, Map<String, List<String>> headers) {
        headers.forEach((name, values) -> values.forEach(
                value -> display.detail("< " + PeerText.line(name + ": " + value, MOST_CHARACTERS))));
    }
}
