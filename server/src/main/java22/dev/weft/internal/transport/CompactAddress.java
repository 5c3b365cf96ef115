package dev.weft.internal.transport;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The address of a TCP socket. One of IPv4 takes 16 bytes, and the JDK's objects for it take 80. */
sealed interface CompactAddress {
    /** The JDK's form of it. */
    InetSocketAddress expand();

    /** The address in a {@code sockaddr_in} or {@code sockaddr_in6} of the system. */
    static CompactAddress of(byte[] systemForm) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(systemForm);
        // Only the family and the scope are in the order of the processor.
        ByteBuffer inNativeOrder = ByteBuffer.wrap(systemForm).order(ByteOrder.nativeOrder());
        char port = bytes.getChar(2);
        if (inNativeOrder.getShort(0) == Inet4.FAMILY) {
            return new Inet4(bytes.getInt(4), port);
        }
        byte[] host = new byte[16];
        bytes.get(8, host);
        InetAddress address = InetAddress.getByAddress(host);
        if (address instanceof Inet4Address) {
            // The JDK's sockets are of IPv6, and have such an address within one of IPv6.
            return new Inet4(bytes.getInt(8 + 12), port);
        }
        int scope = inNativeOrder.getInt(24);
        if (scope != 0) {
            address = Inet6Address.getByAddress(null, host, scope);
        }
        return new Inet6(new InetSocketAddress(address, port));
    }

    /** An address of IPv4. */
    record Inet4(int host, char port) implements CompactAddress {
        private static final int FAMILY = 2;

        @Override
        public InetSocketAddress expand() {
            byte[] bytes = ByteBuffer.allocate(Integer.BYTES).putInt(host).array();
            try {
                return new InetSocketAddress(InetAddress.getByAddress(bytes), port);
            } catch (UnknownHostException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    /** An address of IPv6. */
    record Inet6(InetSocketAddress address) implements CompactAddress {
        @Override
        public InetSocketAddress expand() {
            return address;
        }
    }
}
