package dev.weft.internal;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;

/** The text form of addresses in logs and messages. */
public final class AddressText {
    private AddressText() {}

    /**
     * The address as text. The text for a Unix domain socket begins with {@code unix:}. Nothing follows if the address is
     * unnamed, as a client's usually is.
     */
    public static String of(SocketAddress address) {
        return address instanceof UnixDomainSocketAddress unix
                ? "unix:" + Escape.text(unix.getPath().toString())
                : String.valueOf(address);
    }

    /** The address to listen on, with the host and port as the user wrote them; otherwise like {@link #of}. */
    public static String asked(SocketAddress address) {
        if (!(address instanceof InetSocketAddress internet)) {
            return of(address);
        }
        String host = internet.getHostString();
        String bracketed = host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host;
        return bracketed + ":" + internet.getPort();
    }
}
