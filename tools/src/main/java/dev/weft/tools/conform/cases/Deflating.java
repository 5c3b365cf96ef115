package dev.weft.tools.conform.cases;

import dev.weft.parser.FrameHeader;
import dev.weft.tools.conform.deflate.WindowDeflater;
import dev.weft.tools.conform.wire.Frame;
import dev.weft.tools.conform.wire.Peer;
import dev.weft.tools.conform.wire.Subject;

/** A connection with permessage-deflate, and the compressor for the negotiated parameters. The caller must close it. */
final class Deflating implements AutoCloseable {
    private final Peer peer;
    private final WindowDeflater deflater;

    Deflating(Peer peer) {
        this.peer = peer;
        this.deflater = new WindowDeflater(peer.windowBits(), peer.noContextTakeover());
    }

    /** Opens a connection; throws {@link dev.weft.tools.conform.wire.Unsupported} if the program under test does not agree. */
    static Deflating open(Subject subject, String element) {
        return new Deflating(subject.openDeflating(element));
    }

    Peer peer() {
        return peer;
    }

    /**
     * The next message, compressed. Every compressed message must be sent, in this order, because the receiver's window depends
     * on it.
     */
    Frame compressed(Frame message) {
        return Frame.of(message.opcode(), deflater.deflate(message.payload())).rsv(FrameHeader.RSV1);
    }

    /** Sends a message compressed and waits for its echo. */
    void echoes(Frame message) {
        peer.send(compressed(message));
        peer.expect(message);
    }

    /** Performs the closing handshake. */
    void finish() {
        peer.close();
    }

    @Override
    public void close() {
        deflater.close();
        peer.abort();
    }
}
