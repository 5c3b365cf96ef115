package dev.weft.internal.connection;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.ConnectionClosedException;
import dev.weft.MessageType;
import dev.weft.OutgoingMessage;
import dev.weft.PreparedMessage;
import dev.weft.SendResult;
import dev.weft.internal.extension.DeflateExtension;
import dev.weft.parser.Masking;
import dev.weft.parser.Role;
import dev.weft.parser.deflate.DeflateCodecs;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.deflate.NegotiatedDeflate;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages that are prepared for several connections keep their order among others, waiting or not. */
@Timeout(20)
class PreparedSendingTest {
    private static final int NARROW = 64;
    /** Longer than is copied next to its header. */
    private static final int LARGE = 50_000;

    private final DeflateCodecs codecs = new DeflateCodecs(DeflateSettings.DEFAULT);
    private final Inflater inflater = new Inflater(true);

    @AfterEach
    void close() {
        codecs.close();
        inflater.end();
    }

    private ConnectionFixture.Setup deflating() {
        NegotiatedDeflate negotiated = new NegotiatedDeflate(false, false, 15, 15);
        return ConnectionFixture.with()
                .extension(new DeflateExtension(negotiated, DeflateSettings.DEFAULT, codecs, Role.SERVER));
    }

    private static String text(int seed, int length) {
        StringBuilder text = new StringBuilder();
        Random random = new Random(seed);
        while (text.length() < length) {
            text.append("{\"price\":").append(random.nextInt(1000)).append('}');
        }
        return text.substring(0, length);
    }

    /** The next message, inflated with the context of those before if it is compressed. */
    private String next(ConnectionFixture test) throws Exception {
        TestPeer.Frame frame = test.peer.readFrame();
        byte[] payload = frame.payload();
        assertEquals(0x81, frame.firstByte() & ~0x40);
        return (frame.firstByte() & 0x40) == 0 ? frame.text() : inflated(payload);
    }

    private String inflated(byte[] payload) throws DataFormatException {
        byte[] input = Arrays.copyOf(payload, payload.length + 4);
        input[input.length - 1] = input[input.length - 2] = (byte) 0xff;
        inflater.setInput(input);
        byte[] target = new byte[1 << 20];
        return new String(target, 0, inflater.inflate(target), UTF_8);
    }

    @Test
    void preparedMessageIsOneFrame() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.connection().send(PreparedMessage.text("é"));
            test.peer.expect("81 02 c3a9");
            assertTrue(test.connection().trySend(PreparedMessage.binary(new byte[]{1, 2})).isAccepted());
            test.peer.expect("82 02 0102");
            test.connection().send(PreparedMessage.text(""));
            test.peer.expect("81 00");
        }
    }

    @Test
    void preparedMessageIsMaskedByAClient() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().role(Role.CLIENT).start(null)) {
            PreparedMessage small = PreparedMessage.text("small");
            PreparedMessage large = PreparedMessage.binary(new byte[LARGE]);
            for (int i = 0; i < 2; i++) {
                test.connection().send(small);
                assertTrue(test.connection().trySend(large).isAccepted());
                test.peer.expect("81 85");
                assertArrayEquals("small".getBytes(UTF_8), unmasked(test.peer, 5));
                test.peer.expect("82 fe c350");
                assertArrayEquals(new byte[LARGE], unmasked(test.peer, LARGE));
            }
        }
    }

    private static byte[] unmasked(TestPeer peer, int length) throws IOException {
        int key = ByteBuffer.wrap(peer.read(4)).order(ByteOrder.LITTLE_ENDIAN).getInt();
        byte[] payload = peer.read(length);
        Masking.apply(payload, 0, length, key);
        return payload;
    }

    @Test
    void orderHoldsAmongCompressedMessages() throws Exception {
        try (ConnectionFixture test = deflating().capacity(1 << 20).start(null)) {
            for (int i = 0; i < 200; i++) {
                String own = text(i, 200 + i);
                String shared = text(i / 2, i % 7 * 100);
                test.connection().send(own);
                if (i % 2 == 0) {
                    test.connection().send(PreparedMessage.text(shared));
                } else {
                    assertTrue(test.connection().trySend(PreparedMessage.text(shared)).isAccepted());
                }
                assertEquals(own, next(test));
                assertEquals(shared, next(test));
            }
        }
    }

    @Test
    void orderHoldsAmongMessagesThatAreHeldBack() throws Exception {
        int count = 90;
        try (ConnectionFixture test = deflating().capacity(1 << 20).withoutTimer().start(connection -> {
            for (int i = 0; i < count; i++) {
                connection.receive();
                String text = text(i, 100 + i);
                switch (i * i % 7) {
                    case 0 -> connection.send(PreparedMessage.text(text));
                    case 1 -> assertTrue(connection.trySend(PreparedMessage.text(text)).isAccepted());
                    case 2 -> connection.send(text);
                    default -> {
                        try (OutgoingMessage message = connection.sendStream(MessageType.TEXT)) {
                            message.writer().write(text);
                            message.complete();
                        }
                    }
                }
            }
        })) {
            test.peer.send("81 81 00000000 61".repeat(count));
            for (int i = 0; i < count; i++) {
                assertEquals(text(i, 100 + i), nextOfFragments(test), "message " + i);
            }
        }
    }

    private String nextOfFragments(ConnectionFixture test) throws Exception {
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
        boolean compressed = false;
        TestPeer.Frame frame;
        do {
            frame = test.peer.readFrame();
            payload.writeBytes(frame.payload());
            compressed |= (frame.firstByte() & 0x40) != 0;
        } while ((frame.firstByte() & 0x80) == 0);
        return compressed ? inflated(payload.toByteArray()) : payload.toString(UTF_8);
    }

    @ParameterizedTest
    @ValueSource(ints = {300, LARGE})
    void preparedMessagesThatWaitKeepTheirPlace(int length) throws Exception {
        String first = text(1, length);
        String second = text(2, length);
        PreparedMessage shared = PreparedMessage.text(text(3, length));
        try (ConnectionFixture test = deflating().capacity(NARROW).start(null)) {
            for (int i = 0; i < 3; i++) {
                assertTrue(test.connection().trySend(shared).isAccepted());
                assertTrue(test.connection().trySend(first).isAccepted());
            }
            FutureTask<Void> sending = ConnectionFixture.inThread(() -> {
                test.connection().send(shared);
                test.connection().send(second);
                return null;
            });
            for (int i = 0; i < 3; i++) {
                assertEquals(text(3, length), next(test));
                assertEquals(first, next(test));
            }
            assertEquals(text(3, length), next(test));
            assertEquals(second, next(test));
            sending.get();
        }
    }

    @Test
    void preparedMessageWaitsForTheEndOfAStream() throws Exception {
        try (ConnectionFixture test = deflating().start(null)) {
            String streamed = text(1, 300);
            String shared = text(2, 300);
            try (OutgoingMessage stream = test.connection().sendStream(MessageType.TEXT)) {
                stream.writer().write(streamed.substring(0, 150));
                stream.flush();
                assertTrue(test.connection().trySend(PreparedMessage.text(shared)).isAccepted());
                stream.writer().write(streamed.substring(150));
                stream.complete();
            }
            TestPeer.Frame begin = test.peer.readFrame();
            TestPeer.Frame end = test.peer.readFrame();
            byte[] whole = Arrays.copyOf(begin.payload(), begin.payload().length + end.payload().length);
            System.arraycopy(end.payload(), 0, whole, begin.payload().length, end.payload().length);
            assertEquals(streamed, inflated(whole));
            assertEquals(shared, next(test));
        }
    }

    @Test
    void queueCountsTheWholeLength() throws Exception {
        byte[] bytes = new byte[LARGE];
        new Random(1).nextBytes(bytes);
        PreparedMessage shared = PreparedMessage.binary(bytes);
        try (ConnectionFixture test = ConnectionFixture.with().capacity(NARROW).maxQueuedSize(2 * LARGE + 1000)
                .start(null)) {
            assertEquals(SendResult.ACCEPTED, test.connection().trySend(shared));
            assertEquals(SendResult.ACCEPTED, test.connection().trySend(shared));
            assertEquals(SendResult.ACCEPTED, test.connection().trySend(shared));
            assertEquals(SendResult.PEER_BEHIND, test.connection().trySend(shared));
            for (int i = 0; i < 3; i++) {
                TestPeer.Frame frame = test.peer.readFrame();
                assertEquals(0x82, frame.firstByte());
                assertArrayEquals(bytes, frame.payload());
            }
        }
    }

    @Test
    void endedConnectionMustAcceptNoPreparedMessage() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            PreparedMessage message = PreparedMessage.text("late");
            test.connection().close();
            assertEquals(SendResult.CLOSED, test.connection().trySend(message));
            assertThrows(ConnectionClosedException.class, () -> test.connection().send(message));
            assertThrows(NullPointerException.class, () -> test.connection().trySend((PreparedMessage) null));
            assertFalse(test.connection().isOpen());
        }
    }
}
