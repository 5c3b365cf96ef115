package dev.weft.bench.peers;

import dev.weft.server.TransportKind;

/** Weft over the JDK's own blocking sockets. */
public final class WeftBlockingPeer {
    private WeftBlockingPeer() {}

    /** Serves over the JDK's sockets. */
    public static void main(String[] args) throws Exception {
        WeftPeer.serve(args, TransportKind.BLOCKING);
    }
}
