package dev.weft.bench.parser;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.parser.Utf8Validator;
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
 * Nanoseconds to validate one text. For comparison: the JDK's decoding to a {@code String}, which does more, and a plain state
 * machine over bytes.
 * <pre>
 * mvn -DskipTests package
 * java -cp "bench/target/weft-bench-0.1.0-SNAPSHOT.jar:bench/target/lib/*" org.openjdk.jmh.Main Utf8Benchmark -prof gc
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = "-XX:+UseSerialGC")
public class Utf8Benchmark {
    /** The kind of text. */
    @Param({"ascii", "latin", "cjk", "emoji"})
    public String text;

    /** The number of bytes of text. */
    @Param({"125", "16384"})
    public int payload;

    private byte[] bytes;

    /** Creates the text. */
    @Setup
    public void make() {
        bytes = Texts.of(text, payload);
    }

    /** Weft's validation. */
    @Benchmark
    public boolean weft() {
        return Utf8Validator.isValid(bytes, 0, bytes.length);
    }

    /** The JDK's decoding to a string. */
    @Benchmark
    public String jdkString() {
        return new String(bytes, UTF_8);
    }

    /** A naive validation. */
    @Benchmark
    public boolean naive() {
        return NaiveUtf8.isValid(bytes, 0, bytes.length);
    }
}
