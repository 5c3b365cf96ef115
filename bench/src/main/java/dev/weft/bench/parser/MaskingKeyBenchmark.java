package dev.weft.bench.parser;

import dev.weft.parser.FrameWriter;
import dev.weft.parser.Opcode;
import dev.weft.parser.Role;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Nanoseconds that a client's masking key costs for each frame: the difference between a header with a key from the strong
 * random source and one with a constant key.
 * <pre>
 * mvn -DskipTests package
 * java -cp "bench/target/weft-bench-0.1.0-SNAPSHOT.jar:bench/target/lib/*" org.openjdk.jmh.Main MaskingKeyBenchmark -prof gc
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = "-XX:+UseSerialGC")
public class MaskingKeyBenchmark {
    private static final int KEY = 0x3d21fa37;
    private static final int LONGEST_HEADER = 14;
    private static final int PAYLOAD = 125;

    private final FrameWriter strong = new FrameWriter(Role.CLIENT);
    private final FrameWriter constant = new FrameWriter(Role.CLIENT, () -> KEY);
    private final byte[] target = new byte[LONGEST_HEADER];

    /** With the keys of a client. */
    @Benchmark
    public int strongKey() {
        return strong.writeHeader(target, 0, true, 0, Opcode.BINARY, PAYLOAD);
    }

    /** Without their cost. */
    @Benchmark
    public int constantKey() {
        return constant.writeHeader(target, 0, true, 0, Opcode.BINARY, PAYLOAD);
    }
}
