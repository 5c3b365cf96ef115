package dev.weft.bench.parser;

import java.util.ArrayList;
import java.util.List;

/** The options of the benchmarks' JVMs. */
final class JvmSettings {
    private static final int HAS_UNSAFE_OPTION = 23;

    private JvmSettings() {}

    /**
     * The options for all: the garbage collector that the other suites use too, and the access that Netty's documentation asks
     * for.
     */
    static List<String> all() {
        List<String> settings = new ArrayList<>(List.of("-XX:+UseSerialGC", "-Xms1g", "-Xmx1g"));
        if (Runtime.version().feature() >= HAS_UNSAFE_OPTION) {
            settings.add("--sun-misc-unsafe-memory-access=allow");
        }
        settings.addAll(List.of("--add-opens=java.base/java.nio=ALL-UNNAMED",
                "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED", "-Dio.netty.noUnsafe=false",
                "-Dio.netty.tryReflectionSetAccessible=true", "-Dio.netty.leakDetection.level=disabled",
                "-Dio.netty.buffer.checkAccessible=false", "-Dio.netty.buffer.checkBounds=false"));
        return settings;
    }

    /** The options for Netty only: its thread-local caches are faster on its own kind of thread. */
    static List<String> netty() {
        return List.of("-Djmh.executor=CUSTOM", "-Djmh.executor.class=" + NettyThreads.class.getName());
    }
}
