package dev.weft.bench.parser;

import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * One benchmark method with all its parameters set.
 *
 * @param benchmark its class
 * @param method    its name
 * @param params    each parameter with one value
 * @param scenario  what is done, the same for all that are compared
 * @param subject   who does it
 * @param unit      what one operation is
 * @param bytes    of an operation, for the throughput
 */
record Cell(Class<?> benchmark, String method, Map<String, String> params, String scenario, String subject, String unit,
        double bytes) {
    Cell {
        params = Map.copyOf(params);
        Objects.requireNonNull(subject);
    }

    /** What its JVM is told. */
    List<String> jvmOptions() {
        return params.getOrDefault("decoder", method).startsWith("netty") ? JvmSettings.netty() : List.of();
    }
}
