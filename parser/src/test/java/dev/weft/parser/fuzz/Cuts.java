package dev.weft.parser.fuzz;

import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** The positions at which reads cut a stream: a byte of the input selects one of several fixed ways. */
final class Cuts {
    private Cuts() {}

    /** In ascending order, from 0 to the length; some occur twice, because a read may return no bytes. */
    static int[] of(byte seed, int length) {
        SplittableRandom random = new SplittableRandom(seed);
        int longest = 1 << (seed & 7);
        IntStream.Builder cuts = IntStream.builder();
        for (int at = 0; at < length; at += random.nextInt(longest + 1)) {
            cuts.add(at);
        }
        return cuts.add(length).build().toArray();
    }

    /** At every byte. */
    static int[] everywhere(int length) {
        return IntStream.rangeClosed(0, length).toArray();
    }
}
