package dev.weft.internal.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.weft.server.Await;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Connections over several pollers, as on machines with many processors. */
@Timeout(60)
class ParkingTransportFactoryTest {
    private static final int CONNECTIONS = 10;

    @Test
    void connectionsMustBeSpreadOverThePollers() throws Exception {
        List<Poller> pollers = List.of(new Poller("poller-0", true), new Poller("poller-1", true));
        ParkingTransportFactory parking = new ParkingTransportFactory(pollers, "two pollers", new AtomicInteger());
        List<SocketChannel> peers = new ArrayList<>();
        CountDownLatch ended = new CountDownLatch(CONNECTIONS);
        try (ServerSocketChannel listener = ServerSocketChannel.open()
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            for (int i = 0; i < CONNECTIONS; i++) {
                peers.add(SocketChannel.open(listener.getLocalAddress()));
                Transport transport = parking.over(listener.accept());
                Thread thread = transport.threadBuilder().unstarted(() -> echo(transport, ended));
                parking.start(thread::start);
            }
            assertEquals(List.of(CONNECTIONS / 2, CONNECTIONS / 2), pollers.stream().map(Poller::size).toList());
            for (SocketChannel peer : peers) {
                peer.write(ByteBuffer.allocate(3));
                ByteBuffer back = ByteBuffer.allocate(3);
                while (back.hasRemaining()) {
                    peer.read(back);
                }
            }
            Await.until("both beat", parking::beat);
            assertFalse(parking.isDead());
        }
        parking.close();
        ended.await();
        for (SocketChannel peer : peers) {
            peer.close();
        }
    }

    private static void echo(Transport transport, CountDownLatch ended) {
        ByteBuffer buffer = ByteBuffer.allocate(100);
        try {
            while (transport.read(buffer.clear()) >= 0) {
                transport.write(buffer.flip());
            }
        } catch (IOException e) {
            // The pollers were stopped.
        }
        ended.countDown();
    }
}
