package dev.weft.testing;

import dev.weft.internal.connection.HandshakeResult;
import dev.weft.internal.http.ResponseReader;
import dev.weft.internal.receive.InboundBuffer;
import dev.weft.internal.testing.MemoryConnections;
import dev.weft.internal.transport.Transport;
import dev.weft.parser.Role;
import dev.weft.parser.http.HttpHeadException;
import dev.weft.parser.http.HttpLimits;
import dev.weft.parser.http.ResponseHead;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * One request and its response, in limited time: after that, the transport is closed. A failure is an {@link AssertionError}.
 * Used by one thread.
 */
final class TestExchange implements AutoCloseable {
    private enum State {
        RUNNING, UPGRADED, LATE, CLOSED
    }

    private static final int LIMIT_SECONDS = 5;
    private static final int MAX_BODY_SIZE = 1 << 24;

    private final String target;
    private final MemoryConnections clients;
    private final Transport transport;
    private final InboundBuffer input;
    private final ResponseReader reader;
    private final AtomicReference<State> state = new AtomicReference<>(State.RUNNING);
    private final CountDownLatch over = new CountDownLatch(1);

    /** An exchange over this transport, which it owns. Its time begins to run. */
    TestExchange(String target, MemoryConnections clients, Transport transport) {
        this.target = target;
        this.clients = clients;
        this.transport = transport;
        this.input = clients.input(transport);
        this.reader = new ResponseReader(input, HttpLimits.DEFAULT);
        Thread.startVirtualThread(this::closeWhenLate);
    }

    private void closeWhenLate() {
        try {
            if (!over.await(LIMIT_SECONDS, TimeUnit.SECONDS) && state.compareAndSet(State.RUNNING, State.LATE)) {
                transport.close();
            }
        } catch (InterruptedException e) {
            // Nobody has this thread.
        }
    }

    /** Sends the request, and waits for the head of the response. */
    ResponseHead send(byte[] request) {
        try {
            transport.handshake();
            IOException unsent = write(request);
            try {
                return reader.readHead();
            } catch (IOException e) {
                throw unsent == null ? e : unsent;
            }
        } catch (HttpHeadException | IOException e) {
            throw failure(e);
        }
    }

    /** Returns the exception of a failed write: a server may answer before it has read the whole request. */
    private IOException write(byte[] request) {
        try {
            transport.write(ByteBuffer.wrap(request));
            return null;
        } catch (IOException e) {
            return e;
        }
    }

    /** Waits for the rest of the response to a request with this method. */
    TestResponse read(ResponseHead head, String method) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try {
            if (!method.equals("HEAD")) {
                reader.readBody(head, body, MAX_BODY_SIZE + 1);
            }
        } catch (IOException e) {
            throw failure(e);
        }
        if (body.size() > MAX_BODY_SIZE) {
            throw new AssertionError("the response to " + target + " has more than " + MAX_BODY_SIZE + " bytes");
        }
        return new TestResponse(head.status(), head.headers(), body.toByteArray());
    }

    /** Ends the exchange, and makes its connection a WebSocket connection. */
    TestConnection upgrade(HandshakeResult result) {
        if (!state.compareAndSet(State.RUNNING, State.UPGRADED)) {
            throw failure(new IOException("closed"));
        }
        over.countDown();
        input.restore(Arrays.copyOfRange(input.array(), reader.offset(), input.length()));
        return new TestConnection(clients.connect(Role.CLIENT, transport, input, result));
    }

    private AssertionError failure(Exception cause) {
        return new AssertionError("the request for " + target + " failed: "
                + (state.get() == State.LATE ? "the response was not complete in time" : cause), cause);
    }

    /** Ends the connection, unless it was upgraded. */
    @Override
    public void close() {
        if (state.get() != State.UPGRADED) {
            state.compareAndSet(State.RUNNING, State.CLOSED);
            over.countDown();
            transport.close();
            input.end();
        }
    }
}
