package dev.weft.internal.connection;

import static dev.weft.internal.connection.TestPeer.hex;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.internal.connection.ConnectionFixture.Handler;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The rules of framing (RFC 6455 §5.2–§5.5) as a peer of an echo sees them. Each row: what the peer sends, all that it
 * gets back, and the code with which it is failed behind that. Each is sent whole, cut at every byte, and byte by
 * byte, to each depth of receiving. Masking keys are 0 where the payload is to be legible.
 */
@Timeout(60)
class FramingRulesTest {
    private static final List<Handler> DEPTHS = List.of(ConnectionFixture.ECHO, ConnectionFixture.ECHO_VIEWS,
            ConnectionFixture.ECHO_STREAMS);

    private static void assertAnswered(String sent, String answer, int failCode) throws Exception {
        byte[] bytes = hex(sent);
        for (Handler depth : DEPTHS) {
            for (int cut = 0; cut < bytes.length; cut++) {
                assertAnswered(bytes, cut, Integer.MAX_VALUE, depth, answer, failCode);
            }
            assertAnswered(bytes, 0, 1, depth, answer, failCode);
            assertAnswered(ConnectionFixture.with().parks(), bytes, 0, depth, answer, failCode);
            assertAnswered(ConnectionFixture.with().parks().readLength(1), bytes, 0, depth, answer, failCode);
        }
    }

    private static void assertAnswered(byte[] bytes, int cut, int readLength, Handler depth, String answer,
            int failCode) throws Exception {
        assertAnswered(ConnectionFixture.with().readLength(readLength), bytes, cut, depth, answer, failCode);
    }

    private static void assertAnswered(ConnectionFixture.Setup setup, byte[] bytes, int cut, Handler depth,
            String answer, int failCode) throws Exception {
        String name = "cut at " + cut;
        try (ConnectionFixture test = setup.start(depth)) {
            if (cut > 0) {
                test.peer.send(bytes, 0, cut);
                test.awaitReading();
            }
            test.peer.send(bytes, cut, bytes.length).shutdownOutput();
            byte[] all = test.peer.readToEnd();
            byte[] expected = hex(answer);
            if (failCode == 0) {
                assertEquals(hex(expected), hex(all), name);
                assertTrue(test.awaitEnd().clean(), name);
            } else {
                assertEquals(hex(expected), hex(Arrays.copyOf(all, Math.min(all.length, expected.length))), name);
                byte[] close = Arrays.copyOfRange(all, expected.length, all.length);
                assertEquals("88", hex(Arrays.copyOf(close, 1)), name);
                assertEquals(close.length, 2 + close[1], name + ": nothing follows the Close frame");
                assertEquals(failCode, (close[2] & 0xff) << 8 | close[3] & 0xff, name);
                assertEquals(failCode, test.awaitEnd().sent().orElseThrow().code(), name);
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            # RFC 6455 §5.7
            Hello, masked            | 81 85 37fa213d 7f9f4d5158    | 81 05 48656c6c6f
            Hello in two fragments   | 01 83 00000000 48656c  80 82 00000000 6c6f | 81 05 48656c6c6f
            ping with Hello          | 89 85 37fa213d 7f9f4d5158    | 8a 05 48656c6c6f
            binary                   | 82 83 00000000 00ff80        | 82 03 00ff80
            empty text               | 81 80 00000000               | 81 00
            empty binary             | 82 80 12345678               | 82 00
            empty ping               | 89 80 00000000               | 8a 00
            unsolicited pong         | 8a 81 00000000 70            |
            empty first fragment     | 01 80 00000000  80 81 00000000 61 | 81 01 61
            empty middle fragment    | 01 81 00000000 61  00 80 00000000  80 81 00000000 62 | 81 02 6162
            empty last fragment      | 01 81 00000000 61  80 80 00000000 | 81 01 61
            empty fragments only     | 02 80 00000000  00 80 00000000  80 80 00000000 | 82 00
            ping between fragments   | 01 81 00000000 61  89 81 00000000 70  80 81 00000000 62 | 8a 01 70  81 02 6162
            pong between fragments   | 01 81 00000000 61  8a 81 00000000 70  80 81 00000000 62 | 81 02 6162
            two messages             | 81 81 00000000 61  82 81 00000000 62 | 81 01 61  82 01 62
            ping before and behind   | 89 81 00000000 31  81 80 00000000  89 81 00000000 32 | 8a 01 31  81 00  8a 01 32
            text after a fragmented  | 02 80 00000000  80 80 00000000  81 81 00000000 61 | 82 00  81 01 61
            keys differ by fragment  | 01 82 01020304 6060  80 82 0a0b0c0d 6969 | 81 04 61626362
            """)
    void goodFramesAreAnswered(String name, String sent, String answer) throws Exception {
        assertAnswered(sent + " 88 82 00000000 03e8", (answer == null ? "" : answer) + " 88 02 03e8", 0);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', textBlock = """
            # §5.1
            unmasked text            | 81 01 61                     | | 1002
            unmasked ping            | 89 00                        | | 1002
            unmasked Close           | 88 00                        | | 1002
            # §5.2
            RSV1                     | c1 81 00000000 61            | | 1002
            RSV2                     | a1 81 00000000 61            | | 1002
            RSV3                     | 91 81 00000000 61            | | 1002
            all RSV bits             | f2 81 00000000 61            | | 1002
            RSV1 on a ping           | c9 80 00000000               | | 1002
            RSV1 on a Close          | c8 80 00000000               | | 1002
            RSV1 on a continuation   | 01 81 00000000 61  c0 81 00000000 62 | | 1002
            reserved opcode 3        | 83 80 00000000               | | 1002
            reserved opcode 4        | 84 80 00000000               | | 1002
            reserved opcode 5        | 85 80 00000000               | | 1002
            reserved opcode 6        | 86 80 00000000               | | 1002
            reserved opcode 7        | 87 80 00000000               | | 1002
            reserved opcode 11       | 8b 80 00000000               | | 1002
            reserved opcode 12       | 8c 80 00000000               | | 1002
            reserved opcode 13       | 8d 80 00000000               | | 1002
            reserved opcode 14       | 8e 80 00000000               | | 1002
            reserved opcode 15       | 8f 80 00000000               | | 1002
            125 in 16 bits           | 82 fe 007d 00000000          | | 1002
            65535 in 64 bits         | 82 ff 000000000000ffff 00000000 | | 1002
            64 bits, top bit set     | 82 ff 8000000000000000 00000000 | | 1002
            2^63-1                   | 82 ff 7fffffffffffffff 00000000 | | 1009
            # §5.4
            nothing to continue      | 80 81 00000000 61            | | 1002
            nothing to continue, no FIN | 00 81 00000000 61         | | 1002
            text within a message    | 01 81 00000000 61  81 81 00000000 62 | | 1002
            binary within a message  | 01 81 00000000 61  02 81 00000000 62 | | 1002
            continued after the end  | 81 81 00000000 61  80 81 00000000 62 | 81 01 61 | 1002
            # §5.5
            fragmented ping          | 09 80 00000000               | | 1002
            fragmented pong          | 0a 80 00000000               | | 1002
            fragmented Close         | 08 80 00000000               | | 1002
            ping of 126 bytes       | 89 fe 007e 00000000          | | 1002
            Close of 126 bytes      | 88 fe 007e 00000000          | | 1002
            # Frames before a violation are delivered and answered first.
            after a text             | 81 81 00000000 61  83 80 00000000 | 81 01 61 | 1002
            after a text and a ping  | 82 81 00000000 01  89 81 00000000 70  81 00 | 82 01 01  8a 01 70 | 1002
            within a message, after a ping | 01 81 00000000 61  89 81 00000000 70  01 80 00000000 | 8a 01 70 | 1002
            # Nothing behind a violation is looked at.
            before a text and a ping | 81 80 00000000  84 80 00000000  81 80 00000000  89 80 00000000 | 81 00 | 1002
            """)
    void violationsMustFailTheConnectionAfterTheValidFrames(String name, String sent, String answer, int code)
            throws Exception {
        assertAnswered(sent, answer == null ? "" : answer, code);
    }

    @Test
    void tenPingsGetTenPongsInOrder() throws Exception {
        StringBuilder pings = new StringBuilder();
        StringBuilder pongs = new StringBuilder();
        for (int i = 0; i < 10; i++) {
            pings.append("89 82 00000000 700" + i);
            pongs.append("8a 02 700" + i);
        }
        assertAnswered(pings + "88 80 00000000", pongs + "88 00", 0);
    }

    @Test
    void aPingOf125BytesIsAnsweredHoweverItIsCut() throws Exception {
        String payload = "5a".repeat(125);
        assertAnswered("89 fd 00000000" + payload + "88 80 00000000", "8a 7d" + payload + "88 00", 0);
    }

    @Test
    void pingBetweenFragmentsMustBeAnsweredAtOnce() throws Exception {
        for (Handler depth : DEPTHS) {
            try (ConnectionFixture test = ConnectionFixture.start(depth)) {
                test.peer.send("01 81 00000000 61  89 81 00000000 70").expect("8a 01 70");
                test.peer.send("80 81 00000000 62").expect("81 02 6162");
            }
        }
    }

    @Test
    void allLengthFormsPassBothWays() throws Exception {
        for (Handler depth : DEPTHS) {
            try (ConnectionFixture test = ConnectionFixture.start(depth)) {
                for (int length : new int[]{0, 1, 125, 126, 127, 128, 129, 4096, 4097, 16383, 16384, 65535, 65536,
                        70_000, 1 << 20}) {
                    byte[] payload = bytes(length);
                    // On a separate thread, because the message is larger than the network's buffer.
                    Thread sending = Thread.startVirtualThread(() -> sendBinary(test, payload));
                    test.peer.expectFrame(0x82, payload);
                    sending.join();
                }
            }
        }
    }

    private static void sendBinary(ConnectionFixture test, byte[] payload) {
        try {
            test.peer.sendFrame(0x82, payload);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i * 31 + (i >>> 8));
        }
        return bytes;
    }
}
