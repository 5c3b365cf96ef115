package dev.weft.bench.parser;

import dev.weft.parser.Masking;
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
 * Nanoseconds to mask one payload in place, repeatedly: masking twice restores the bytes. For comparison: a copy of the same
 * number of bytes, which accesses the same memory, and the loop that RFC 6455 §5.3 describes.
 * <pre>
 * mvn -DskipTests package
 * java -cp "bench/target/weft-bench-0.1.0-SNAPSHOT.jar:bench/target/lib/*" org.openjdk.jmh.Main MaskingBenchmark -prof gc
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = "-XX:+UseSerialGC")
public class MaskingBenchmark {
    private static final int KEY = 0x3d21fa37;
    /** The offset of the payload: as in a frame, after a header, and so rarely aligned. */
    private static final int AT = 6;

    /** Bytes of payload. */
    @Param({"16", "125", "1024", "16384", "65536"})
    public int payload;

    private final byte[] key = {0x37, (byte) 0xfa, 0x21, 0x3d};
    private byte[] bytes;
    private byte[] target;

    /** Creates the payload. */
    @Setup
    public void make() {
        bytes = new byte[AT + payload];
        target = new byte[AT + payload];
        new Random(1).nextBytes(bytes);
    }

    /** Weft's masking. */
    @Benchmark
    public byte[] weft() {
        Masking.apply(bytes, AT, AT + payload, KEY);
        return bytes;
    }

    /** The lower limit. */
    @Benchmark
    public byte[] copy() {
        System.arraycopy(bytes, AT, target, AT, payload);
        return target;
    }

    /** Byte by byte. */
    @Benchmark
    public byte[] naive() {
        for (int i = 0; i < payload; i++) {
            bytes[AT + i] ^= key[i & 3];
        }
        return bytes;
    }
}
