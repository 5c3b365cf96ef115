package dev.weft.tools.conform.wire;

import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/** The server under test, for one case: opens connections to it. For any thread. */
public final class Server extends Subject {
    private static final int AT_ONCE = 16;

    /** A server, for one case. */
    public Server(Settings settings, Findings findings) {
        super(settings, findings);
    }

    @Override
    public Side side() {
        return Side.SERVER;
    }

    @Override
    Subject part() {
        return new Server(settings(), findings());
    }

    @Override
    int atOnce() {
        return AT_ONCE;
    }

    /** A valid upgrade request without extensions. */
    public Upgrade upgrade() {
        return Upgrade.to(settings());
    }

    @Override
    public Peer open(Frame... first) {
        return open(upgrade(), first);
    }

    /** Opens a WebSocket connection by a certain request; the frames are sent in the same write as the request's head. */
    public Peer open(Upgrade request, Frame... first) {
        Wire wire = connect();
        write(wire, request.bytes(), Frame.bytes(Side.CLIENT, List.of(first)), first);
        return accepted(wire, request);
    }

    @Override
    public Peer openWithBytes(byte[] bytes, int length) {
        Upgrade request = upgrade();
        Wire wire = connect();
        write(wire, request.bytes(), Arrays.copyOf(bytes, length));
        return accepted(wire, request);
    }

    @Override
    public Peer openChopped(int size) {
        Upgrade request = upgrade();
        Wire wire = connect();
        wire.transcript().sent("head", request.bytes());
        write(wire, request.bytes(), size);
        return accepted(wire, request);
    }

    @Override
    public Peer openDeflating(String element) {
        Peer peer = open(upgrade().offering(element));
        if (peer.agreement() == null) {
            peer.abort();
            throw new Unsupported("declines the offer " + element);
        }
        return peer;
    }

    /**
     * Sends bytes as a request, on a new connection.
     *
     * @return the response; {@code null} if the server ends the connection instead
     */
    public Response request(byte[] bytes) {
        return request(bytes, settings().timeout());
    }

    /** Like {@link #request(byte[])}, with another timeout. */
    public Response request(byte[] bytes, Duration timeout) {
        Wire wire = connect();
        write(wire, bytes, new byte[0]);
        try {
            return wire.response(timeout);
        } catch (IOException e) {
            throw new Failure("no response: " + e.getMessage());
        } finally {
            wire.close();
        }
    }

    private Wire connect() {
        try {
            return add(Wire.connect(settings()));
        } catch (IOException e) {
            throw new Failure("cannot connect: " + e.getMessage());
        }
    }

    private Peer accepted(Wire wire, Upgrade request) {
        Response response;
        try {
            response = wire.response(settings().timeout());
        } catch (IOException e) {
            throw new Failure("no response: " + e.getMessage());
        }
        if (response == null) {
            throw new Failure("§4.2.2: expected 101, got the end of the connection");
        }
        response.checkAccepts(request);
        return peer(wire, AgreedParameters.of(request.head(), response.head()));
    }
}
