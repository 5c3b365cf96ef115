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
 * Nanoseconds to parse the head of a browser's opening handshake, with a parser of its own for each, as a connection has.
 * Beside it Netty's request decoder, with one decoder for all, which is to its advantage; and a string that is split,
 * checked by nothing.
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

    /** Makes the head. */
    @Setup
    public void make() {
        bytes = BrowserHead.bytes();
        netty = new NettyHead();
    }

    /** Ours. */
    @Benchmark
    public RequestHead weft() throws HttpHeadException {
        return BrowserHead.byWeft(bytes);
    }

    /** Netty's. */
    @Benchmark
    public Object netty() {
        return netty.parse(bytes);
    }

    /** Split. */
    @Benchmark
    public Map<String, String> naive() {
        return BrowserHead.split(bytes);
    }
}
