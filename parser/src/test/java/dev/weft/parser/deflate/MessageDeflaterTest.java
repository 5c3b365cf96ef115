package dev.weft.parser.deflate;

import static dev.weft.parser.deflate.SampleMessages.hex;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MessageDeflaterTest {
    private static final byte[] HELLO = {'H', 'e', 'l', 'l', 'o'};

    private final DeflaterPool pool = new DeflaterPool(6, 4);
    private final MessageDeflater deflater = new MessageDeflater(pool, 15, true, 4096);

    @AfterEach
    void nothingStaysLent() {
        deflater.close();
        assertEquals(0, pool.lent());
        pool.close();
    }

    @Test
    void theExamplesComeOutAsInTheRfc() {
        // RFC 7692 §7.2.3.1, §7.2.3.2
        assertArrayEquals(hex("f2 48 cd c9 c9 07 00"), SampleMessages.deflated(deflater, HELLO));
        assertArrayEquals(hex("f2 00 11 00 00"), SampleMessages.deflated(deflater, HELLO));
    }

    @Test
    void equalMessagesMustHaveEqualPayloadsWithoutTakeover() {
        MessageDeflater alone = new MessageDeflater(pool, 15, false, 4096);
        for (int n = 0; n < 5; n++) {
            assertArrayEquals(hex("f2 48 cd c9 c9 07 00"), SampleMessages.deflated(alone, HELLO));
            assertEquals(0, alone.retainedSize());
        }
    }

    @Test
    void anEmptyMessageIsOneByteEachTime() {
        // §7.2.3.6
        for (int n = 0; n < 3; n++) {
            assertArrayEquals(hex("00"), SampleMessages.deflated(deflater, new byte[0]));
        }
        SampleMessages.deflated(deflater, HELLO);
        assertArrayEquals(hex("00"), SampleMessages.deflated(deflater, new byte[0]));
        assertArrayEquals(hex("f2 00 11 00 00"), SampleMessages.deflated(deflater, HELLO));
    }

    @Test
    void anEmptyLastFragmentEndsTheMessage() {
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
        take(HELLO, 0, 5, false, payload);
        // It can be read before the message ends.
        assertArrayEquals(hex("f2 48 cd c9 c9 07 00 00 00 ff ff"), payload.toByteArray());
        take(HELLO, 0, 0, false, payload);
        take(HELLO, 0, 0, true, payload);
        assertArrayEquals(HELLO, new NaiveInflater(15, true).message(payload.toByteArray()));
        assertEquals(12, payload.size());
    }

    private void take(byte[] array, int from, int to, boolean last, ByteArrayOutputStream payload) {
        deflater.input(array, from, to, last);
        byte[] target = new byte[100];
        payload.write(target, 0, deflater.output(target, 0, target.length));
    }

    @Test
    void theTailIsRemovedWhateverTheTargetsAre() {
        byte[] message = SampleMessages.random(20_000, new Random(1));
        byte[] expected = SampleMessages.deflated(new MessageDeflater(pool, 15, false, 0), message);
        for (int room = 1; room < 9000; room += room < 20 ? 1 : 997) {
            MessageDeflater alone = new MessageDeflater(pool, 15, false, 0);
            ByteArrayOutputStream payload = new ByteArrayOutputStream();
            byte[] target = new byte[room];
            alone.input(message, 0, message.length, true);
            int count;
            do {
                count = alone.output(target, 0, room);
                payload.write(target, 0, count);
            } while (count == room);
            assertArrayEquals(expected, payload.toByteArray());
        }
    }

    @Test
    void everyLengthAroundTheOutputBufferIsFlushedWhole() {
        Random random = new Random(2);
        NaiveInflater inflater = new NaiveInflater(15, true);
        // Random bytes are stored: the flush ends before, in, and after each of the last bytes of the buffer.
        for (int size = 4060; size < 4110; size++) {
            byte[] message = SampleMessages.random(size, random);
            assertArrayEquals(message, inflater.message(SampleMessages.deflated(deflater, message)));
            byte[] twice = SampleMessages.random(2 * size - 4, random);
            assertArrayEquals(twice, inflater.message(SampleMessages.deflated(deflater, twice, random)));
        }
    }

    @Test
    void uncompressedMessagesMustBypassTheWindow() {
        byte[] novel = SampleMessages.random(100, new Random(3));
        assertTrue(SampleMessages.deflated(deflater, novel).length > 100);
        assertTrue(SampleMessages.deflated(deflater, novel).length < 20);
        assertTrue(SampleMessages.deflated(new MessageDeflater(pool, 15, true, 100), novel).length > 100);
    }

    @Test
    void onlyTheHistoryMustBeKeptBetweenMessages() {
        Random random = new Random(4);
        MessageDeflater small = new MessageDeflater(pool, 15, true, 1000);
        MessageDeflater none = new MessageDeflater(pool, 15, true, 0);
        MessageDeflater narrow = new MessageDeflater(pool, 9, true, 1000);
        assertEquals(0, small.retainedSize());
        SampleMessages.deflated(small, HELLO);
        assertEquals(256, small.retainedSize());
        for (int n = 0; n < 10; n++) {
            byte[] message = SampleMessages.text(5000, random);
            SampleMessages.deflated(small, message);
            SampleMessages.deflated(none, message);
            SampleMessages.deflated(narrow, message);
        }
        assertEquals(1000, small.retainedSize());
        assertEquals(0, none.retainedSize());
        assertEquals(512, narrow.retainedSize());
    }

    @Test
    void inputIsTakenOnlyWhenNoOutputIsLeft() {
        byte[] target = new byte[7];
        deflater.input(HELLO, 0, 5, true);
        assertThrows(IllegalStateException.class, () -> deflater.input(HELLO, 0, 5, true));
        assertThrows(IllegalStateException.class, () -> deflater.share(new SharedMessage(HELLO)));
        assertEquals(7, deflater.output(target, 0, 7));
        assertThrows(IllegalStateException.class, () -> deflater.input(HELLO, 0, 5, true));
        assertEquals(0, deflater.output(target, 0, 7));
        deflater.input(HELLO, 0, 5, true);
        assertThrows(IndexOutOfBoundsException.class, () -> deflater.output(target, 0, 8));
        deflater.close();
        assertEquals(0, deflater.output(target, 0, 7));
        assertThrows(IllegalStateException.class, () -> deflater.input(HELLO, 0, 5, true));
    }

    @Test
    void nothingIsPutOutsideTheTarget() {
        byte[] target = new byte[10];
        Arrays.fill(target, (byte) 0xee);
        deflater.input(new byte[]{'x', 'H', 'e', 'l', 'l', 'o', 'x'}, 1, 6, true);
        assertEquals(4, deflater.output(target, 2, 6));
        assertEquals(3, deflater.output(target, 6, 10));
        assertArrayEquals(hex("ee ee f2 48 cd c9 c9 07 00 ee"), target);
    }
}
