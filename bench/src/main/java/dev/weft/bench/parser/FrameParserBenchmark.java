package dev.weft.bench.parser;

import dev.weft.parser.FrameParser;
import dev.weft.parser.FrameWriter;
import dev.weft.parser.Masking;
import dev.weft.parser.Opcode;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Role;
import java.util.Random;
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
import org.openjdk.jmh.annotations.Warmup;

/**
 * Nanoseconds per masked frame that comes in reads of 16 KiB. An operation is one frame.
 * <p>
 * Unmasking in place spoils the octets, so each read copies the next 16 KiB of a pristine stream into the buffer, as a
 * socket would: {@link #copyOnly} says what that costs alone, and {@link #copyAndXor} what it costs with one XOR over all
 * of it.
 * <pre>
 * mvn -DskipTests package
 * java -cp "bench/target/weft-bench-0.1.0-SNAPSHOT.jar:bench/target/lib/*" org.openjdk.jmh.Main FrameParserBenchmark -prof gc
 * </pre>
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
    static final int FRAMES = 256;

    private static final int READ_SIZE = 16_384;
    private static final int STREAM_SIZE = 1 << 18;

    /** Octets of payload in each frame. */
    @Param({"0", "16", "125", "126", "1024", "16384", "65536"})
    public int payload;

    private final FrameParser parser = new FrameParser(Role.SERVER, 1 << 20);
    private final byte[] buffer = new byte[READ_SIZE];
    private byte[] stream;
    private int position;
    private int frameSize;

    /** Octets that the invocations so far should have read and have not: the baselines go on like the parser. */
    private long due;

    /** As many frames as fit, each with a key of its own. */
    @Setup
    public void writeStream() {
        var random = new Random(1);
        var writer = new FrameWriter(Role.CLIENT, random::nextInt);
        byte[] octets = new byte[payload];
        random.nextBytes(octets);
        frameSize = writer.headerLength(payload) + payload;
        int frames = Math.ceilDiv(STREAM_SIZE, frameSize);
        stream = new byte[frames * frameSize];
        int end = 0;
        for (int i = 0; i < frames; i++) {
            end = writer.writeFrame(stream, end, true, 0, Opcode.BINARY, octets, 0, payload);
        }
    }

    /** What the parser costs, reading included. */
    @Benchmark
    public long parse() throws ProtocolViolationException {
        long seen = 0;
        for (int frames = 0; frames < FRAMES;) {
            switch (parser.next()) {
                case FRAME -> {
                    seen += parser.payloadOffset() + parser.payloadLength();
                    frames++;
                }
                case FRAME_START -> {}
                case PAYLOAD -> seen += parser.payloadOffset() + parser.payloadLength();
                case FRAME_END -> frames++;
                case NEED_INPUT -> parser.feed(buffer, 0, read());
            }
        }
        return seen;
    }

    /** The reading alone. */
    @Benchmark
    public long copyOnly() {
        for (due += (long) FRAMES * frameSize; due > 0;) {
            due -= read();
        }
        return due;
    }

    /** The reading, and the least that unmasking can cost. */
    @Benchmark
    public long copyAndXor() {
        for (due += (long) FRAMES * frameSize; due > 0;) {
            int length = read();
            Masking.apply(buffer, 0, length, 0x3d21fa37);
            due -= length;
        }
        return due;
    }

    private int read() {
        int length = Math.min(READ_SIZE, stream.length - position);
        System.arraycopy(stream, position, buffer, 0, length);
        position += length;
        if (position == stream.length) {
            position = 0;
        }
        return length;
    }
}
