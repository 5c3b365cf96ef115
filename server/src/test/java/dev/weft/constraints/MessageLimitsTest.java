package dev.weft.constraints;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.ConnectionLimits;
import dev.weft.ConnectionTimeouts;
import dev.weft.internal.connection.ConnectionFixture;
import dev.weft.internal.connection.ConnectionFixture.Handler;
import dev.weft.internal.connection.TestPeer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;

/** A message that is exactly at a limit passes, the next byte or frame fails with 1009 and the setting's name. */
@Timeout(30)
class MessageLimitsTest {
    private static final List<Handler> WHOLE = List.of(ConnectionFixture.ECHO, ConnectionFixture.ECHO_VIEWS);

    private static void assertTooBig(ConnectionFixture test, String setting) throws Exception {
        TestPeer.Frame close = test.peer.readFrame();
        assertEquals(0x88, close.firstByte());
        assertEquals("03f1", TestPeer.hex(close.payload()).substring(0, 4));
        assertTrue(close.text().contains(setting), close.text());
        test.peer.shutdownOutput().expectEnd();
    }

    @Test
    void aMessageInOneFrameMayHaveExactlyTheLimit() throws Exception {
        for (int limit : new int[]{1, 100, 125, 126, 1000, 20_000, 65_536}) {
            for (Handler depth : WHOLE) {
                try (ConnectionFixture test = ConnectionFixture.with().limits(limit, 1L << 40, 10).start(depth)) {
                    test.peer.sendFrame(0x82, new byte[limit]).expectFrame(0x82, new byte[limit]);
                    test.peer.sendFrame(0x82, new byte[limit + 1]);
                    assertTooBig(test, "maxMessageSize " + limit);
                }
            }
        }
    }

    @Test
    void aFrameThatIsTooLargeIsRefusedAtItsHeader() throws Exception {
        for (Handler depth : WHOLE) {
            for (String header : List.of("82 fe 03e9 00000000", "82 ff 000000007fffffff 00000000",
                    "82 ff 0000000080000000 00000000", "82 ff 000000ffffffffff 00000000")) {
                try (ConnectionFixture test = ConnectionFixture.with().limits(1000, 1L << 40, 10).start(depth)) {
                    test.peer.send(header);
                    assertTooBig(test, "maxMessageSize 1000");
                }
            }
        }
        try (ConnectionFixture test = ConnectionFixture.with().limits(1000, 1000, 10).start(ConnectionFixture.ECHO)) {
            test.peer.send("82 ff 7fffffffffffffff 00000000").shutdownOutput().expectCloseAndEnd(1009);
        }
    }

    @Test
    void aFragmentedMessageMayHaveExactlyTheLimit() throws Exception {
        for (Handler depth : WHOLE) {
            for (int readLength : new int[]{1, 100_000}) {
                try (ConnectionFixture test = ConnectionFixture.with().limits(1000, 1L << 40, 10).readLength(readLength)
                        .start(depth)) {
                    test.peer.sendFrame(0x02, new byte[500]).sendFrame(0x00, new byte[500]).sendFrame(0x80, new byte[0])
                            .expectFrame(0x82, new byte[1000]);
                    // The last fragment is refused at its header.
                    test.peer.sendFrame(0x02, new byte[500]).sendFrame(0x00, new byte[500]).send("80 81 00000000");
                    assertTooBig(test, "maxMessageSize 1000");
                }
            }
        }
    }

    @Test
    void aStreamedMessageMayHaveExactlyItsOwnLimit() throws Exception {
        for (int readLength : new int[]{1, 100_000}) {
            try (ConnectionFixture test = ConnectionFixture.with().limits(100, 1000, 10).readLength(readLength)
                    .start(ConnectionFixture.ECHO_STREAMS)) {
                test.peer.sendFrame(0x82, new byte[1000]).expectFrame(0x82, new byte[1000]);
                test.peer.sendFrame(0x02, new byte[600]).sendFrame(0x80, new byte[400])
                        .expectFrame(0x82, new byte[1000]);
                test.peer.sendFrame(0x02, new byte[600]).sendFrame(0x80, new byte[401]);
                assertTooBig(test, "maxStreamedMessageSize 1000");
            }
        }
        try (ConnectionFixture test = ConnectionFixture.with().limits(2000, 1000, 10)
                .start(ConnectionFixture.ECHO_STREAMS)) {
            test.peer.sendFrame(0x82, new byte[1001]);
            assertTooBig(test, "maxStreamedMessageSize 1000");
        }
    }

    @Test
    void unreadStreamedMessageMustRespectItsLimit() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().limits(5000, 1000, 10).start(connection -> {
            while (true) {
                connection.receiveStream();
            }
        })) {
            test.peer.sendFrame(0x02, new byte[1000]).sendFrame(0x80, new byte[1]);
            assertTooBig(test, "maxStreamedMessageSize 1000");
        }
    }

    @Test
    void messageMayHaveExactlyTheMaximumNumberOfFrames() throws Exception {
        for (Handler depth : List.of(ConnectionFixture.ECHO, ConnectionFixture.ECHO_VIEWS,
                ConnectionFixture.ECHO_STREAMS)) {
            try (ConnectionFixture test = ConnectionFixture.with().limits(100, 100, 3).start(depth)) {
                for (int i = 0; i < 2; i++) {
                    // Control frames between do not count.
                    test.peer.send("""
                            02 81 00000000 61  8a 80 00000000  00 80 00000000  8a 80 00000000
                            80 81 00000000 62""").expect("82 02 6162");
                }
                test.peer.send("02 80 00000000  00 80 00000000  00 80 00000000  00 80 00000000");
                assertTooBig(test, "maxFramesPerMessage 3");
            }
        }
    }

    @Test
    void aMessageOf65537FramesPassesByDefault() throws Exception {
        byte[] frames = new byte[65_537 * 7];
        for (int i = 0; i < 65_537; i++) {
            byte[] frame = TestPeer.frame((i == 0 ? 0x02 : 0x00) | (i == 65_536 ? 0x80 : 0), new byte[]{(byte) i});
            System.arraycopy(frame, 0, frames, i * 7, 7);
        }
        byte[] payload = new byte[65_537];
        for (int i = 0; i < payload.length; i++) {
            payload[i] = (byte) i;
        }
        for (Handler depth : List.of(ConnectionFixture.ECHO, ConnectionFixture.ECHO_VIEWS,
                ConnectionFixture.ECHO_STREAMS)) {
            try (ConnectionFixture test = ConnectionFixture.start(depth)) {
                test.peer.send(frames);
                TestPeer.Frame frame = test.peer.readFrame();
                assertEquals(0x82, frame.firstByte());
                assertArrayEquals(payload, frame.payload());
            }
        }
    }

    @Test
    void endlessEmptyFragmentsEnd() throws Exception {
        byte[] some = TestPeer.hex("00 80 00000000".repeat(1000));
        for (Handler depth : List.of(ConnectionFixture.ECHO, ConnectionFixture.ECHO_VIEWS,
                ConnectionFixture.ECHO_STREAMS)) {
            try (ConnectionFixture test = ConnectionFixture.start(depth)) {
                test.peer.send("02 80 00000000");
                for (int i = 0; i < 132; i++) {
                    test.peer.send(some);
                }
                assertTooBig(test, "maxFramesPerMessage 131072");
            }
        }
    }

    @Test
    void limitsAndTimeoutsMustBeFiniteAndNamedWhenRefused() {
        for (int bad : new int[]{0, -1, Integer.MIN_VALUE}) {
            assertNames("maxMessageSize", () -> ConnectionLimits.builder().maxMessageSize(bad));
            assertNames("maxStreamedMessageSize", () -> ConnectionLimits.builder().maxStreamedMessageSize(bad));
            assertNames("maxFramesPerMessage", () -> ConnectionLimits.builder().maxFramesPerMessage(bad));
        }
        assertNames("maxMessageSize", () -> ConnectionLimits.builder().maxMessageSize(Integer.MAX_VALUE));
        assertNames("readAheadSize", () -> ConnectionLimits.builder().readAheadSize(127));
        assertNames("readAheadSize", () -> ConnectionLimits.builder().readAheadSize((16 << 20) + 1));
        assertNames("maxQueuedSize", () -> ConnectionLimits.builder().maxQueuedSize(-1));
        assertNames("queueLowWaterMark", () -> ConnectionLimits.builder().queueLowWaterMark(-1));
        for (Duration bad : List.of(Duration.ZERO, Duration.ofMillis(-1), Duration.ofNanos(999_999),
                Duration.ofDays(21))) {
            assertNames("handshakeTimeout", () -> ConnectionTimeouts.builder().handshakeTimeout(bad));
            assertNames("pingInterval", () -> ConnectionTimeouts.builder().pingInterval(bad));
            assertNames("pongTimeout", () -> ConnectionTimeouts.builder().pongTimeout(bad));
            assertNames("messageTimeout", () -> ConnectionTimeouts.builder().messageTimeout(bad));
            assertNames("writeTimeout", () -> ConnectionTimeouts.builder().writeTimeout(bad));
            assertNames("streamTimeout", () -> ConnectionTimeouts.builder().streamTimeout(bad));
            assertNames("closeTimeout", () -> ConnectionTimeouts.builder().closeTimeout(bad));
        }
    }

    private static void assertNames(String setting, Executable action) {
        String message = assertThrows(IllegalArgumentException.class, action).getMessage();
        assertTrue(message.startsWith(setting + " "), message);
    }
}
