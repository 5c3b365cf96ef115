package dev.weft.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.client.WebSocketConnectException.Step;
import dev.weft.internal.time.TimeLimit;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketTimeoutException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AddressRaceTest {
    private static final TimeLimit LIMIT = TimeLimit.in(Duration.ofDays(1));

    private final List<SocketChannel> opened = new CopyOnWriteArrayList<>();
    private final List<SocketAddress> tried = new CopyOnWriteArrayList<>();

    private AddressRace race() {
        return new AddressRace(address -> {
            tried.add(address);
            SocketChannel channel = SocketChannel.open();
            opened.add(channel);
            return channel;
        }, Thread::startVirtualThread);
    }

    /** A listener whose queue is full, so that the system drops what further clients send. */
    private static final class BlackHole implements AutoCloseable {
        private final ServerSocket listener = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"));
        private final List<Socket> fill = new ArrayList<>();

        BlackHole() throws IOException {
            boolean full = false;
            while (!full) {
                Socket socket = new Socket();
                fill.add(socket);
                try {
                    socket.connect(listener.getLocalSocketAddress(), 300);
                } catch (SocketTimeoutException e) {
                    full = true;
                }
            }
        }

        SocketAddress address() {
            return listener.getLocalSocketAddress();
        }

        @Override
        public void close() throws IOException {
            for (Socket socket : fill) {
                socket.close();
            }
            listener.close();
        }
    }

    private static ServerSocket listener() throws IOException {
        return new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    }

    private static SocketAddress refusing() throws IOException {
        try (ServerSocket socket = listener()) {
            return socket.getLocalSocketAddress();
        }
    }

    private void assertOnlyOpen(SocketChannel winner) {
        for (SocketChannel channel : opened) {
            assertEquals(channel == winner, channel.isOpen());
        }
    }

    private static InetAddress[] addresses(String... texts) {
        return Arrays.stream(texts).map(text -> {
            try {
                return InetAddress.getByName(text);
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }).toArray(InetAddress[]::new);
    }

    private static List<String> order(String... texts) {
        return AddressRace.interleaved(addresses(texts), 80).stream()
                .map(address -> ((InetSocketAddress) address).getAddress().getHostAddress()).toList();
    }

    @Test
    void familiesMustAlternate() {
        // RFC 8305 §4
        assertEquals(List.of("0:0:0:0:0:0:0:1", "1.1.1.1", "0:0:0:0:0:0:0:2", "2.2.2.2", "0:0:0:0:0:0:0:3"),
                order("::1", "::2", "::3", "1.1.1.1", "2.2.2.2"));
        assertEquals(List.of("1.1.1.1", "0:0:0:0:0:0:0:1", "2.2.2.2"), order("1.1.1.1", "2.2.2.2", "::1"));
        assertEquals(List.of("1.1.1.1"), order("1.1.1.1"));
    }

    @Test
    void firstAddressMustWinIfItAnswers() throws IOException {
        try (ServerSocket one = listener();
                ServerSocket other = listener();
                SocketChannel winner = race().run(List.of(one.getLocalSocketAddress(), other.getLocalSocketAddress()),
                        LIMIT)) {
            assertEquals(one.getLocalSocketAddress(), winner.getRemoteAddress());
            assertEquals(1, tried.size());
        }
    }

    @Test
    void nextAddressMustBeTriedAfterTheDelayAndTheOthersClosed() throws IOException {
        // RFC 8305 §5
        try (BlackHole hole = new BlackHole(); ServerSocket other = listener()) {
            long before = System.nanoTime();
            try (SocketChannel winner = race().run(List.of(hole.address(), other.getLocalSocketAddress()), LIMIT)) {
                assertTrue(System.nanoTime() - before >= AddressRace.DELAY.toNanos());
                assertEquals(other.getLocalSocketAddress(), winner.getRemoteAddress());
                assertOnlyOpen(winner);
            }
        }
    }

    @Test
    void nextAddressMustBeTriedAtOnceAfterAFailure() throws IOException {
        try (ServerSocket last = listener()) {
            SocketAddress refusing = refusing();
            long before = System.nanoTime();
            try (SocketChannel winner = race()
                    .run(List.of(refusing, refusing, refusing, refusing, last.getLocalSocketAddress()), LIMIT)) {
                assertTrue(System.nanoTime() - before < 4 * AddressRace.DELAY.toNanos());
                assertOnlyOpen(winner);
            }
        }
    }

    @Test
    void allFailuresMustBeReported() throws IOException {
        SocketAddress one = refusing();
        SocketAddress other = refusing();
        WebSocketConnectException failure = assertThrows(WebSocketConnectException.class,
                () -> race().run(List.of(one, other), LIMIT));
        assertEquals(Step.CONNECT, failure.step());
        assertTrue(failure.getMessage().contains(one.toString()), failure.getMessage());
        assertTrue(failure.getMessage().contains(other.toString()), failure.getMessage());
        assertEquals(1, failure.getSuppressed().length);
        assertOnlyOpen(null);
    }

    @Test
    void limitMustEndTheRace() throws IOException {
        try (BlackHole hole = new BlackHole()) {
            String message = assertThrows(WebSocketConnectException.class,
                    () -> race().run(List.of(hole.address(), hole.address()), TimeLimit.in(Duration.ofMillis(400))))
                    .getMessage();
            assertTrue(message.contains("connectTimeout"), message);
            assertEquals(2, tried.size());
            assertOnlyOpen(null);
        }
    }

    @Test
    void cancelMustEndTheRace() throws IOException {
        try (BlackHole hole = new BlackHole()) {
            AddressRace race = race();
            Thread.startVirtualThread(race::cancel);
            assertThrows(WebSocketConnectException.class, () -> race.run(List.of(hole.address()), LIMIT));
            assertOnlyOpen(null);
            assertFalse(tried.isEmpty());
        }
    }
}
