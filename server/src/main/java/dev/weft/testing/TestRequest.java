package dev.weft.testing;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.SocketAddress;
import java.net.URLEncoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * A client's request to a {@link TestServer}: an opening handshake, or a plain HTTP request. Each method that sets something
 * returns this object. A request may be sent repeatedly, each time on a connection of its own. Not thread-safe.
 */
public final class TestRequest {
    private static final byte[] NOTHING = {};
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
    private @Nullable SSLContext tls;

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

    /**
     * Makes the client use TLS with this context, for a server that uses TLS. The server's certificate must be one that the
     * context trusts, for the name of the {@link #host}. Default: no TLS.
     */
    public TestRequest tls(SSLContext context) {
        tls = Objects.requireNonNull(context, "context");
        return this;
    }

    /** Sets the client's address that the server sees. Default: an unresolved name. */
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
     * Opens a WebSocket connection. Waits for the response, at most 5 seconds.
     *
     * @return the client's end
     * @throws AssertionError        if the server refuses, or does not answer
     * @throws IllegalStateException if the server uses TLS, and this request does not
     */
    public TestConnection open() {
        return server.open(this);
    }

    /**
     * Asks for a WebSocket connection, and expects a refusal with this status. Waits for the response, at most 5 seconds.
     *
     * @throws AssertionError        if the server accepts, refuses with another status, or does not answer
     * @throws IllegalStateException as {@link #open}
     */
    public TestResponse expectRefusal(int status) {
        return server.refusal(this, status);
    }

    /** Sends a plain GET request, otherwise as {@link #send(String, byte[])}. */
    public TestResponse get() {
        return send("GET", NOTHING);
    }

    /** Sends a plain HTTP request whose body is this text in UTF-8, otherwise as {@link #send(String, byte[])}. */
    public TestResponse send(String method, String body) {
        return send(method, body.getBytes(UTF_8));
    }

    /**
     * Sends a plain HTTP request. Waits for the whole response, at most 5 seconds.
     *
     * @param body may be empty; a {@code Content-Type} is set only by {@link #header}
     * @throws AssertionError           if the server does not answer, or the response has more than 16 MiB
     * @throws IllegalArgumentException if the method contains a line break
     * @throws IllegalStateException    as {@link #open}
     */
    public TestResponse send(String method, byte[] body) {
        return server.answer(this, method, plain(requireLine(method), body));
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

    Optional<SSLContext> tls() {
        return Optional.ofNullable(tls);
    }

    /** The host without its port. */
    String hostName() {
        return host.replaceFirst(":[0-9]*$", "");
    }

    /** An opening handshake. */
    byte[] handshake() {
        StringBuilder head = head("GET")
                .append("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ")
                .append(KEY).append("\r\n");
        if (!subprotocols.isEmpty()) {
            head.append("Sec-WebSocket-Protocol: ").append(String.join(", ", subprotocols)).append("\r\n");
        }
        return bytes(head, NOTHING);
    }

    /** A plain request. */
    byte[] plain(String method, byte[] body) {
        StringBuilder head = head(method);
        if (body.length > 0) {
            head.append("Content-Length: ").append(body.length).append("\r\n");
        }
        return bytes(head, body);
    }

    private StringBuilder head(String method) {
        return new StringBuilder(method).append(' ').append(target()).append(" HTTP/1.1\r\nHost: ").append(host)
                .append("\r\n");
    }

    private byte[] bytes(StringBuilder head, byte[] body) {
        if (!cookies.isEmpty()) {
            head.append("Cookie: ").append(String.join("; ", cookies)).append("\r\n");
        }
        headers.forEach(line -> head.append(line).append("\r\n"));
        byte[] bytes = head.append("\r\n").toString().getBytes(ISO_8859_1);
        byte[] all = Arrays.copyOf(bytes, bytes.length + body.length);
        System.arraycopy(body, 0, all, bytes.length, body.length);
        return all;
    }
}
