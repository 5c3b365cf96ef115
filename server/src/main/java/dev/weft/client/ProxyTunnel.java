package dev.weft.client;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.client.WebSocketConnectException.Step;
import dev.weft.internal.Escape;
import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.http.ResponseReader;
import dev.weft.internal.receive.InboundBuffer;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.http.HttpHeadException;
import dev.weft.parser.http.HttpLimits;
import dev.weft.parser.http.ResponseHead;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Proxy;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Optional;

/**
 * Makes a proxy connect to the destination: by HTTP CONNECT (RFC 9110 §9.3.6), with Basic credentials (RFC 7617), or by SOCKS 5
 * (RFC 1928), with a user name and a password (RFC 1929). The proxy looks up the destination's name. Used by the thread that
 * opens the connection.
 *
 * @param transport   connected to the proxy; afterwards to the destination
 * @param destination the destination that the proxy connects to
 * @param credentials the credentials for the proxy
 */
record ProxyTunnel(Transport transport, Destination destination, Optional<Credentials> credentials) {
    /** A user name and a password, each at most 255 bytes long. */
    record Credentials(String user, String password) {
        /** Does not contain the password. */
        @Override
        public String toString() {
            return "Credentials[" + user + "]";
        }
    }

    private static final int SOCKS_VERSION = 5;
    private static final int NO_AUTHENTICATION = 0;
    private static final int USER_AND_PASSWORD = 2;
    private static final int AUTHENTICATION_VERSION = 1;
    private static final int CONNECT = 1;
    private static final int IPV4 = 1;
    private static final int NAME = 3;
    private static final int IPV6 = 4;
    private static final int LONGEST_NAME = 255;

    /**
     * Waits until the proxy has connected to the destination.
     *
     * @throws WebSocketConnectException if the proxy refuses or violates its protocol
     * @throws IOException               if the wire is dead
     */
    void open(Proxy.Type type, BufferPool pool, HttpLimits limits) throws IOException {
        if (type == Proxy.Type.HTTP) {
            openByHttp(pool, limits);
        } else {
            openBySocks();
        }
    }

    private static WebSocketConnectException refused(String why) {
        return new WebSocketConnectException(Step.PROXY, why, null);
    }

    // HTTP

    private void openByHttp(BufferPool pool, HttpLimits limits) throws IOException {
        StringBuilder head = new StringBuilder("CONNECT ").append(destination.authority()).append(" HTTP/1.1\r\nHost: ")
                .append(destination.authority()).append("\r\n");
        credentials.ifPresent(each -> head.append("Proxy-Authorization: Basic ").append(
                Base64.getEncoder().encodeToString((each.user + ":" + each.password).getBytes(UTF_8))).append("\r\n"));
        transport.write(ByteBuffer.wrap(head.append("\r\n").toString().getBytes(ISO_8859_1)));
        InboundBuffer input = new InboundBuffer(transport, pool);
        try {
            ResponseReader reader = new ResponseReader(input, limits);
            ResponseHead response = reader.readHead();
            if (response.status() < 200 || response.status() > 299) {
                byte[] body = reader.readBody(response, FailedResponse.MAX_BODY_SIZE);
                throw new WebSocketConnectException(Step.PROXY,
                        "the proxy answered " + response.status() + " " + Escape.text(response.reason()), null,
                        new FailedResponse(response.status(), response.headers(), body));
            }
            // The destination sends nothing before it gets a request, so these bytes are not from it.
            if (reader.offset() < input.length()) {
                throw refused("the proxy sent more than its response");
            }
        } catch (HttpHeadException e) {
            throw new WebSocketConnectException(Step.PROXY,
                    "the proxy's response is no HTTP response, or too large: " + e.getMessage(), e);
        } finally {
            input.end();
        }
    }

    // SOCKS

    private void openBySocks() throws IOException {
        byte[] methods = credentials.isPresent()
                ? new byte[]{SOCKS_VERSION, 2, NO_AUTHENTICATION, USER_AND_PASSWORD}
                : new byte[]{SOCKS_VERSION, 1, NO_AUTHENTICATION};
        transport.write(ByteBuffer.wrap(methods));
        byte[] chosen = read(2);
        if (chosen[0] != SOCKS_VERSION) {
            throw refused("the proxy does not speak SOCKS 5");
        }
        if (chosen[1] == USER_AND_PASSWORD && credentials.isPresent()) {
            authenticate(credentials.get());
        } else if (chosen[1] != NO_AUTHENTICATION) {
            throw refused(credentials.isPresent()
                    ? "the proxy accepts neither a user name with a password nor none"
                    : "the proxy wants credentials");
        }
        connectBySocks();
    }

    private void authenticate(Credentials known) throws IOException {
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.write(AUTHENTICATION_VERSION);
        for (String each : new String[]{known.user, known.password}) {
            byte[] bytes = each.getBytes(UTF_8);
            request.write(bytes.length);
            request.writeBytes(bytes);
        }
        transport.write(ByteBuffer.wrap(request.toByteArray()));
        if (read(2)[1] != 0) {
            throw refused("the proxy refuses the credentials");
        }
    }

    private void connectBySocks() throws IOException {
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(new byte[]{SOCKS_VERSION, CONNECT, 0});
        if (destination.isAddress()) {
            byte[] address = InetAddress.getByName(destination.hostWithoutZone()).getAddress();
            request.write(address.length == 4 ? IPV4 : IPV6);
            request.writeBytes(address);
        } else {
            byte[] name = destination.host().getBytes(ISO_8859_1);
            if (name.length > LONGEST_NAME) {
                throw refused("the host's name is too long for SOCKS 5");
            }
            request.write(NAME);
            request.write(name.length);
            request.writeBytes(name);
        }
        request.write(destination.port() >>> 8);
        request.write(destination.port());
        transport.write(ByteBuffer.wrap(request.toByteArray()));
        byte[] reply = read(4);
        if (reply[0] != SOCKS_VERSION) {
            throw refused("the proxy does not speak SOCKS 5");
        }
        if (reply[1] != 0) {
            throw refused("the proxy cannot connect: " + meaning(reply[1]));
        }
        int length = switch (reply[3]) {
            case IPV4 -> 4;
            case IPV6 -> 16;
            case NAME -> read(1)[0] & 0xFF;
            default -> throw refused("the proxy does not speak SOCKS 5");
        };
        read(length + 2);
    }

    /** RFC 1928 §6. */
    private static String meaning(byte reply) {
        return switch (reply) {
            case 1 -> "general failure";
            case 2 -> "not allowed by its rules";
            case 3 -> "network unreachable";
            case 4 -> "host unreachable";
            case 5 -> "connection refused";
            case 6 -> "TTL expired";
            case 7 -> "command not supported";
            case 8 -> "address type not supported";
            default -> "reply " + (reply & 0xFF);
        };
    }

    /** Waits for exactly this number of bytes: what follows is from the destination. */
    private byte[] read(int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            if (transport.read(bytes) < 0) {
                throw new EOFException("the proxy ended the connection");
            }
        }
        return bytes.array();
    }
}
