package dev.weft.internal.transport;

import java.io.IOException;
import java.net.SocketAddress;

/** A channel that Weft has made of a descriptor: it tells what a channel of the JDK does not. For any thread; no method waits. */
interface OwnChannel {
    /** Whether bytes have arrived that were not read. */
    boolean haveArrived() throws IOException;

    /** The address of this end, also after the channel is closed. */
    SocketAddress localAddress();

    /** The address of the peer, also after the channel is closed. */
    SocketAddress remoteAddress();
}
