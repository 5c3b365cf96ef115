package dev.weft.client;

import dev.weft.client.WebSocketConnectException.Step;
import dev.weft.internal.Escape;
import dev.weft.internal.connection.HandshakeResult;
import dev.weft.internal.extension.DeflateExtension;
import dev.weft.internal.http.ResponseReader;
import dev.weft.internal.receive.InboundBuffer;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Role;
import dev.weft.parser.deflate.DeflateCodecs;
import dev.weft.parser.deflate.DeflateNegotiation;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.deflate.NegotiatedDeflate;
import dev.weft.parser.http.ClientOpeningHandshake;
import dev.weft.parser.http.ClientOpeningHandshake.Accepted;
import dev.weft.parser.http.ClientOpeningHandshake.Declined;
import dev.weft.parser.http.ClientOpeningHandshake.Invalid;
import dev.weft.parser.http.Headers;
import dev.weft.parser.http.HttpHeadException;
import dev.weft.parser.http.ResponseHead;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The client's opening handshake (RFC 6455 §4.1) over a transport. Used by the thread that opens the connection. */
final class ClientHandshake {
    /** §4.1: the key is 16 random bytes. */
    private static final int KEY_SIZE = 16;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final ClientConfiguration configuration;
    private final DeflateCodecs codecs;
    private final Destination destination;

    /** A handshake that has not started. */
    ClientHandshake(ClientConfiguration configuration, DeflateCodecs codecs, Destination destination) {
        this.configuration = configuration;
        this.codecs = codecs;
        this.destination = destination;
    }

    /**
     * Sends the request, waits for the response and checks it. Afterwards the input's region contains any frames that were
     * received with the response. The input then holds no pooled buffer, because it may be a long time before a thread
     * receives.
     *
     * @param headers the headers of this connection only
     * @return what was agreed on
     * @throws WebSocketConnectException if the connection was not accepted, or the response violates the RFC
     * @throws IOException               if the wire is dead
     */
    HandshakeResult run(Transport transport, InboundBuffer input, Headers headers) throws IOException {
        byte[] bytes = new byte[KEY_SIZE];
        RANDOM.nextBytes(bytes);
        String key = Base64.getEncoder().encodeToString(bytes);
        List<String> subprotocols = configuration.subprotocols();
        String offer = configuration.deflate().map(DeflateNegotiation::offer).orElse(null);
        transport.write(ByteBuffer.wrap(ClientOpeningHandshake.request(destination.target(), destination.hostHeader(),
                key, subprotocols, offer, withCookies(headers))));
        ResponseReader reader = new ResponseReader(input, configuration.httpLimits());
        ResponseHead head;
        try {
            head = reader.readHead();
        } catch (HttpHeadException e) {
            throw new WebSocketConnectException(Step.HANDSHAKE, "the response is no HTTP response, or too large: "
                    + e.getMessage(), e);
        }
        keepCookies(head.headers());
        return switch (ClientOpeningHandshake.check(head, key, subprotocols)) {
            case Accepted accepted -> {
                HandshakeResult result = result(accepted, head);
                input.restore(Arrays.copyOfRange(input.array(), reader.offset(), input.length()));
                yield result;
            }
            case Declined none -> throw declined(head, reader);
            case Invalid invalid -> throw new WebSocketConnectException(Step.HANDSHAKE, invalid.reason(), null);
        };
    }

    /** RFC 6265 §5.4: all cookies are sent in one header field. */
    private Headers withCookies(Headers headers) throws IOException {
        if (configuration.cookieHandler().isEmpty()) {
            return headers;
        }
        List<String> cookies = new ArrayList<>(headers.all("Cookie"));
        configuration.cookieHandler().get().get(destination.httpUri(), Map.of()).forEach((name, values) -> {
            if (name.equalsIgnoreCase("Cookie")) {
                cookies.addAll(values);
            }
        });
        return cookies.isEmpty()
                ? headers
                : Headers.builder().addAll(headers).set("Cookie", String.join("; ", cookies)).build();
    }

    private void keepCookies(Headers response) throws IOException {
        if (configuration.cookieHandler().isPresent()) {
            Map<String, List<String>> values = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            response.forEach((name, value) -> values.put(name, response.all(name)));
            configuration.cookieHandler().get().put(destination.httpUri(), values);
        }
    }

    private static WebSocketConnectException declined(ResponseHead head, ResponseReader reader) {
        byte[] body = reader.readBody(head, FailedResponse.MAX_BODY_SIZE);
        return new WebSocketConnectException(Step.HANDSHAKE,
                "the server answered " + head.status() + " " + Escape.text(head.reason()), null,
                new FailedResponse(head.status(), head.headers(), body));
    }

    private HandshakeResult result(Accepted accepted, ResponseHead head) throws WebSocketConnectException {
        Optional<DeflateSettings> offered = configuration.deflate();
        try {
            Optional<NegotiatedDeflate> negotiated = DeflateNegotiation.confirmLines(accepted.extensions(), offered);
            return new HandshakeResult(destination.target(), null, null, accepted.subprotocol().orElse(null), null,
                    negotiated.map(agreed -> new DeflateExtension(agreed, offered.orElseThrow(), codecs, Role.CLIENT,
                            configuration.limits()))
                            .orElse(null),
                    configuration.keepResponse() ? head : null);
        } catch (ProtocolViolationException e) {
            throw new WebSocketConnectException(Step.HANDSHAKE, Escape.text(e.getMessage()), e);
        }
    }
}
