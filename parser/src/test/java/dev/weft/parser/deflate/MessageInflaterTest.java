package dev.weft.parser.deflate;

import static dev.weft.parser.deflate.NaiveInflater.joined;
import static dev.weft.parser.deflate.SampleMessages.hex;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.ProtocolViolationException;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.Deflater;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessageInflaterTest {
    private final InflaterPool pool = new InflaterPool(4);
    private final MessageInflater inflater = new MessageInflater(pool, 15, true);

    @AfterEach
    void nothingStaysLent() {
        inflater.close();
        assertEquals(0, pool.lent());
        pool.close();
    }

    private static String text(byte[] message) {
        return new String(message, ISO_8859_1);
    }

    private String inflated(String... payloads) throws Exception {
        byte[] message = {};
        for (String payload : payloads) {
            message = SampleMessages.inflated(inflater, hex(payload));
        }
        return text(message);
    }

    // RFC 7692 §7.2.3: the examples.

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"7.2.3.1 one block | f2 48 cd c9 c9 07 00",
            "7.2.3.3 no compression | 00 05 00 fa ff 48 65 6c 6c 6f 00",
            "7.2.3.4 BFINAL | f3 48 cd c9 c9 07 00 00",
            "7.2.3.5 two blocks | f2 48 05 00 00 00 ff ff ca c9 c9 07 00",
            "BFINAL twice | f3 48 05 00 00 00 00 ff ff cb c9 c9 07 00 00",
            "BFINAL, stored and empty, at the end | 00 05 00 fa ff 48 65 6c 6c 6f 01",
            "BFINAL, stored, at the end | 01 05 00 fa ff 48 65 6c 6c 6f 00",
            "an empty block first | 00 00 00 ff ff f2 48 cd c9 c9 07 00"})
    void theExamplesSayHelloHoweverTheyAreCut(String name, String hex) throws Exception {
        byte[] payload = hex(hex);
        for (int a = 0; a <= payload.length; a++) {
            for (int b = a; b <= payload.length; b++) {
                for (int room : new int[]{1, 4, 5, 6, 100}) {
                    ByteArrayOutputStream message = new ByteArrayOutputStream();
                    inflater.input(payload, 0, a, false);
                    SampleMessages.drain(inflater, message, room);
                    inflater.input(payload, a, b, false);
                    SampleMessages.drain(inflater, message, room);
                    inflater.input(payload, b, payload.length, true);
                    SampleMessages.drain(inflater, message, room);
                    assertEquals("Hello", message.toString(ISO_8859_1), name);
                }
            }
        }
    }

    @Test
    void aMessageMayReferToTheOneBefore() throws Exception {
        // §7.2.3.2
        assertEquals("Hello", inflated("f2 48 cd c9 c9 07 00", "f2 00 11 00 00"));
    }

    @Test
    void anEmptyMessageIsOneByte() throws Exception {
        // §7.2.3.6
        assertEquals("", inflated("00"));
        assertEquals("", inflated("02 00"));
        // The same with BFINAL, as the end of a stream is written.
        assertEquals("", inflated("01"));
    }

    // The window.

    @Test
    void withoutTakeoverAMessageMustNotReferToTheOneBefore() throws Exception {
        try (MessageInflater alone = new MessageInflater(pool, 15, false)) {
            assertEquals("Hello", text(SampleMessages.inflated(alone, hex("f2 48 cd c9 c9 07 00"))));
            assertEquals(0, alone.retainedSize());
            assertEquals(1007, assertThrows(ProtocolViolationException.class,
                    () -> SampleMessages.inflated(alone, hex("f2 00 11 00 00"))).closeCode());
        }
    }

    @Test
    void whatFollowsAFinalBlockMayReferToWhatWasBeforeIt() throws Exception {
        byte[] message = hex("f3 48 cd c9 c9 07 00 02 13 00 00");
        NaiveInflater naive = new NaiveInflater(15, false);
        String expected = text(naive.message(message));
        assertEquals(5, naive.furthest());
        try (MessageInflater alone = new MessageInflater(pool, 15, false)) {
            assertEquals(expected, text(SampleMessages.inflated(alone, message)));
        }
    }

    @Test
    void theWindowGrowsToWhatCameAndNoFurther() throws Exception {
        try (MessageInflater small = new MessageInflater(pool, 10, true)) {
            assertEquals(0, small.retainedSize());
            SampleMessages.inflated(small, hex("f2 48 cd c9 c9 07 00"));
            assertEquals(256, small.retainedSize());
            SampleMessages.inflated(small, stored(new byte[300]));
            assertEquals(512, small.retainedSize());
            SampleMessages.inflated(small, stored(new byte[5000]));
            assertEquals(1024, small.retainedSize());
        }
    }

    @Test
    void noByteOfOneConnectionReachesAnother() throws Exception {
        InflaterPool one = new InflaterPool(1);
        MessageInflater first = new MessageInflater(one, 15, true);
        MessageInflater second = new MessageInflater(one, 15, true);
        SampleMessages.inflated(first, stored("secret".repeat(1000).getBytes(ISO_8859_1)));
        assertEquals(1, one.idle());
        // A reference to five bytes at distance five.
        assertThrows(ProtocolViolationException.class, () -> SampleMessages.inflated(second, hex("f2 00 11 00 00")));
        one.close();
    }

    // Damaged payloads.

    @ParameterizedTest
    @ValueSource(strings = {"06 00", "07", "00 05 00 fa fe 48 65 6c 6c 6f 00", "f2 48 cd c9", "f2 48 cd c9 c9 07",
            "00 05 00 fa ff 48 65", "00 05 00", "f2 48 cd c9 c9 07 00 00 00 ff ff", "f3 48 cd c9 c9 07 00 ff", "ff",
            "f3 48 cd c9 c9 07 00 00 00", "00 00", "00 00 00", "04", "05 e0 ff", "02", "f2 00 11 00 00"})
    void damagedPayloadsFailWith1007HoweverTheyAreCut(String hex) {
        byte[] payload = hex(hex);
        for (int cut = 0; cut <= payload.length; cut++) {
            MessageInflater fresh = new MessageInflater(pool, 15, true);
            int at = cut;
            ProtocolViolationException failure = assertThrows(ProtocolViolationException.class, () -> {
                ByteArrayOutputStream message = new ByteArrayOutputStream();
                fresh.input(payload, 0, at, false);
                SampleMessages.drain(fresh, message, 100);
                fresh.input(payload, at, payload.length, true);
                SampleMessages.drain(fresh, message, 100);
            }, hex);
            assertEquals(1007, failure.closeCode());
            assertEquals(0, pool.lent());
            assertThrows(IllegalStateException.class, () -> fresh.input(payload, 0, 1, false));
        }
    }

    @Test
    void aPayloadWithoutAnyByteIsAnEmptyMessage() throws Exception {
        // Some senders flush an empty message, which emits nothing, and remove the tail from that.
        assertEquals("", inflated(""));
        assertEquals("Hello", inflated("", "f2 48 cd c9 c9 07 00"));
    }

    @Test
    void byteAfterAFinalBlockMayBeMissing() throws Exception {
        assertEquals("Hello", inflated("f3 48 cd c9 c9 07 00"));
    }

    // Limits.

    @Test
    void aBombInflatesOnlyAsFarAsAsked() throws Exception {
        byte[] bomb = zeros(1 << 30);
        assertTrue(bomb.length < 1 << 21);
        byte[] target = new byte[1000];
        inflater.input(bomb, 0, bomb.length, true);
        for (int i = 0; i < 1000; i++) {
            assertEquals(1000, inflater.output(target, 0, 1000));
        }
        assertEquals(1 << 15, inflater.retainedSize());
    }

    @Test
    void itsEndIsSeenAtExactlyItsLength() throws Exception {
        byte[] payload = zeros(1 << 20);
        byte[] target = new byte[1 << 20];
        inflater.input(payload, 0, payload.length, true);
        assertEquals(1 << 20, inflater.output(target, 0, 1 << 20));
        assertEquals(0, inflater.output(target, 0, 1));
        inflater.input(payload, 0, payload.length, true);
        assertEquals((1 << 20) - 1, inflater.output(target, 0, (1 << 20) - 1));
        assertEquals(1, inflater.output(target, 0, 2));
    }

    @ParameterizedTest
    @ValueSource(strings = {"00 00 00 ff ff", "03 00", "01 00 00 ff ff"})
    void blocksWithoutOutputCostNoMoreThanTheyAreLong(String block) throws Exception {
        assertEquals("", inflated("00", block.repeat(100_000) + "00"));
    }

    @Test
    void nothingIsPutOutsideTheTarget() throws Exception {
        byte[] target = new byte[10];
        Arrays.fill(target, (byte) 7);
        byte[] payload = hex("ee f2 48 cd c9 c9 07 00 ee");
        inflater.input(payload, 1, 8, true);
        assertEquals(3, inflater.output(target, 2, 5));
        assertEquals(2, inflater.output(target, 5, 8));
        assertArrayEquals(new byte[]{7, 7, 'H', 'e', 'l', 'l', 'o', 7, 7, 7}, target);
        assertThrows(IndexOutOfBoundsException.class, () -> inflater.output(target, 5, 11));
        assertThrows(IndexOutOfBoundsException.class, () -> inflater.input(target, 5, 11, true));
    }

    @Test
    void inputIsTakenOnlyWhenNoOutputIsLeft() throws Exception {
        byte[] payload = hex("f2 48 cd c9 c9 07 00");
        byte[] target = new byte[5];
        inflater.input(payload, 0, 7, true);
        assertThrows(IllegalStateException.class, () -> inflater.input(payload, 0, 7, true));
        assertEquals(5, inflater.output(target, 0, 5));
        assertThrows(IllegalStateException.class, () -> inflater.input(payload, 0, 7, true));
        assertEquals(0, inflater.output(target, 0, 5));
        inflater.input(payload, 0, 7, true);
    }

    // Random bytes.

    @Test
    void randomPayloadsCauseNothingButViolations() {
        Random random = new Random(7692);
        byte[] target = new byte[64];
        int failed = 0;
        for (int n = 0; n < 50_000; n++) {
            MessageInflater fresh = new MessageInflater(pool, 8 + random.nextInt(8), random.nextBoolean());
            byte[] payload = random.nextInt(3) == 0
                    ? SampleMessages.random(random.nextInt(60), random)
                    : damaged(hex("f3 48 05 00 00 00 00 ff ff cb c9 c9 07 00 00 00 05 00 fa ff 48 65 6c 6c 6f 00"),
                            random);
            int cut = random.nextInt(payload.length + 1);
            try {
                fresh.input(payload, 0, cut, false);
                int calls = 0;
                while (fresh.output(target, 0, target.length) == target.length) {
                    // One bit can represent at most 258 bytes.
                    assertTrue(++calls <= payload.length * 8 * 258 / target.length + 1);
                }
                fresh.input(payload, cut, payload.length, true);
                while (fresh.output(target, 0, target.length) == target.length) {
                    assertTrue(++calls <= payload.length * 8 * 258 / target.length + 1);
                }
            } catch (ProtocolViolationException e) {
                failed++;
                assertEquals(1007, e.closeCode());
            }
            assertEquals(0, pool.lent());
        }
        assertTrue(failed > 10_000 && failed < 50_000, "some fail: " + failed);
    }

    private static byte[] damaged(byte[] payload, Random random) {
        for (int i = random.nextInt(3); i >= 0; i--) {
            payload[random.nextInt(payload.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return Arrays.copyOf(payload, payload.length - Math.max(0, random.nextInt(10) - 5));
    }

    private static byte[] stored(byte[] message) {
        int length = message.length;
        return joined(new byte[]{0, (byte) length, (byte) (length >> 8), (byte) ~length, (byte) (~length >> 8)},
                message,
                new byte[]{0});
    }

    /** The payload of a message with this number of zero bytes, a multiple of 1 Mi. */
    private static byte[] zeros(int count) {
        Deflater zlib = new Deflater(9, true);
        byte[] target = new byte[1 << 16];
        zlib.setInput(new byte[1 << 20]);
        // It refers to no earlier byte, so it can be repeated.
        int length = zlib.deflate(target, 0, target.length, Deflater.FULL_FLUSH);
        byte[] million = Arrays.copyOf(target, length);
        zlib.end();
        byte[] payload = new byte[million.length * (count >> 20)];
        for (int at = 0; at < payload.length; at += million.length) {
            System.arraycopy(million, 0, payload, at, million.length);
        }
        return Arrays.copyOf(payload, payload.length - 4);
    }
}
