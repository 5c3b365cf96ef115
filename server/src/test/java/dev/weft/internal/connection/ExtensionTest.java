package dev.weft.internal.connection;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Message;
import dev.weft.MessageType;
import dev.weft.internal.connection.ConnectionFixture.Handler;
import dev.weft.parser.FrameHeader;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An extension that claims RSV2 transforms messages both ways, at every depth and however they are cut. */
@Timeout(20)
class ExtensionTest {
    private static final List<Handler> DEPTHS = List.of(ConnectionFixture.ECHO, ConnectionFixture.ECHO_VIEWS,
            ConnectionFixture.ECHO_STREAMS);
    private static final int RSV2 = FrameHeader.RSV2;

    private final XorExtension.Step encoder = new XorExtension.Step();
    private final XorExtension.Step decoder = new XorExtension.Step();

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private static ConnectionFixture.Setup with() {
        return ConnectionFixture.with().extension(new XorExtension());
    }

    private void expect(ConnectionFixture test, int opcode, byte[] plain) throws Exception {
        TestPeer.Frame frame = test.peer.readFrame();
        assertEquals(0x80 | (plain.length > 0 ? RSV2 : 0) | opcode, frame.firstByte());
        assertArrayEquals(plain, plain.length > 0 ? decoder.apply(frame.payload()) : frame.payload());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 1000})
    void messagesAreTransformedBothWaysAtEveryDepth(int readLength) throws Exception {
        for (Handler depth : DEPTHS) {
            XorExtension.Step encoder = new XorExtension.Step();
            XorExtension.Step decoder = new XorExtension.Step();
            try (ConnectionFixture test = with().readLength(readLength).start(depth)) {
                for (int length : new int[]{0, 1, 2, 125, 126, 1023, 1024, 1025, 4096, 8192, 20_000}) {
                    byte[] plain = random(length);
                    for (int cut : new int[]{0, length / 3, length}) {
                        byte[] sent = encoder.apply(plain);
                        if (cut == 0) {
                            test.peer.sendFrame(0x82 | RSV2, sent);
                        } else {
                            test.peer.sendFrame(0x02 | RSV2, Arrays.copyOf(sent, cut))
                                    .sendFrame(0x80, Arrays.copyOfRange(sent, cut, length));
                        }
                        TestPeer.Frame frame = test.peer.readFrame();
                        assertEquals(0x82 | (length > 0 ? RSV2 : 0), frame.firstByte());
                        assertArrayEquals(plain, length > 0 ? decoder.apply(frame.payload()) : frame.payload());
                    }
                }
            }
        }
    }

    @Test
    void aPeerMaySendUntransformedMessagesBetween() throws Exception {
        try (ConnectionFixture test = with().start(ConnectionFixture.ECHO)) {
            test.peer.sendText("plain");
            expect(test, 1, "plain".getBytes(UTF_8));
            test.peer.sendFrame(0x81 | RSV2, encoder.apply("€".getBytes(UTF_8)));
            expect(test, 1, "€".getBytes(UTF_8));
        }
    }

    @Test
    void textMustBeValidUtf8AfterTheTransformation() throws Exception {
        for (Handler depth : DEPTHS) {
            try (ConnectionFixture test = with().start(depth)) {
                test.peer.sendFrame(0x81 | RSV2, new XorExtension.Step().apply(TestPeer.hex("61c3")));
                test.peer.shutdownOutput().expectCloseAndEnd(1007);
            }
        }
    }

    @Test
    void aStreamIsTransformedFragmentByFragment() throws Exception {
        try (ConnectionFixture test = with().start(null)) {
            byte[] plain = random(8193);
            try (var stream = test.connection().sendStream(MessageType.BINARY)) {
                stream.write(1);
                stream.flush();
                stream.write(plain);
                stream.complete();
            }
            assertArrayEquals(new byte[]{1}, decoder.apply(readFrame(test, 0x02 | RSV2)));
            assertArrayEquals(plain, decoder.apply(readFrame(test, 0x00)));
            assertEquals(0, readFrame(test, 0x80).length);
            try (var text = test.connection().sendStream(MessageType.TEXT)) {
                text.writer().write("é");
                text.flush();
                text.complete();
            }
            assertArrayEquals("é".getBytes(UTF_8), decoder.apply(readFrame(test, 0x01 | RSV2)));
            assertEquals(0, readFrame(test, 0x80).length);
        }
    }

    private static byte[] readFrame(ConnectionFixture test, int firstByte) throws Exception {
        TestPeer.Frame frame = test.peer.readFrame();
        assertEquals(firstByte, frame.firstByte());
        return frame.payload();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100, 200})
    void theRestOfATransformedStreamIsSkippedThroughTheDecoder(int read) throws Exception {
        try (ConnectionFixture test = with().start(null)) {
            byte[] plain = random(200);
            for (int i = 0; i < 3; i++) {
                test.peer.sendFrame(0x82 | RSV2, encoder.apply(plain));
            }
            test.onOwner(() -> {
                for (int i = 0; i < 2; i++) {
                    assertArrayEquals(Arrays.copyOf(plain, read),
                            test.connection().receiveStream().inputStream().readNBytes(read));
                }
                assertArrayEquals(plain, ((Message.Binary) test.connection().receive()).bytes());
                return null;
            }).get();
        }
    }

    @Test
    void transformedMessageMustNotExceedTheLimit() throws Exception {
        // The last is within a buffer that the pool keeps, and which has room for more.
        for (int limit : new int[]{1, 1000, 1024, 4096, 5000, 8192, 20_000}) {
            byte[] plain = random(limit);
            for (Handler depth : DEPTHS) {
                try (ConnectionFixture test = with().limits(limit, limit, 10).start(depth)) {
                    test.peer.sendFrame(0x82 | RSV2, new XorExtension.Step().apply(random(limit + 1)))
                            .shutdownOutput().expectCloseAndEnd(1009);
                }
                XorExtension.Step encoder = new XorExtension.Step();
                XorExtension.Step decoder = new XorExtension.Step();
                try (ConnectionFixture test = with().limits(limit, limit, 10).start(depth)) {
                    test.peer.sendFrame(0x82 | RSV2, encoder.apply(plain));
                    assertArrayEquals(plain, decoder.apply(readFrame(test, 0x82 | RSV2)));
                    byte[] sent = encoder.apply(plain);
                    test.peer.sendFrame(0x02 | RSV2, sent).sendFrame(0x80, new byte[0]);
                    assertArrayEquals(plain, decoder.apply(readFrame(test, 0x82 | RSV2)));
                    test.peer.sendFrame(0x02 | RSV2, encoder.apply(plain)).sendFrame(0x80, new byte[1])
                            .shutdownOutput();
                    test.peer.expectCloseAndEnd(1009);
                }
            }
        }
    }

    @Test
    void bitsThatTheExtensionDoesNotClaimFailWith1002() throws Exception {
        for (String sent : List.of("c1 80 00000000", "91 80 00000000", "a9 80 00000000", "a8 80 00000000",
                "01 80 00000000 a0 80 00000000", "e1 80 00000000")) {
            try (ConnectionFixture test = with().start(ConnectionFixture.ECHO)) {
                test.peer.send(sent).shutdownOutput().expectCloseAndEnd(1002);
            }
        }
    }
}
