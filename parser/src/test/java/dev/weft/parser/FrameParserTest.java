package dev.weft.parser;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.FrameParser.Event;
import dev.weft.parser.Vectors.Vector;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class FrameParserTest {
    private static final byte[] NONE = {};

    static List<Vector> all() {
        return Vectors.all();
    }

    static List<Vector> bad() {
        return Vectors.bad();
    }

    @ParameterizedTest
    @MethodSource("all")
    void vectorsAreReadInOneRegion(Vector vector) {
        assertEquals(vector.outcome(), normal(Reading.whole(vector.parser(), vector.bytes())));
    }

    @ParameterizedTest
    @MethodSource("all")
    void theNaiveParserAgreesWithTheVectors(Vector vector) {
        var naive = new NaiveFrameParser(vector.role(), Vectors.MAX_FRAME_LENGTH, vector.claimedRsv());
        assertEquals(vector.outcome(), normal(naive.parse(vector.bytes())));
    }

    @ParameterizedTest
    @MethodSource("bad")
    void violationsAreReportedAtTheirByteAndNotBefore(Vector vector) {
        byte[] before = Arrays.copyOf(vector.bytes(), vector.bytes().length - 1);
        assertEquals(null, Reading.whole(vector.parser(), before).violation());
        assertEquals(vector.violation(), Reading.whole(vector.parser(), vector.bytes()).violation());
    }

    @ParameterizedTest
    @MethodSource("bad")
    void whatFollowsAViolationDoesNotMatter(Vector vector) {
        for (byte[] tail : List.of(new byte[20], Vectors.random(20), Vectors.random(70_000))) {
            byte[] bytes = Hex.join(vector.bytes(), tail);
            assertEquals(vector.outcome(), normal(Reading.whole(vector.parser(), bytes)));
        }
    }

    /** A vector does not define the state of a message that is unfinished at its end. */
    private static Outcome normal(Outcome o) {
        return new Outcome(o.frames(), o.unfinished(), o.remaining(), o.violation(), o.atBoundary(), false);
    }

    @Test
    void claimedRsvBitsAreAllowedOnTheFirstFrameOfAMessage() {
        for (int opcode : new int[]{1, 2}) {
            for (int rsv = 0x10; rsv <= 0x70; rsv += 0x10) {
                Frame whole = new Frame(true, rsv, opcode, Vectors.utf8("whole"));
                Frame first = new Frame(false, rsv, opcode, Vectors.utf8("first"));
                Frame last = Frame.of(true, Opcode.CONTINUATION, Vectors.utf8("last"));
                Frame plain = new Frame(true, 0, opcode, Vectors.utf8("unclaimed bits are not demanded"));
                Frame[] frames = {whole, first, last, plain};
                for (Role role : Role.values()) {
                    for (int claimed : new int[]{rsv, FrameHeader.RSV}) {
                        var parser = new FrameParser(role, 125, claimed);
                        assertEquals(List.of(frames), Reading.whole(parser, Vectors.encode(role, frames)).frames());
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Role.class)
    void aFrameMayBeAsLongAsMaxFrameLengthAndNoLonger(Role role) {
        for (int limit : new int[]{125, 126, 127, 65534, 65535, 65536, 100_000}) {
            byte[] fits = Vectors.encode(role, Frame.of(true, Opcode.BINARY, new byte[limit]));
            byte[] over = Vectors.encode(role, Frame.of(true, Opcode.BINARY, new byte[limit + 1]));
            assertEquals(1, Reading.whole(new FrameParser(role, limit), fits).frames().size());
            assertEquals(new Outcome.Violation(1009, "10.4"),
                    Reading.whole(new FrameParser(role, limit), over).violation());
        }
    }

    @Test
    void limitMessageMustNameValueLimitAndSetting() {
        Reading reading = new Reading(new FrameParser(Role.CLIENT, 1000)).feed(Hex.of("82 7e 03e9"));
        assertEquals("frame of 1001 bytes is over maxFrameLength 1000", reading.violation().getMessage());
    }

    @Test
    void everyViolationsMessageFitsACloseReason() {
        for (Vector vector : bad()) {
            String message = new Reading(vector.parser()).feed(vector.bytes()).violation().getMessage();
            assertTrue(!message.isEmpty() && Vectors.utf8(message).length <= 123, message);
        }
    }

    @Test
    void longestDeclaredLengthMustBeAcceptedIfAllowed() throws Exception {
        var parser = new FrameParser(Role.CLIENT, Long.MAX_VALUE);
        byte[] head = Hex.of("82 7f 7fffffffffffffff 61");
        parser.feed(head, 0, head.length);
        assertEquals(Event.FRAME_START, parser.next());
        assertEquals(Long.MAX_VALUE, parser.frameLength());
        assertEquals(Event.PAYLOAD, parser.next());
        assertEquals(Long.MAX_VALUE - 1, parser.frameRemaining());
        assertEquals(Event.NEED_INPUT, parser.next());
    }

    @Test
    void aFrameThatIsCutHasAStartPartsAndAnEnd() throws Exception {
        var parser = new FrameParser(Role.SERVER, 125);
        byte[] bytes = Hex.of("81 85 37 fa 21 3d 7f 9f 4d 51 58"); // masked "Hello"
        parser.feed(bytes, 0, 7);
        assertEquals(Event.FRAME_START, parser.next());
        assertEquals(Opcode.TEXT, parser.opcode());
        assertTrue(parser.fin());
        assertEquals(5, parser.frameLength());
        assertEquals(5, parser.frameRemaining());
        assertEquals(0, parser.payloadLength());
        assertEquals(Event.PAYLOAD, parser.next());
        assertEquals(6, parser.payloadOffset());
        assertEquals(1, parser.payloadLength());
        assertEquals('H', bytes[6]);
        assertEquals(4, parser.frameRemaining());
        assertEquals(Event.NEED_INPUT, parser.next());
        assertFalse(parser.atFrameBoundary());
        parser.feed(bytes, 7, 11);
        assertEquals(Event.PAYLOAD, parser.next());
        assertEquals(7, parser.payloadOffset());
        assertEquals(4, parser.payloadLength());
        assertEquals(0, parser.frameRemaining());
        assertEquals(Event.FRAME_END, parser.next());
        assertTrue(parser.atFrameBoundary());
        assertEquals(Event.NEED_INPUT, parser.next());
        assertEquals("Hello", new String(bytes, 6, 5));
    }

    @Test
    void theHeaderIsGivenAsAValue() throws Exception {
        var server = new FrameParser(Role.SERVER, 125, FrameHeader.RSV1);
        server.feed(Hex.of("41 85 37 fa 21 3d 7f 9f 4d 51 58"), 0, 11);
        server.next();
        assertEquals(new FrameHeader(false, FrameHeader.RSV1, Opcode.TEXT, true, 0x3d21fa37, 5), server.header());
        var client = new FrameParser(Role.CLIENT, 125);
        client.feed(Hex.of("8a 05 48 65 6c 6c 6f"), 0, 7);
        client.next();
        assertEquals(new FrameHeader(true, 0, Opcode.PONG, false, 0, 5), client.header());
    }

    @Test
    void aMessageIsUnfinishedFromItsFirstFragmentToItsLast() {
        var parser = new FrameParser(Role.CLIENT, 125);
        var reading = new Reading(parser);
        assertFalse(parser.withinMessage());
        reading.feed(Hex.of("01 00")); // first fragment
        assertTrue(parser.withinMessage());
        reading.feed(Hex.of("89 00 00 00")); // ping, middle fragment
        assertTrue(parser.withinMessage());
        reading.feed(Hex.of("80 00")); // last fragment
        assertFalse(parser.withinMessage());
        reading.feed(Hex.of("81 00")); // a message of one frame
        assertFalse(parser.withinMessage());
    }

    @Test
    void bytesOutsideTheRegionAreNeitherReadNorTouched() {
        byte[] frame = Hex.of("81 85 37 fa 21 3d 7f 9f 4d 51 58"); // masked "Hello"
        for (byte around : new byte[]{0, (byte) 0xff, (byte) 0x81}) {
            byte[] array = new byte[frame.length + 40];
            Arrays.fill(array, around);
            System.arraycopy(frame, 0, array, 20, frame.length);
            byte[] expected = array.clone();
            System.arraycopy(Vectors.utf8("Hello"), 0, expected, 26, 5);
            new Reading(new FrameParser(Role.SERVER, 125)).feed(array, 20, 20 + frame.length);
            assertArrayEquals(expected, array);
        }
    }

    @Test
    void hasFrameSeesAWholeFrameAndNoLess() {
        for (Role role : Role.values()) {
            for (int length : new int[]{0, 1, 125, 126, 300, 65535}) {
                byte[] bytes = Vectors.encode(role, Frame.of(true, Opcode.BINARY, new byte[length]));
                for (int cut = Math.max(0, bytes.length - 20); cut < bytes.length; cut++) {
                    assertFalse(fed(role, Arrays.copyOf(bytes, cut)).hasFrame(), length + " cut at " + cut);
                }
                for (int cut = 0; cut < Math.min(20, bytes.length); cut++) {
                    assertFalse(fed(role, Arrays.copyOf(bytes, cut)).hasFrame(), length + " cut at " + cut);
                }
                assertTrue(fed(role, bytes).hasFrame(), role + " " + length);
            }
        }
    }

    @Test
    void hasFrameIsFalseInsideAFrame() throws Exception {
        FrameParser parser = fed(Role.CLIENT, Hex.of("81")); // half a header
        parser.next();
        parser.feed(Hex.of("00 81 00"), 0, 3);
        assertFalse(parser.hasFrame());
    }

    private static FrameParser fed(Role role, byte[] bytes) {
        var parser = new FrameParser(role, 1 << 20);
        parser.feed(bytes, 0, bytes.length);
        return parser;
    }

    @Test
    void aParserWithoutInputNeedsInput() throws Exception {
        var parser = new FrameParser(Role.SERVER, 125);
        assertEquals(Event.NEED_INPUT, parser.next());
        parser.feed(NONE, 0, 0);
        assertEquals(Event.NEED_INPUT, parser.next());
        assertEquals(Event.NEED_INPUT, parser.next());
        assertTrue(parser.atFrameBoundary());
        assertFalse(parser.withinMessage());
    }

    @Test
    void theNextRegionMayComeOnlyWhenTheLastIsUsedUp() throws Exception {
        var parser = new FrameParser(Role.CLIENT, 125);
        parser.feed(Hex.of("81 00 81 00"), 0, 4);
        assertEquals(Event.FRAME, parser.next());
        assertEquals(2, parser.unread());
        assertThrows(IllegalStateException.class, () -> parser.feed(NONE, 0, 0));
        assertEquals(Event.FRAME, parser.next());
        parser.feed(NONE, 0, 0);
        assertEquals(Event.NEED_INPUT, parser.next());
    }

    @Test
    void regionsMustBeWithinTheirArray() {
        var parser = new FrameParser(Role.CLIENT, 125);
        assertThrows(IndexOutOfBoundsException.class, () -> parser.feed(new byte[4], 0, 5));
        assertThrows(IndexOutOfBoundsException.class, () -> parser.feed(new byte[4], -1, 2));
        assertThrows(IndexOutOfBoundsException.class, () -> parser.feed(new byte[4], 3, 2));
    }

    @Test
    void settingsAreChecked() {
        assertThrows(IllegalArgumentException.class, () -> new FrameParser(Role.SERVER, 124));
        assertThrows(IllegalArgumentException.class, () -> new FrameParser(Role.SERVER, -1));
        assertThrows(IllegalArgumentException.class, () -> new FrameParser(Role.SERVER, 125, FrameHeader.FIN));
        assertThrows(IllegalArgumentException.class, () -> new FrameParser(Role.SERVER, 125, 1));
    }
}
