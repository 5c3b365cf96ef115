package dev.weft.attacks;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.RateLimits;
import dev.weft.server.AddressLimits;
import dev.weft.server.Await;
import dev.weft.server.Handlers;
import dev.weft.server.ProxySettings;
import dev.weft.server.RawPeer;
import dev.weft.server.RefusalReason;
import dev.weft.server.ServerInsight;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Attacks 47 and up: clients over a limit of their address, or over a rate. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ClientLimitsAttacksTest {
    private static final int ADDRESSES = 10_000;

    /** A server that learns addresses from the header of the PROXY protocol. */
    private static WebSocketServerBuilder proxied(AddressLimits.Builder limits) {
        return Handlers.echoServer().shutdownGrace(Duration.ZERO).addressLimits(limits.build()).proxySettings(
                ProxySettings.builder().trustedProxies(List.of("127.0.0.1")).proxyProtocol(true).build());
    }

    private static RawPeer client(WebSocketServer server, String address) throws IOException {
        String family = address.contains(":") ? "TCP6 " : "TCP4 ";
        String own = address.contains(":") ? " 2001:db8::1" : " 192.0.2.1";
        return RawPeer.connect(server.port()).text("PROXY " + family + address + own + " 49152 443\r\n");
    }

    private static void assertServes(WebSocketServer server, String address) throws IOException {
        try (RawPeer peer = client(server, address).upgraded()) {
            Bystander.assertEchoes(peer, "served");
        }
    }

    private static RateLimits.Builder rates() {
        return RateLimits.builder();
    }

    /** Each with a prefix of its own: more than the table has room for. */
    @Test
    void attack47_manyAddresses() throws Exception {
        int most = 1000;
        try (WebSocketServer server = proxied(AddressLimits.builder().maxAddresses(most).maxConnectionsPerAddress(1000)
                .ratesPerAddress(rates().handshakes(1000).build())).start()) {
            int largest = 0;
            for (int i = 0; i < ADDRESSES; i++) {
                client(server, "2001:db8:" + Integer.toHexString(i) + "::1").close();
                largest = Math.max(largest, server.statistics().addresses());
            }
            assertTrue(largest <= most + 256 + 50, "addresses: " + largest);
            assertServes(server, "192.0.2.99");
            Await.until("no address is counted", () -> server.statistics().addresses() == 0);
        }
    }

    @Test
    void attack48_slowFloodAtTheLimit() throws Exception {
        byte[] message = RawPeer.frame(0x82, new byte[1000]);
        try (WebSocketServer server = proxied(AddressLimits.builder()
                .ratesPerAddress(rates().receivedBytes(50_000).build())).messageTimeout(Duration.ofMillis(200))
                .writeTimeout(Duration.ofMillis(200)).start();
                RawPeer bystander = client(server, "192.0.2.2").upgraded()) {
            List<RawPeer> flood = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                RawPeer peer = client(server, "192.0.2.1").upgraded();
                flood.add(peer);
                Thread.ofVirtual().start(new FutureTask<>(() -> {
                    while (true) {
                        peer.bytes(message);
                    }
                }));
            }
            long begin = System.nanoTime();
            long before = server.statistics().receivedBytes();
            long ofBystander = 0;
            for (int i = 0; System.nanoTime() - begin < Duration.ofMillis(1500).toNanos(); i++) {
                String text = "echo " + i;
                Bystander.assertEchoes(bystander, text);
                ofBystander += 6 + text.length();
            }
            double seconds = (System.nanoTime() - begin) / 1e9;
            long received = server.statistics().receivedBytes() - before - ofBystander;
            assertTrue(received < 50_000 * (seconds + 3), received + " bytes in " + seconds + " s");
            // Nobody is blamed for the wait.
            assertEquals(11, server.connectionCount());
            for (RawPeer peer : flood) {
                peer.leave();
            }
        }
    }

    @Test
    void attack49_reconnectingInALoop() throws Exception {
        try (WebSocketServer server = proxied(AddressLimits.builder().ratesPerAddress(rates().handshakes(5).build()))
                .start(); RawPeer bystander = client(server, "192.0.2.2").upgraded()) {
            long begin = System.nanoTime();
            for (int i = 0; i < 200; i++) {
                try (RawPeer peer = client(server, "192.0.2.1")) {
                    String head = peer.text(RawPeer.request()).readHead();
                    assertTrue(head.startsWith("HTTP/1.1 101 ") || head.startsWith("HTTP/1.1 429 "), head);
                }
                Bystander.assertEchoes(bystander, "echo " + i);
            }
            double seconds = (System.nanoTime() - begin) / 1e9;
            long opened = server.statistics().openedWebSockets() - 1;
            assertTrue(opened >= 5 && opened <= 5 * (seconds + 2), opened + " opened in " + seconds + " s");
            assertEquals(200 - opened, server.refusals().get(RefusalReason.TOO_MANY_HANDSHAKES));
        }
    }

    @Test
    void attack50_bombsThatInflate() throws Exception {
        int size = 1 << 20;
        byte[] bomb = RawPeer.frame(0xc2, deflated(new byte[size]));
        try (WebSocketServer server = proxied(AddressLimits.builder()
                .ratesPerAddress(rates().inflatedBytes(4 * size).build())).maxMessageSize(size).start();
                RawPeer bystander = client(server, "192.0.2.2").upgraded();
                RawPeer peer = client(server, "192.0.2.1").upgraded("Sec-WebSocket-Extensions: permessage-deflate")) {
            long begin = System.nanoTime();
            for (int i = 0; i < 10; i++) {
                peer.bytes(bomb);
            }
            Thread.ofVirtual().start(new FutureTask<>(() -> peer.input().skip(Long.MAX_VALUE)));
            for (int i = 0; server.statistics().receivedMessages() < 10 + i; i++) {
                Bystander.assertEchoes(bystander, "echo " + i);
                assertTrue(System.nanoTime() - begin < Duration.ofSeconds(60).toNanos(), "not all are received");
            }
            assertTrue(System.nanoTime() - begin > Duration.ofMillis(750).toNanos());
        }
    }

    private static byte[] deflated(byte[] message) {
        Deflater deflater = new Deflater(9, true);
        deflater.setInput(message);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        byte[] piece = new byte[1024];
        int count;
        do {
            count = deflater.deflate(piece, 0, piece.length, Deflater.SYNC_FLUSH);
            out.write(piece, 0, count);
        } while (count == piece.length);
        deflater.end();
        // RFC 7692 §7.2.1: without 00 00 FF FF.
        return Arrays.copyOf(out.toByteArray(), out.size() - 4);
    }

    @Test
    void attack51_floodOfPings() throws Exception {
        int count = 40_000;
        byte[] ping = RawPeer.bytes("8980 00000000");
        byte[] pings = new byte[count * ping.length];
        for (int i = 0; i < pings.length; i++) {
            pings[i] = ping[i % ping.length];
        }
        AttackTransport.allAtOnce(wire -> {
            try (WebSocketServer server = wire.server(Handlers::echo).rateLimits(rates().pings(10_000).build()).start();
                    RawPeer bystander = RawPeer.open(server);
                    RawPeer peer = RawPeer.open(server)) {
                FutureTask<Boolean> end = new FutureTask<>(() -> {
                    // Not every ping is answered if the network is slower than the flood.
                    String frame = peer.readFrame();
                    while (frame.startsWith("8a")) {
                        frame = peer.readFrame();
                    }
                    return frame.equals("8103 656e64");
                });
                Thread.ofVirtual().start(new FutureTask<>(() -> peer.bytes(pings).bytes(RawPeer.textFrame("end"))));
                Thread.ofVirtual().start(end);
                long begin = System.nanoTime();
                for (int i = 0; !end.isDone(); i++) {
                    Bystander.assertEchoes(bystander, "echo " + i);
                }
                assertTrue(end.get());
                // One read may exceed the rate, by 128 KiB at most.
                assertTrue(System.nanoTime() - begin > Duration.ofMillis(500).toNanos());
            }
        });
    }

    /** Each is within the limit of a message's size; what passes is not compressed by more than the ratio in the long run. */
    @Test
    void attack52_bombsBelowTheMessageLimit() throws Exception {
        int size = 4 << 20;
        byte[] bomb = RawPeer.frame(0xc2, deflated(new byte[size]));
        byte[] usual = RawPeer.frame(0xc2,
                deflated("a line of a log that repeats itself\n".repeat(3000).getBytes(US_ASCII)));
        byte[] small = RawPeer.frame(0xc2, deflated(new byte[1 << 15]));
        AttackTransport.allAtOnce(wire -> {
            for (boolean streamed : new boolean[]{false, true}) {
                try (WebSocketServer server = wire.server(ws -> {
                    if (streamed) {
                        for (var message = ws.receiveStream(); message != null; message = ws.receiveStream()) {
                            ws.send("" + message.inputStream().skip(Long.MAX_VALUE));
                        }
                    } else {
                        for (var message = ws.receiveView(); message != null; message = ws.receiveView()) {
                            ws.send("" + message.length());
                        }
                    }
                }).maxCompressionRatio(300).maxMessageSize(size).start();
                        RawPeer peer = RawPeer.open(server, "Sec-WebSocket-Extensions: permessage-deflate")) {
                    for (int i = 0; i < 20; i++) {
                        peer.bytes(usual).readFrame();
                    }
                    // A small start, or one after messages that are not compressed by as much.
                    peer.bytes(small).readFrame();
                    peer.bytes(usual).readFrame();
                    peer.bytes(bomb);
                    String close = peer.readFrame();
                    assertTrue(close.startsWith("88") && close.substring(5, 9).equals("03f0"), close);
                    Await.until("the cause is counted",
                            () -> server.statistics().limitsHit().get("maxCompressionRatio") == 1);
                    long inflated = server.statistics().receivedCompression().plainBytes() - 21L * 36 * 3000
                            - (1 << 15);
                    assertTrue(inflated < size / 3 + (1 << 16), () -> "inflated: " + inflated);
                    Await.until("the budget is back", () -> ServerInsight.budget(server).taken() == 0);
                }
            }
        });
    }
}
