package dev.weft.parser.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.parser.FrameParser;
import dev.weft.parser.NaiveFrameParser;
import dev.weft.parser.Outcome;
import dev.weft.parser.Reading;
import dev.weft.parser.Role;
import java.util.Arrays;

/**
 * Frames: however they are cut, {@link FrameParser} must give the same result as {@link NaiveFrameParser}, and throw nothing
 * but violations.
 *
 * <pre>
 * byte 0   bit 0: set for the client's end; bits 2 and 3: maxFrameLength; bits 4 to 6: the claimed RSV bits
 * byte 1   how the stream is cut
 * then      the stream
 * </pre>
 */
public final class FrameParserFuzz {
    private static final long[] MAX_FRAME_LENGTHS = {1 << 20, 125, 1000, Long.MAX_VALUE};

    private FrameParserFuzz() {}

    /** What a fuzzer calls. */
    public static void fuzzerTestOneInput(byte[] data) {
        if (data.length < 2) {
            return;
        }
        Role role = (data[0] & 1) == 0 ? Role.SERVER : Role.CLIENT;
        long maxFrameLength = MAX_FRAME_LENGTHS[data[0] >> 2 & 3];
        int claimedRsv = data[0] & 0x70;
        byte[] stream = Arrays.copyOfRange(data, 2, data.length);

        Outcome expected = new NaiveFrameParser(role, maxFrameLength, claimedRsv).parse(stream);
        int[][] ways = {{0, stream.length}, Cuts.of(data[1], stream.length), Cuts.everywhere(stream.length)};
        for (int[] cuts : ways) {
            // Both in one large array, and with a separate array for each piece.
            Reading inPlace = new Reading(new FrameParser(role, maxFrameLength, claimedRsv));
            Reading pieces = new Reading(new FrameParser(role, maxFrameLength, claimedRsv));
            byte[] copy = stream.clone();
            for (int i = 1; i < cuts.length; i++) {
                inPlace.feed(copy, cuts[i - 1], cuts[i]);
                pieces.feedPart(stream, cuts[i - 1], cuts[i]);
            }
            assertEquals(expected, inPlace.outcome());
            assertEquals(expected, pieces.outcome());
        }
    }
}
