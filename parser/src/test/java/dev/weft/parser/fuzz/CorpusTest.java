package dev.weft.parser.fuzz;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every stored input of every fuzz target, and some thousand mutations of them, which are the same in each run.
 * {@code scripts/fuzz} looks for new ones, guided by coverage. The system property {@code weft.fuzz.mutations} sets the number
 * of mutations for each target.
 */
class CorpusTest {
    private static final int MUTATIONS = Integer.getInteger("weft.fuzz.mutations", 5_000);
    private static final int LONGEST = 4096;

    enum Target {
        FRAME_PARSER(FrameParserFuzz.class, FrameParserFuzz::fuzzerTestOneInput), REQUEST_HEAD(RequestHeadFuzz.class,
                RequestHeadFuzz::fuzzerTestOneInput), EXTENSION_HEADER(ExtensionHeaderFuzz.class,
                        ExtensionHeaderFuzz::fuzzerTestOneInput), INFLATER(InflaterFuzz.class,
                                InflaterFuzz::fuzzerTestOneInput), PROXY_HEADER(ProxyHeaderFuzz.class,
                                        ProxyHeaderFuzz::fuzzerTestOneInput);

        private final Class<?> type;
        private final Consumer<byte[]> test;

        Target(Class<?> type, Consumer<byte[]> test) {
            this.type = type;
            this.test = test;
        }

        List<Path> corpus() throws IOException, URISyntaxException {
            Path folder = Path.of(type.getResource(type.getSimpleName()).toURI());
            try (Stream<Path> files = Files.list(folder)) {
                return files.sorted().toList();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void keptInputsPass(Target target) throws Exception {
        List<Path> corpus = target.corpus();
        assertTrue(corpus.size() >= 10, () -> "kept inputs: " + corpus.size());
        for (Path file : corpus) {
            byte[] input = bytes(file);
            assertTrue(input.length <= LONGEST, file::toString);
            run(target, input, file.getFileName().toString());
        }
    }

    @ParameterizedTest
    @EnumSource
    void mutationsPass(Target target) throws Exception {
        List<byte[]> corpus = target.corpus().stream().map(CorpusTest::bytes).toList();
        SplittableRandom random = new SplittableRandom(7692);
        for (int n = 0; n < MUTATIONS; n++) {
            byte[] input = corpus.get(random.nextInt(corpus.size()));
            for (int mutations = random.nextInt(1, 4); mutations > 0; mutations--) {
                input = mutated(input, corpus, random);
            }
            run(target, input, "mutation " + n);
        }
    }

    private static void run(Target target, byte[] input, String name) {
        try {
            target.test.accept(input);
        } catch (Throwable e) {
            throw new AssertionError(name + ": " + HexFormat.of().formatHex(input), e);
        }
    }

    private static byte[] bytes(Path file) {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] mutated(byte[] input, List<byte[]> corpus, SplittableRandom random) {
        int from = random.nextInt(input.length + 1);
        int to = Math.min(input.length, from + (random.nextBoolean() ? 1 : random.nextInt(16)));
        byte[] between = switch (random.nextInt(6)) {
            case 0 -> new byte[0];
            case 1 -> new byte[]{(byte) random.nextInt()};
            case 2 -> {
                byte[] flipped = Arrays.copyOfRange(input, from, to);
                for (int i = 0; i < flipped.length; i++) {
                    flipped[i] ^= (byte) (1 << random.nextInt(8));
                }
                yield flipped;
            }
            case 3 -> new byte[]{random.nextBoolean() ? (byte) 0xff : 0};
            case 4 -> {
                byte[] twice = Arrays.copyOf(Arrays.copyOfRange(input, from, to), 2 * (to - from));
                System.arraycopy(input, from, twice, to - from, to - from);
                yield twice;
            }
            default -> {
                byte[] other = corpus.get(random.nextInt(corpus.size()));
                int at = random.nextInt(other.length + 1);
                yield Arrays.copyOfRange(other, at, Math.min(other.length, at + random.nextInt(64)));
            }
        };
        if (random.nextInt(4) == 0) {
            to = from;
        }
        ByteArrayOutputStream mutated = new ByteArrayOutputStream();
        mutated.write(input, 0, from);
        mutated.writeBytes(between);
        mutated.write(input, to, input.length - to);
        return Arrays.copyOf(mutated.toByteArray(), Math.min(LONGEST, mutated.size()));
    }
}
