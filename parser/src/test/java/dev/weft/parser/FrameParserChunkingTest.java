package dev.weft.parser;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.parser.Vectors.Vector;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The positions at which reads cut a stream must not change the result. */
class FrameParserChunkingTest {
    /** Longer streams are cut at every byte near both ends, and at a sample of the other bytes. */
    private static final int EVERY_CUT = 2048;

    static List<Vector> all() {
        return Vectors.all();
    }

    @ParameterizedTest
    @MethodSource("all")
    void everyCutMustGiveTheSameEvents(Vector vector) {
        byte[] bytes = vector.bytes();
        Outcome whole = Reading.whole(vector.parser(), bytes);
        IntStream cuts = bytes.length <= EVERY_CUT
                ? IntStream.rangeClosed(0, bytes.length)
                : IntStream.concat(
                        IntStream.concat(IntStream.range(0, 20), new Random(1).ints(10, 20, bytes.length - 20)),
                        IntStream.rangeClosed(bytes.length - 20, bytes.length));
        cuts.forEach(cut -> {
            assertEquals(whole, new Reading(vector.parser()).feedPart(bytes, 0, cut)
                    .feedPart(bytes, cut, bytes.length).outcome(), () -> "cut at " + cut);
            assertEquals(whole, new Reading(vector.parser()).feedPart(bytes, 0, cut).goOnWithACopy()
                    .feedPart(bytes, cut, bytes.length).outcome(), () -> "copied at " + cut);
        });
    }

    @ParameterizedTest
    @MethodSource("all")
    void singleBytesMustGiveTheSameEvents(Vector vector) {
        byte[] bytes = vector.bytes();
        var reading = new Reading(vector.parser());
        byte[] region = new byte[1];
        for (byte b : bytes) {
            region[0] = b;
            reading.feed(region, 0, 1);
        }
        assertEquals(Reading.whole(vector.parser(), bytes), reading.outcome());
    }

    @ParameterizedTest
    @MethodSource("all")
    void randomSlicesGiveTheSame(Vector vector) {
        byte[] bytes = vector.bytes();
        Outcome whole = Reading.whole(vector.parser(), bytes);
        int rounds = bytes.length <= EVERY_CUT ? 50 : 3;
        for (int seed = 0; seed < rounds; seed++) {
            var random = new Random(seed);
            var reading = new Reading(vector.parser());
            int longest = 1 << random.nextInt(1, 15);
            for (int from = 0; from < bytes.length;) {
                int to = Math.min(bytes.length, from + random.nextInt(longest + 1));
                reading.feedPart(bytes, from, to);
                from = to;
            }
            assertEquals(whole, reading.outcome(), "seed " + seed);
        }
    }
}
