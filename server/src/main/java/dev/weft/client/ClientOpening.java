package dev.weft.client;

import dev.weft.client.WebSocketConnectException.Step;
import dev.weft.internal.Escape;
import dev.weft.internal.connection.HandshakeResult;
import dev.weft.internal.event.ConnectionEvents;
import dev.weft.internal.receive.InboundBuffer;
import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.http.Headers;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * The steps to an open connection of a client, from looking up the server's name to its response. One thread takes them; any
 * thread may cancel them.
 */
final class ClientOpening {
    private final WebSocketClient client;

    /** What can be cancelled, and the reason for cancelling it. */
    private final CompletableFuture<InetAddress[]> lookup = new CompletableFuture<>();
    private volatile @Nullable AddressRace race;
    private volatile @Nullable Transport transport;
    private volatile @Nullable String cutOff;
    /** When the handshake started. */
    private volatile int since;

    private @Nullable InboundBuffer input;
    private boolean lingers;

    /** An opening that has not begun. */
    ClientOpening(WebSocketClient client) {
        this.client = client;
    }

    /** Takes all steps up to a successful response. After a failure, {@link #transport} has to be closed. Waits. */
    HandshakeResult run(Destination destination, Headers headers) throws IOException {
        long began = System.nanoTime();
        try {
            HandshakeResult result = attempt(destination, headers);
            record(destination, began, null);
            return result;
        } catch (IOException e) {
            record(destination, began, e);
            throw e;
        }
    }

    private void record(Destination destination, long began, @Nullable IOException failure) {
        Transport connected = transport;
        SocketAddress peer = connected == null
                ? InetSocketAddress.createUnresolved(destination.host(), destination.port())
                : connected.remoteAddress();
        int failedStatus = failure instanceof WebSocketConnectException known
                ? known.response().map(FailedResponse::status).orElse(0)
                : 0;
        ConnectionEvents.get().clientHandshake(failedStatus, destination.target(), peer, System.nanoTime() - began,
                failure);
    }

    private HandshakeResult attempt(Destination destination, Headers headers) throws IOException {
        Step step = Step.CONNECT;
        try {
            Proxy proxy = client.sockets().proxy(destination);
            SocketChannel channel = connectSocket(destination, proxy);
            Transport plain = client.over(channel);
            since = client.services().clock().now();
            transport = plain;
            requireNotCutOff();
            if (proxy.type() != Proxy.Type.DIRECT) {
                step = Step.PROXY;
                new ProxyTunnel(plain, destination, client.configuration().settings().proxyCredentials)
                        .open(proxy.type(), client.services().pool(), client.configuration().httpLimits());
            }
            Transport connected = plain;
            if (destination.secure()) {
                step = Step.TLS;
                connected = client.tls().over(plain, destination);
                transport = connected;
                requireNotCutOff();
                connected.handshake();
            }
            step = Step.HANDSHAKE;
            connected = client.observed(connected, destination);
            transport = connected;
            InboundBuffer buffer = new InboundBuffer(connected, client.services().pool());
            input = buffer;
            HandshakeResult result = new ClientHandshake(client.configuration(), client.codecs(), destination)
                    .run(connected, buffer, headers);
            requireNotCutOff();
            return result;
        } catch (SSLException e) {
            lingers = step == Step.TLS && cutOff == null;
            throw failure(step, e);
        } catch (WebSocketConnectException | InterruptedIOException e) {
            // The response says more than a timeout while reading its body.
            boolean responded = e instanceof WebSocketConnectException known && known.response().isPresent();
            throw cutOff == null || responded ? e : failure(step, e);
        } catch (IOException e) {
            throw failure(step, e);
        }
    }

    private SocketChannel connectSocket(Destination destination, Proxy proxy) throws IOException {
        TimeLimit limit = TimeLimit.in(client.configuration().connectTimeout());
        AddressRace connecting = client.sockets().race();
        race = connecting;
        if (cutOff != null) {
            connecting.cancel();
        }
        try {
            return connecting.run(client.sockets().addresses(destination, proxy, limit, lookup), limit);
        } catch (WebSocketConnectException e) {
            client.sockets().proxyFailed(destination, proxy, e);
            throw e;
        } finally {
            race = null;
        }
    }

    private void requireNotCutOff() throws IOException {
        if (cutOff != null) {
            throw new IOException(cutOff);
        }
    }

    private IOException failure(Step step, IOException e) {
        String why = cutOff;
        return new WebSocketConnectException(step, why != null ? why : Escape.text(String.valueOf(e.getMessage())), e);
    }

    /** Cancels the opening, if it has not ended. Does not wait. */
    void cutOff(String why) {
        cutOff = why;
        lookup.completeExceptionally(new IOException(why));
        AddressRace connecting = race;
        if (connecting != null) {
            connecting.cancel();
        }
        Transport opening = transport;
        if (opening != null) {
            opening.close();
        }
    }

    /** Cancels the opening if it takes too long. For the sweeper; does not block. */
    void sweep(int now) {
        Transport opening = transport;
        long most = client.configuration().timeouts().handshakeTimeout().toMillis();
        // As long as received bytes are waiting for a thread of this end, the server is not late.
        if (opening != null && now - since >= most && !opening.hasUnread()) {
            cutOff("the handshake took over " + most + " ms (handshakeTimeout)");
        }
    }

    /** What is connected; {@code null} before that. */
    @Nullable
    Transport transport() {
        return transport;
    }

    /** May hold the first frames; {@code null} before the request is sent. For the thread that has taken the steps. */
    @Nullable
    InboundBuffer input() {
        return input;
    }

    /** Whether the transport must not be closed at once, so that the server receives the alert with the reason. */
    boolean lingers() {
        return lingers;
    }
}
