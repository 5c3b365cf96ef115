package dev.weft.bench.parser;

import dev.weft.parser.FrameWriter;
import dev.weft.parser.Masking;
import dev.weft.parser.Opcode;
import dev.weft.parser.Role;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Nanoseconds to write one frame, header and payload, to an existing array. A client masks it, with a key that costs nothing
 * here. For comparison: a copy of the payload alone, and a frame that is built byte by byte in a new {@code ByteBuffer}.
 * <pre>
 * mvn -DskipTests package
 * java -cp "bench/target/weft-bench-0.1.0-SNAPSHOT.jar:bench/target/lib/*" org.openjdk.jmh.Main FrameWriterBenchmark -prof gc
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = "-XX:+UseSerialGC")
public class FrameWriterBenchmark {
    private static final int KEY = 0x3d21fa37;
    private static final int LONGEST_HEADER = 14;

    /** The role of the writer. */
    @Param({"SERVER", "CLIENT"})
    public Role role;

    /** The number of payload bytes. */
    @Param({"16", "125", "1024", "65536"})
    public int payload;

    private FrameWriter writer;
    private byte[] bytes;
    private byte[] target;

    /** Creates the payload. */
    @Setup
    public void make() {
        writer = new FrameWriter(role, () -> KEY);
        bytes = new byte[payload];
        target = new byte[LONGEST_HEADER + payload];
        new Random(1).nextBytes(bytes);
    }

    /** Weft's writer. */
    @Benchmark
    public int weft() {
        return writer.writeFrame(target, 0, true, 0, Opcode.BINARY, bytes, 0, payload);
    }

    /** The lower limit; a client needs one pass of XOR in addition. */
    @Benchmark
    public byte[] copy() {
        System.arraycopy(bytes, 0, target, LONGEST_HEADER, payload);
        if (role == Role.CLIENT) {
            Masking.apply(target, LONGEST_HEADER, LONGEST_HEADER + payload, KEY);
        }
        return target;
    }

    /** A naive implementation. */
    @Benchmark
    public ByteBuffer naive() {
        return NaiveFrame.write(role, bytes, KEY);
    }
}
