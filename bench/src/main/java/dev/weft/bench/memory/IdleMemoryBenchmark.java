package dev.weft.bench.memory;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Bytes of live heap per idle connection over the in-memory transport, both ends: {@code bytesPerConnection}. The time is that
 * of opening them all and of an echo on each, two collections included. JMH adds such counters up over iterations and forks, so
 * there is one of each.
 * <pre>
 * mvn -DskipTests package
 * java -cp "bench/target/weft-bench-0.1.0-SNAPSHOT.jar:bench/target/lib/*" org.openjdk.jmh.Main IdleMemoryBenchmark
 * </pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 0)
@Measurement(iterations = 1)
@Fork(value = 1, jvmArgsAppend = {"-XX:+UseSerialGC", "-Xms1g", "-Xmx8g"})
public class IdleMemoryBenchmark {
    private static final int WARM_UP = 5_000;

    /** The number of connections. */
    @Param({"1000", "20000", "100000"})
    public int connections;

    private InMemoryEcho echo;
    private long before;

    /** The secondary result. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.EVENTS)
    public static class Heap {
        /** The bytes that each connection holds. */
        public long bytesPerConnection;
    }

    /** Loads and compiles the code, and measures the heap without connections. */
    @Setup
    public void warmUp() throws IOException, InterruptedException {
        echo = new InMemoryEcho();
        echo.open(WARM_UP);
        echo.closeConnections();
        before = liveHeap();
    }

    /** Closes the connections. */
    @TearDown
    public void close() throws InterruptedException {
        echo.end();
    }

    /** Opens all connections, and measures the heap. */
    @Benchmark
    public long open(Heap heap) throws IOException {
        echo.open(connections);
        heap.bytesPerConnection = (liveHeap() - before) / connections;
        return heap.bytesPerConnection;
    }

    private static long liveHeap() {
        System.gc();
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
