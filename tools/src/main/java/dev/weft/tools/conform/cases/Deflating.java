package dev.weft.tools.conform.cases;

import dev.weft.parser.FrameHeader;
import dev.weft.tools.conform.deflate.WindowDeflater;
import dev.weft.tools.conform.wire.Frame;
import dev.weft.tools.conform.wire.Peer;
import dev.weft.tools.conform.wire.Server;

/** A connection with permessage-deflate, and the compressor that its agreement asks for. To be closed. */
final class Deflating implements AutoCloseable {
    private final Peer peer;
    private final WindowDeflater deflater;

    Deflating(Peer peer) {
        this.peer = peer;
        this.deflater = new WindowDeflater(peer.agreement().clientBits(), peer.agreement().clientNoContextTakeover());
    }

    /** Opens one; {@link dev.weft.tools.conform.wire.Unsupported} if the server declines the offer. */
    static Deflating open(Server server, String offer) {
        return new Deflating(server.openDeflating(offer));
    }

    Peer peer() {
        return peer;
    }

    /** The next message, compressed. Each must be sent, and in this order: the server's window follows. */
    Frame compressed(Frame message) {
        return Frame.of(message.opcode(), deflater.deflate(message.payload())).rsv(FrameHeader.RSV1);
    }

    /** Sends a message compressed and waits for its echo. */
    void echoes(Frame message) {
        peer.send(compressed(message));
        peer.expect(message);
    }

    /** Does the closing handshake. */
    void finish() {
        peer.close();
    }

    @Override
    public void close() {
        deflater.close();
        peer.abort();
    }
}
