package dev.weft.bench.parser;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Nanoseconds per masked frame, for Weft's parser, the decoders of its peers, and the baselines. An operation is one
 * frame.
 * <p>
 * Unmasking in place spoils the bytes, so each read copies the next region of a pristine stream into the buffer, as a
 * socket would: {@code copy} says what that costs alone, and {@code copy+xor} what it costs with one XOR over all of it.
 * <pre>
 * mvn -DskipTests package
 * java -cp "bench/target/weft-bench-0.1.0-SNAPSHOT.jar:bench/target/lib/*" org.openjdk.jmh.Main FrameParserBenchmark \
 *     -p decoder=weft -prof gc
 * </pre>
 * Netty is handicapped without the settings that {@link JvmSettings} gives it.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(FrameParserBenchmark.FRAMES)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = "-XX:+UseSerialGC")
public class FrameParserBenchmark {
    /** Frames per invocation, whatever their size; the stream goes on where the invocation before left off. */
    static final int FRAMES = 64;

    /** Who decodes. */
    @Param({"weft", "copy", "copy+xor", "netty-heap", "netty-direct", "java-websocket", "jetty", "helidon", "okhttp"})
    public String decoder;

    /** Bytes of payload in each frame. */
    @Param({"0", "16", "125", "126", "1024", "16384", "65536", "1048576", FrameStream.MIXED})
    public String payload;

    /** In what regions the stream comes. */
    @Param({"reads", "whole", "sliced"})
    public String feed;

    private Decoder subject;

    /** Writes the stream. */
    @Setup
    public void open() {
        subject = Decoder.of(decoder, new FrameStream(payload, feed), null);
    }

    /** Gives buffers back. */
    @TearDown
    public void close() {
        subject.close();
    }

    /** What decoding costs, reading included. */
    @Benchmark
    public long parse() throws Exception {
        return subject.decode(FRAMES);
    }
}
