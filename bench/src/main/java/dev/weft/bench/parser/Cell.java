package dev.weft.bench.parser;

import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * One benchmark method with all its parameters set.
 *
 * @param benchmark the benchmark's class
 * @param method    the method's name
 * @param params    each parameter with one value
 * @param scenario  what is measured; the same for all subjects that are compared
 * @param subject   the code that is measured
 * @param unit      the meaning of one operation
 * @param bytes     the bytes of one operation, for the throughput
 */
record Cell(Class<?> benchmark, String method, Map<String, String> params, String scenario, String subject, String unit,
        double bytes) {
    Cell {
        params = Map.copyOf(params);
        Objects.requireNonNull(subject);
    }

    /** The options of its JVM. */
    List<String> jvmOptions() {
        return params.getOrDefault("decoder", method).startsWith("netty") ? JvmSettings.netty() : List.of();
    }
}
