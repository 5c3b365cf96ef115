package dev.weft.bench.parser;

import dev.weft.parser.http.HttpHeadException;
import dev.weft.parser.http.RequestHead;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Nanoseconds to parse the head of a browser's opening handshake, with a new parser each time, as for a connection. For
 * comparison: Netty's request decoder, with one decoder for all heads, which is an advantage; and a string that is only split,
 * without any checks.
 * <pre>
 * mvn -DskipTests package
 * java -cp "bench/target/weft-bench-0.1.0-SNAPSHOT.jar:bench/target/lib/*" org.openjdk.jmh.Main RequestHeadBenchmark -prof gc
 * </pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 3, jvmArgsAppend = "-XX:+UseSerialGC")
public class RequestHeadBenchmark {
    private byte[] bytes;
    private NettyHead netty;

    /** Creates the head. */
    @Setup
    public void make() {
        bytes = BrowserHead.bytes();
        netty = new NettyHead();
    }

    /** Weft's parser. */
    @Benchmark
    public RequestHead weft() throws HttpHeadException {
        return BrowserHead.byWeft(bytes);
    }

    /** Netty's decoder. */
    @Benchmark
    public Object netty() {
        return netty.parse(bytes);
    }

    /** Only splits the string. */
    @Benchmark
    public Map<String, String> naive() {
        return BrowserHead.split(bytes);
    }
}
