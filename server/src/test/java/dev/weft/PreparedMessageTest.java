package dev.weft;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weft.internal.PreparedMessageAccess;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import org.junit.jupiter.api.Test;

/** Prepared messages are values, made of text or bytes. */
class PreparedMessageTest {
    private static byte[] bytes(PreparedMessage message) {
        return PreparedMessageAccess.of(message).bytes();
    }

    @Test
    void textIsEncodedStrictly() {
        PreparedMessage message = PreparedMessage.text("é€😀");
        assertEquals(MessageType.TEXT, message.type());
        assertEquals(9, message.length());
        assertArrayEquals("é€😀".getBytes(UTF_8), bytes(message));
        for (String text : new String[]{"\uD800", "a\uDC00", "\uD83D?", "?\uDE00\uD83D"}) {
            assertThrows(IllegalArgumentException.class, () -> PreparedMessage.text(text));
        }
        assertThrows(NullPointerException.class, () -> PreparedMessage.text(null));
    }

    @Test
    void bytesAreCopied() {
        byte[] array = {1, 2, 3};
        PreparedMessage message = PreparedMessage.binary(array);
        array[0] = 9;
        assertEquals(MessageType.BINARY, message.type());
        assertArrayEquals(new byte[]{1, 2, 3}, bytes(message));
        assertEquals("PreparedMessage[BINARY, 3 bytes]", message.toString());
    }

    @Test
    void partOfAnArrayMustBeCopiedWithItsType() {
        byte[] array = "xhéx".getBytes(UTF_8);
        PreparedMessage message = PreparedMessage.of(MessageType.TEXT, array, 1, 3);
        array[1] = 'y';
        assertEquals(MessageType.TEXT, message.type());
        assertArrayEquals("hé".getBytes(UTF_8), bytes(message));
        assertThrows(IndexOutOfBoundsException.class, () -> PreparedMessage.of(MessageType.TEXT, array, 3, 3));
    }

    @Test
    void thePayloadIsReadOnlyAndReadFromItsBeginningEachTime() {
        PreparedMessage message = PreparedMessage.text("é!");
        for (int i = 0; i < 2; i++) {
            assertEquals("é!", UTF_8.decode(message.payload()).toString());
        }
        assertThrows(ReadOnlyBufferException.class, () -> message.payload().put((byte) 0));
    }

    @Test
    void whatRemainsOfEveryBufferIsCopied() {
        ByteBuffer heap = ByteBuffer.wrap(new byte[]{0, 1, 2, 3, 4}, 1, 3);
        ByteBuffer direct = ByteBuffer.allocateDirect(5).put(heap.array()).position(1).limit(4);
        for (ByteBuffer buffer : new ByteBuffer[]{heap, heap.slice(), heap.asReadOnlyBuffer(), direct}) {
            int position = buffer.position();
            assertArrayEquals(new byte[]{1, 2, 3}, bytes(PreparedMessage.binary(buffer)));
            assertEquals(position, buffer.position());
        }
    }
}
