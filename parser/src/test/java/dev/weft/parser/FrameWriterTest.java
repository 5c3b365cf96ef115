package dev.weft.parser;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrameWriterTest {
    private static final IntSupplier RFC_KEY = () -> 0x3d21fa37; // 37 fa 21 3d

    private final FrameWriter server = new FrameWriter(Role.SERVER);
    private final FrameWriter client = new FrameWriter(Role.CLIENT, RFC_KEY);

    /** RFC 6455 §5.7. */
    @Test
    void theExamplesOfTheRfcAreWrittenAsPrintedThere() {
        byte[] hello = Vectors.utf8("Hello");
        assertWritten("81 05 48 65 6c 6c 6f", server, true, Opcode.TEXT, hello);
        assertWritten("81 85 37 fa 21 3d 7f 9f 4d 51 58", client, true, Opcode.TEXT, hello);
        assertWritten("01 03 48 65 6c", server, false, Opcode.TEXT, Vectors.utf8("Hel"));
        assertWritten("80 02 6c 6f", server, true, Opcode.CONTINUATION, Vectors.utf8("lo"));
        assertWritten("89 05 48 65 6c 6c 6f", server, true, Opcode.PING, hello);
        assertWritten("8a 85 37 fa 21 3d 7f 9f 4d 51 58", client, true, Opcode.PONG, hello);
    }

    private static void assertWritten(String bytes, FrameWriter writer, boolean fin, Opcode opcode, byte[] payload) {
        byte[] target = new byte[20];
        int end = writer.writeFrame(target, 3, fin, 0, opcode, payload, 0, payload.length);
        assertEquals(bytes, Hex.string(Arrays.copyOfRange(target, 3, end)));
        assertArrayEquals(new byte[3], Arrays.copyOf(target, 3));
        assertArrayEquals(new byte[20 - end], Arrays.copyOfRange(target, end, 20));
    }

    @Test
    void lengthsTakeTheShortestForm() {
        assertHead("82 00", "82 80 37 fa 21 3d", 0);
        assertHead("82 7d", "82 fd 37 fa 21 3d", 125);
        assertHead("82 7e 00 7e", "82 fe 00 7e 37 fa 21 3d", 126);
        assertHead("82 7e 01 00", "82 fe 01 00 37 fa 21 3d", 256);
        assertHead("82 7e ff ff", "82 fe ff ff 37 fa 21 3d", 65535);
        assertHead("82 7f 00 00 00 00 00 01 00 00", "82 ff 00 00 00 00 00 01 00 00 37 fa 21 3d", 65536);
        assertHead("82 7f 7f ff ff ff ff ff ff ff", "82 ff 7f ff ff ff ff ff ff ff 37 fa 21 3d", Long.MAX_VALUE);
    }

    private void assertHead(String fromServer, String fromClient, long length) {
        byte[] head = new byte[FrameHeader.MAX_LENGTH];
        int end = server.writeHeader(head, 0, true, 0, Opcode.BINARY, length);
        assertEquals(fromServer, Hex.string(Arrays.copyOf(head, end)));
        assertEquals(end, server.headerLength(length));
        end = client.writeHeader(head, 0, true, 0, Opcode.BINARY, length);
        assertEquals(fromClient, Hex.string(Arrays.copyOf(head, end)));
        assertEquals(end, client.headerLength(length));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 7, 8, 124, 125, 126, 127, 128, 129, 1024, 65534, 65535, 65536, 1 << 20})
    void theParserReadsWhatWasWritten(int length) {
        byte[] payload = Vectors.random(length);
        Frame[] frames = {new Frame(false, FrameHeader.RSV1, 2, payload), Frame.of(true, Opcode.PING, new byte[125]),
                Frame.of(true, Opcode.CONTINUATION, payload), new Frame(true, FrameHeader.RSV, 1, payload)};
        for (Role role : Role.values()) {
            FrameWriter writer = new FrameWriter(role);
            byte[] bytes = new byte[3 * length + 200];
            int end = 0;
            for (Frame f : frames) {
                byte[] source = Hex.join(new byte[2], f.payload(), new byte[1]);
                byte[] before = source.clone();
                end = writer.writeFrame(bytes, end, f.fin(), f.rsv(), Opcode.of(f.opcode()), source, 2,
                        source.length - 1);
                assertArrayEquals(before, source);
            }
            Role receiver = role == Role.SERVER ? Role.CLIENT : Role.SERVER;
            var parser = new FrameParser(receiver, 1 << 20, FrameHeader.RSV);
            assertEquals(List.of(frames), Reading.whole(parser, Arrays.copyOf(bytes, end)).frames());
        }
    }

    @Test
    void maskingInPiecesEqualsMaskingWhole() {
        byte[] payload = Vectors.random(1000);
        byte[] whole = new byte[1008];
        client.writeFrame(whole, 0, true, 0, Opcode.BINARY, payload, 0, 1000);
        for (int piece : new int[]{1, 2, 3, 4, 5, 7, 8, 13, 125, 129, 999}) {
            byte[] inPieces = payload.clone();
            byte[] head = new byte[FrameHeader.MAX_LENGTH];
            int end = client.writeHeader(head, 0, true, 0, Opcode.BINARY, 1000);
            for (int from = 0; from < 1000; from += piece) {
                client.mask(inPieces, from, Math.min(1000, from + piece));
            }
            assertArrayEquals(whole, Hex.join(Arrays.copyOf(head, end), inPieces));
        }
    }

    @Test
    void aServerDoesNotMask() {
        byte[] payload = Vectors.random(100);
        byte[] before = payload.clone();
        server.writeHeader(new byte[2], 0, true, 0, Opcode.BINARY, 100);
        server.mask(payload, 0, 100);
        assertArrayEquals(before, payload);
    }

    @Test
    void everyFrameHasAFreshKey() {
        int[] next = {0};
        var writer = new FrameWriter(Role.CLIENT, () -> ++next[0]);
        byte[] bytes = new byte[12];
        writer.writeHeader(bytes, 0, true, 0, Opcode.PING, 0);
        writer.writeHeader(bytes, 6, true, 0, Opcode.PING, 0);
        assertEquals("89 80 01 00 00 00 89 80 02 00 00 00", Hex.string(bytes));
        var random = new FrameWriter(Role.CLIENT);
        byte[] other = new byte[12];
        random.writeHeader(bytes, 0, true, 0, Opcode.PING, 0);
        random.writeHeader(bytes, 6, true, 0, Opcode.PING, 0);
        random.writeHeader(other, 0, true, 0, Opcode.PING, 0);
        random.writeHeader(other, 6, true, 0, Opcode.PING, 0);
        assertNotEquals(Hex.string(bytes), Hex.string(other));
    }

    @ParameterizedTest
    @EnumSource(value = Opcode.class, names = {"CLOSE", "PING", "PONG"})
    void controlFramesAreWholeShortAndWithoutRsvBits(Opcode control) {
        for (FrameWriter writer : List.of(server, client)) {
            assertRefused(target -> writer.writeHeader(target, 0, false, 0, control, 1));
            assertRefused(target -> writer.writeHeader(target, 0, true, FrameHeader.RSV1, control, 1));
            assertRefused(target -> writer.writeHeader(target, 0, true, 0, control, 126));
            assertRefused(target -> writer.writeFrame(target, 0, false, 0, control, new byte[1], 0, 1));
            assertRefused(target -> writer.writeFrame(target, 0, true, 0, control, new byte[126], 0, 126));
        }
    }

    @Test
    void impossibleHeadersAreRefused() {
        for (FrameWriter writer : List.of(server, client)) {
            assertRefused(target -> writer.writeHeader(target, 0, true, FrameHeader.FIN, Opcode.TEXT, 1));
            assertRefused(target -> writer.writeHeader(target, 0, true, 1, Opcode.TEXT, 1));
            assertRefused(target -> writer.writeHeader(target, 0, true, 0, Opcode.TEXT, -1));
        }
    }

    private interface Writing {
        void into(byte[] target);
    }

    private static void assertRefused(Writing writing) {
        assertNothingWritten(IllegalArgumentException.class, writing, 200);
    }

    private static void assertNothingWritten(Class<? extends Throwable> thrown, Writing writing, int room) {
        byte[] target = new byte[room];
        Executable executable = () -> writing.into(target);
        assertThrows(thrown, executable);
        assertArrayEquals(new byte[room], target);
    }

    @Test
    void withoutRoomNothingIsWritten() {
        byte[] payload = Vectors.random(70_000);
        for (FrameWriter writer : List.of(server, client)) {
            for (int length : new int[]{0, 1, 125, 126, 65535, 65536}) {
                int head = writer.headerLength(length);
                assertNoRoom(head - 1, t -> writer.writeHeader(t, 0, true, 0, Opcode.TEXT, length));
                assertNoRoom(head, t -> writer.writeHeader(t, 1, true, 0, Opcode.TEXT, length));
                assertNoRoom(head, t -> writer.writeHeader(t, -1, true, 0, Opcode.TEXT, length));
                int whole = head + length;
                assertNoRoom(whole - 1, t -> writer.writeFrame(t, 0, true, 0, Opcode.TEXT, payload, 0, length));
                assertNoRoom(whole, t -> writer.writeFrame(t, 1, true, 0, Opcode.TEXT, payload, 0, length));
            }
            assertNoRoom(200, t -> writer.writeFrame(t, 0, true, 0, Opcode.TEXT, payload, 69_990, 70_001));
            assertNoRoom(200, t -> writer.writeFrame(t, 0, true, 0, Opcode.TEXT, payload, 2, 1));
        }
        assertNoRoom(200, t -> client.mask(t, 0, 201));
        assertNoRoom(200, t -> client.mask(t, -1, 4));
    }

    private static void assertNoRoom(int room, Writing writing) {
        assertNothingWritten(IndexOutOfBoundsException.class, writing, room);
    }
}
