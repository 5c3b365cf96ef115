package dev.weft.parser.deflate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import java.util.zip.Inflater;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WindowTest {

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100, 256, 300, 1024})
    void itHoldsTheLastBytesHoweverTheyCame(int size) throws Exception {
        Random random = new Random(size);
        for (int row = 0; row < 50; row++) {
            Window window = new Window(size);
            byte[] all = {};
            for (int n = 0; n < 40; n++) {
                byte[] piece = SampleMessages.random(random.nextInt(row * 10 + 3), random);
                window.append(NaiveInflater.joined(new byte[2], piece, new byte[3]), 2, 2 + piece.length);
                all = NaiveInflater.joined(all, piece);
                assertEquals(Math.min(size, all.length), window.length());
                assertTrue(window.retained() <= size);
                assertArrayEquals(Arrays.copyOfRange(all, all.length - window.length(), all.length), content(window));
            }
            window.clear();
            assertEquals(0, window.length());
            assertEquals(0, window.retained());
        }
    }

    /** Each byte, requested by a reference to it and the next two. */
    private static byte[] content(Window window) throws Exception {
        byte[] content = new byte[window.length()];
        byte[] three = new byte[3];
        Inflater inflater = new Inflater(true);
        for (int i = 0; i < content.length; i++) {
            inflater.reset();
            window.giveTo(inflater);
            inflater.setInput(NaiveDeflater.copyOfThree(content.length - i));
            assertEquals(3, inflater.inflate(three));
            content[i] = three[0];
        }
        inflater.end();
        return content;
    }
}
