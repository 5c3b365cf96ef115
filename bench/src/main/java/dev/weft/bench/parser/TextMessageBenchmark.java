package dev.weft.bench.parser;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.parser.FrameParser;
import dev.weft.parser.FrameWriter;
import dev.weft.parser.Opcode;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Role;
import dev.weft.parser.Utf8Validator;
import java.util.Arrays;
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
 * Nanoseconds from a masked text frame to a {@code String}, as the server does it: parsed, decoded, and validated only if the
 * string has a replacement character, which may stand for bytes that are not UTF-8. The time includes the copy of the frame
 * that a read would make, in which it is unmasked. For comparison: the decoding of unmasked bytes.
 * <pre>
 * mvn -DskipTests package
 * java -cp "bench/target/weft-bench-0.1.0-SNAPSHOT.jar:bench/target/lib/*" org.openjdk.jmh.Main TextMessageBenchmark -prof gc
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = "-XX:+UseSerialGC")
public class TextMessageBenchmark {
    private static final int LONGEST_HEADER = 14;

    /** The kind of text. */
    @Param({"ascii", "latin"})
    public String text;

    /** The number of bytes of text. */
    @Param({"125", "1024"})
    public int payload;

    private final FrameParser parser = new FrameParser(Role.SERVER, 1 << 20);
    private byte[] bytes;
    private byte[] frame;
    private byte[] buffer;

    /** Creates the frame. */
    @Setup
    public void make() {
        bytes = Texts.of(text, payload);
        buffer = new byte[LONGEST_HEADER + payload];
        int end = new FrameWriter(Role.CLIENT, () -> 0x3d21fa37).writeFrame(buffer, 0, true, 0, Opcode.TEXT, bytes, 0,
                payload);
        frame = Arrays.copyOf(buffer, end);
    }

    /** Converts a frame to a string. */
    @Benchmark
    public String weft() throws ProtocolViolationException {
        System.arraycopy(frame, 0, buffer, 0, frame.length);
        parser.feed(buffer, 0, frame.length);
        parser.next();
        int from = parser.payloadOffset();
        int length = parser.payloadLength();
        String message = new String(buffer, from, length, UTF_8);
        if (message.indexOf('\ufffd') >= 0 && !Utf8Validator.isValid(buffer, from, from + length)) {
            throw new IllegalStateException("not UTF-8");
        }
        parser.next();
        return message;
    }

    /** Converts bytes to a string. */
    @Benchmark
    public String jdkString() {
        return new String(bytes, UTF_8);
    }
}
