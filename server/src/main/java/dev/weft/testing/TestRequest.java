package dev.weft.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.SocketAddress;
import java.net.URLEncoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A client's opening handshake to a {@link TestServer}. Each method that sets something returns this object. Not thread-safe.
 */
public final class TestRequest {
    private static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";

    private final TestServer server;
    private final String path;
    private final List<String> parameters = new ArrayList<>();
    private final List<String> headers = new ArrayList<>();
    private final List<String> cookies = new ArrayList<>();
    private final List<String> subprotocols = new ArrayList<>();
    private String host = "localhost";
    private Faults toServer = Faults.none();
    private Faults toClient = Faults.none();
    private @Nullable SocketAddress address;

    TestRequest(TestServer server, String path) {
        this.server = server;
        this.path = requireLine(path);
    }

    private static String requireLine(String text) {
        if (Objects.requireNonNull(text).chars().anyMatch(c -> c == '\r' || c == '\n')) {
            throw new IllegalArgumentException("a line break in \"" + text + '"');
        }
        return text;
    }

    /** Adds a query parameter; both arguments are encoded. */
    public TestRequest query(String name, String value) {
        parameters.add(URLEncoder.encode(name, UTF_8) + "=" + URLEncoder.encode(value, UTF_8));
        return this;
    }

    /**
     * Adds a header field.
     *
     * @throws IllegalArgumentException if it contains a line break
     */
    public TestRequest header(String name, String value) {
        headers.add(requireLine(name + ": " + value));
        return this;
    }

    /** Adds a cookie without encoding it. */
    public TestRequest cookie(String name, String value) {
        cookies.add(requireLine(name + "=" + value));
        return this;
    }

    /**
     * Sets the origin of the page that makes the request, such as {@code https://example.com}. Default: none, as for a client
     * that is not a browser.
     */
    public TestRequest origin(String origin) {
        return header("Origin", origin);
    }

    /** Sets the {@code Host}. Default {@code localhost}. */
    public TestRequest host(String value) {
        host = requireLine(value);
        return this;
    }

    /** Offers subprotocols, in order of preference. */
    public TestRequest subprotocols(String... offered) {
        subprotocols.addAll(List.of(offered));
        return this;
    }

    /** Offers permessage-deflate without parameters. */
    public TestRequest deflate() {
        return deflate("");
    }

    /** Offers permessage-deflate with parameters, such as {@code client_no_context_takeover}. */
    public TestRequest deflate(String value) {
        return header("Sec-WebSocket-Extensions", "permessage-deflate" + (value.isEmpty() ? "" : "; " + value));
    }

    /** Sets the client's address that the policy sees. Default: an unresolved name. */
    public TestRequest from(SocketAddress remote) {
        address = Objects.requireNonNull(remote, "remote");
        return this;
    }

    /** Sets the faults in the direction of the server; they affect the request too. */
    public TestRequest faultsToServer(Faults faults) {
        toServer = Objects.requireNonNull(faults, "faults");
        return this;
    }

    /** Sets the faults in the direction of the client; they affect the response too. */
    public TestRequest faultsToClient(Faults faults) {
        toClient = Objects.requireNonNull(faults, "faults");
        return this;
    }

    /**
     * Connects. Waits for the response, at most 5 seconds.
     *
     * @return the client's end
     * @throws AssertionError if the server refuses, or does not answer
     */
    public TestConnection open() {
        return server.open(this);
    }

    /**
     * Connects, and expects a refusal with this status. Waits for the response, at most 5 seconds.
     *
     * @throws AssertionError if the server accepts, refuses with another status, or does not answer
     */
    public TestResponse expectRefusal(int status) {
        return server.refusal(this, status);
    }

    Faults toServer() {
        return toServer;
    }

    Faults toClient() {
        return toClient;
    }

    Optional<SocketAddress> address() {
        return Optional.ofNullable(address);
    }

    String target() {
        return parameters.isEmpty() ? path : path + (path.contains("?") ? "&" : "?") + String.join("&", parameters);
    }

    byte[] bytes() {
        StringBuilder head = new StringBuilder("GET " + target() + " HTTP/1.1\r\nHost: " + host
                + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
                + KEY + "\r\n");
        if (!subprotocols.isEmpty()) {
            head.append("Sec-WebSocket-Protocol: ").append(String.join(", ", subprotocols)).append("\r\n");
        }
        if (!cookies.isEmpty()) {
            head.append("Cookie: ").append(String.join("; ", cookies)).append("\r\n");
        }
        headers.forEach(line -> head.append(line).append("\r\n"));
        return head.append("\r\n").toString().getBytes(ISO_8859_1);
    }
}
