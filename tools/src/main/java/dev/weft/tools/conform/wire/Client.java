package dev.weft.tools.conform.wire;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * The client under test: it opens a connection for each that a case needs, usually one after the other, so each ends the
 * one before. For use by any thread.
 */
public final class Client extends Subject {
    private final ClientRequest.Line visits;

    /** A client, for one case. */
    public Client(Settings settings, Findings findings, ClientRequest.Line visits) {
        super(settings, findings);
        this.visits = visits;
    }

    @Override
    public Side side() {
        return Side.CLIENT;
    }

    @Override
    Subject part() {
        return new Client(settings(), findings(), visits);
    }

    @Override
    int atOnce() {
        return 1;
    }

    /** A connection that waits for its response, and the request. */
    private record Waiting(Wire wire, Head request) {
        Head answer() {
            return new Request(request).answer();
        }
    }

    private Waiting next() {
        closeWires();
        ClientRequest visit = visits.next(settings().idle());
        Wire wire = add(visit.wire());
        new Request(visit.request()).check();
        return new Waiting(wire, visit.request());
    }

    @Override
    public Peer open(Frame... first) {
        return answer(head -> head, first);
    }

    /** Answers the next request by a changed head; the frames are sent in the same write. */
    public Peer answer(UnaryOperator<Head> change, Frame... first) {
        Waiting waiting = next();
        return answer(waiting, change.apply(waiting.answer()), null, first);
    }

    /** Answers the next request by bytes that may depend on it and on the head that would be right. */
    public Peer answerBytes(Function<Head, byte[]> bytes) {
        Waiting waiting = next();
        write(waiting.wire(), bytes.apply(waiting.answer()), new byte[0]);
        return peer(waiting.wire(), null);
    }

    /** The values of a header in the next request, which is answered as usual. */
    public List<String> openForValues(String header) {
        Waiting waiting = next();
        Peer peer = answer(waiting, waiting.answer(), null);
        peer.close();
        return waiting.request().values(header);
    }

    @Override
    public Peer openWithBytes(byte[] bytes, int length) {
        Waiting waiting = next();
        write(waiting.wire(), waiting.answer().bytes(), Arrays.copyOf(bytes, length));
        return peer(waiting.wire(), null);
    }

    @Override
    public Peer openChopped(int size) {
        Waiting waiting = next();
        waiting.wire().transcript().sent("head", waiting.answer().bytes());
        write(waiting.wire(), waiting.answer().bytes(), size);
        return peer(waiting.wire(), null);
    }

    @Override
    public Peer openDeflating(String element) {
        Waiting waiting = next();
        return openDeflating(waiting, element, AgreedParameters.answer(waiting.request(), element));
    }

    /** As {@link #openDeflating(String)}, but the element is sent as it is written. */
    public Peer openDeflatingBy(String element) {
        Waiting waiting = next();
        return openDeflating(waiting, element,
                AgreedParameters.allows(waiting.request(), element) ? element : null);
    }

    private Peer openDeflating(Waiting waiting, String element, String answered) {
        if (answered == null) {
            // The connection is of no use, but the client is not to blame.
            answer(waiting, waiting.answer(), null).close();
            throw new Unsupported("offers " + waiting.request().values("Sec-WebSocket-Extensions")
                    + ", which does not allow " + element);
        }
        Head head = waiting.answer().with("Sec-WebSocket-Extensions: " + answered);
        return answer(waiting, head, AgreedParameters.of(waiting.request(), head));
    }

    /**
     * Answers the next request, if it offers permessage-deflate, by this element of Sec-WebSocket-Extensions.
     *
     * @throws Unsupported if it is not offered
     */
    public Peer answerExtension(String element, Frame... first) {
        Waiting waiting = next();
        if (AgreedParameters.answer(waiting.request(), AgreedParameters.EXTENSION) == null) {
            answer(waiting, waiting.answer(), null).close();
            throw new Unsupported("does not offer permessage-deflate");
        }
        return answer(waiting, waiting.answer().with("Sec-WebSocket-Extensions: " + element), null, first);
    }

    private Peer answer(Waiting waiting, Head head, AgreedParameters agreement, Frame... first) {
        write(waiting.wire(), head.bytes(), Frame.bytes(Side.SERVER, List.of(first)), first);
        return peer(waiting.wire(), agreement);
    }
}
