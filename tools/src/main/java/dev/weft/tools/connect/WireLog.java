package dev.weft.tools.connect;

import dev.weft.client.WireListener;
import dev.weft.tools.options.PeerText;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/** Shows what passes over one connection: addresses, TLS, both heads of the opening handshake, and each frame. */
final class WireLog implements WireListener {
    private static final int MOST_CHARACTERS = 500;

    private final Display display;
    private final WireDirection sent;
    private final WireDirection received;

    WireLog(Display display) {
        this.display = display;
        this.sent = new WireDirection(line -> display.detail("> " + line));
        this.received = new WireDirection(line -> display.detail("< " + line));
    }

    @Override
    public void connected(SocketAddress localAddress, SocketAddress remoteAddress, Optional<SSLSession> tlsSession) {
        display.detail("* from " + text(localAddress) + " to " + text(remoteAddress));
        tlsSession.ifPresent(session -> display.detail(
                "* " + session.getProtocol() + ", " + session.getCipherSuite() + ", certificate of " + peer(session)));
    }

    /** The address without the empty name before it. */
    static String text(SocketAddress address) {
        return address instanceof InetSocketAddress internet
                ? internet.toString().substring(internet.toString().indexOf('/') + 1)
                : String.valueOf(address);
    }

    private static String peer(SSLSession session) {
        try {
            return PeerText.line(session.getPeerPrincipal().getName(), MOST_CHARACTERS);
        } catch (SSLPeerUnverifiedException e) {
            return "nobody";
        }
    }

    @Override
    public void sent(ByteBuffer bytes) {
        sent.show(bytes);
    }

    @Override
    public void received(ByteBuffer bytes) {
        received.show(bytes);
    }
}
