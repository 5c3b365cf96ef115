package dev.weft.internal.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SocketTransportTest {
    /** More than the thread that waits for bytes takes. */
    private static final int LENGTH = 300;
    private static final int ROUNDS = 3000;

    /** What the thread that waits for bytes comes back with lies before what is on the channel then. */
    @Test
    void readsMustKeepTheOrderWhileBytesAreWaitedForAside() throws Exception {
        Semaphore told = new Semaphore(0);
        try (ServerSocketChannel listener = ServerSocketChannel.open()
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                SocketChannel peer = SocketChannel.open(listener.getLocalAddress());
                SocketChannel accepted = listener.accept()) {
            SocketTransport transport = new SocketTransport(accepted);
            transport.onUnread(told::release);
            for (int round = 0; round < ROUNDS; round++) {
                transport.tellOfUnread();
                byte[] sent = new byte[LENGTH];
                for (int i = 0; i < LENGTH; i++) {
                    sent[i] = (byte) i;
                }
                peer.write(ByteBuffer.wrap(sent));
                ByteBuffer target = ByteBuffer.allocate(LENGTH);
                while (target.hasRemaining()) {
                    transport.readNow(target);
                }
                assertEquals(ByteBuffer.wrap(sent), target.flip(), "round " + round);
                told.acquire();
            }
        }
    }
}
