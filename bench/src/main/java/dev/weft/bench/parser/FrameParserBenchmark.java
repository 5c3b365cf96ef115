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
 * Nanoseconds per masked frame, for Weft's parser, the decoders of its peers, and the baselines. An operation is one frame.
 * <p>
 * Unmasking in place changes the bytes, so each read copies the next region of an unchanged stream into the buffer, as a socket
 * would. {@code copy} measures this copy alone, and {@code copy+xor} the copy with one XOR over all bytes.
 * <pre>
 * mvn -DskipTests package
 * java -cp "bench/target/weft-bench-0.1.0-SNAPSHOT.jar:bench/target/lib/*" org.openjdk.jmh.Main FrameParserBenchmark \
 *     -p decoder=weft -prof gc
 * </pre>
 * Netty is slower without the settings that {@link JvmSettings} gives it.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(FrameParserBenchmark.FRAMES)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = "-XX:+UseSerialGC")
public class FrameParserBenchmark {
    /** The number of frames per invocation, whatever their size; the stream continues where the previous invocation stopped. */
    static final int FRAMES = 64;

    /** The decoder. */
    @Param({"weft", "copy", "copy+xor", "netty-heap", "netty-direct", "java-websocket", "jetty", "helidon", "okhttp"})
    public String decoder;

    /** The number of payload bytes in each frame. */
    @Param({"0", "16", "125", "126", "1024", "16384", "65536", "1048576", FrameStream.MIXED})
    public String payload;

    /** How the stream is split into regions. */
    @Param({"reads", "whole", "sliced"})
    public String feed;

    private Decoder subject;

    /** Creates the stream. */
    @Setup
    public void open() {
        subject = Decoder.of(decoder, new FrameStream(payload, feed), null);
    }

    /** Releases the buffers. */
    @TearDown
    public void close() {
        subject.close();
    }

    /** Measures decoding, including the reads. */
    @Benchmark
    public long parse() throws Exception {
        return subject.decode(FRAMES);
    }
}
