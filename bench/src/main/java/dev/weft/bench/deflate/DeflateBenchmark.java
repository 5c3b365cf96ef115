package dev.weft.bench.deflate;

import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Role;
import dev.weft.parser.deflate.DeflateCodecs;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.deflate.MessageDeflater;
import dev.weft.parser.deflate.MessageInflater;
import dev.weft.parser.deflate.NegotiatedDeflate;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Time per message of the pooled codecs, and of plain zlib with a separate codec for each connection, whose window always has
 * 15 bits. If 64 connections take turns, each is idle for longer than the pool keeps its compressor; a single connection is
 * busy.
 *
 * <pre>
 * mvn -q package -DskipTests
 * java -cp 'bench/target/classes:bench/target/lib/*' org.openjdk.jmh.Main DeflateBenchmark -prof gc
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(3)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class DeflateBenchmark {
    private static final byte[] TAIL = {0, 0, (byte) 0xff, (byte) 0xff};

    @Param({"216", "1024", "16384"})
    private int size;

    @Param({"9", "12", "15"})
    private int bits;

    @Param({"true", "false"})
    private boolean takeover;

    @Param({"1", "64"})
    private int connections;

    private final byte[] target = new byte[1 << 15];
    private byte[][] messages;
    private byte[][] payloads;
    private int next;

    private DeflateCodecs codecs;
    private MessageDeflater[] deflaters;
    private MessageInflater[] inflaters;
    private Deflater[] zlibDeflaters;
    private Inflater[] zlibInflaters;

    /** One codec of each kind for each connection. */
    @Setup
    public void setUp() {
        NegotiatedDeflate negotiated = new NegotiatedDeflate(!takeover, !takeover, bits, bits);
        DeflateSettings settings = DeflateSettings.DEFAULT;
        codecs = new DeflateCodecs(settings);
        messages = Corpus.messages(size);
        deflaters = new MessageDeflater[connections];
        inflaters = new MessageInflater[connections];
        zlibDeflaters = new Deflater[connections];
        zlibInflaters = new Inflater[connections];
        for (int i = 0; i < connections; i++) {
            deflaters[i] = codecs.deflater(negotiated, Role.SERVER);
            inflaters[i] = codecs.inflater(negotiated, Role.SERVER);
            zlibDeflaters[i] = new Deflater(settings.level(), true);
            zlibInflaters[i] = new Inflater(true);
        }
        payloads = payloads();
    }

    /** Messages that can follow any context: each refers only to itself, but is compressed as far as that allows. */
    private byte[][] payloads() {
        byte[][] compressed = new byte[messages.length][];
        NegotiatedDeflate negotiated = new NegotiatedDeflate(true, true, bits, bits);
        try (MessageDeflater deflater = codecs.deflater(negotiated, Role.SERVER)) {
            for (int n = 0; n < compressed.length; n++) {
                deflater.input(messages[n], 0, size, true);
                compressed[n] = Arrays.copyOf(target, deflater.output(target, 0, target.length));
            }
        }
        return compressed;
    }

    /** Frees the native memory. */
    @TearDown(Level.Trial)
    public void tearDown() {
        codecs.close();
        for (int i = 0; i < connections; i++) {
            zlibDeflaters[i].end();
            zlibInflaters[i].end();
        }
    }

    /** Compresses a message. */
    @Benchmark
    public int deflate() {
        next++;
        MessageDeflater deflater = deflaters[next % connections];
        deflater.input(messages[next % messages.length], 0, size, true);
        return deflater.output(target, 0, target.length);
    }

    /** Decompresses a message. */
    @Benchmark
    public int inflate() throws ProtocolViolationException {
        next++;
        MessageInflater inflater = inflaters[next % connections];
        byte[] payload = payloads[next % payloads.length];
        inflater.input(payload, 0, payload.length, true);
        return inflater.output(target, 0, target.length);
    }

    /** Compresses a message with the connection's own zlib state. */
    @Benchmark
    public int deflateByZlib() {
        next++;
        Deflater deflater = zlibDeflaters[next % connections];
        if (!takeover) {
            deflater.reset();
        }
        deflater.setInput(messages[next % messages.length]);
        return deflater.deflate(target, 0, target.length, Deflater.SYNC_FLUSH);
    }

    /** Decompresses a message with the connection's own zlib state. */
    @Benchmark
    public int inflateByZlib() throws DataFormatException {
        next++;
        Inflater inflater = zlibInflaters[next % connections];
        if (!takeover) {
            inflater.reset();
        }
        inflater.setInput(payloads[next % payloads.length]);
        int length = inflater.inflate(target);
        inflater.setInput(TAIL);
        return length + inflater.inflate(target, length, target.length - length);
    }
}
