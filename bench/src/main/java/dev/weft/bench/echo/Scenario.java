package dev.weft.bench.echo;

import java.io.IOException;
import java.util.List;

/** A procedure that is applied to every server in the same way. */
interface Scenario {
    /** The name in reports. */
    String name();

    /** The approximate time in addition to warm-up and measurement, in seconds: opening connections, pauses. */
    default double extraSeconds() {
        return 0.3;
    }

    /** Runs once. Its time is bounded; throws if a reply is wrong, duplicated or missing. */
    List<Figure> run(ServerProcess.Target target, Pace pace) throws IOException;

    /**
     * How long to warm up and to measure.
     *
     * @param warmUp  in nanoseconds
     * @param measure in nanoseconds
     */
    record Pace(long warmUp, long measure) {}

    /** One figure of one server in one round. */
    record Figure(String metric, String unit, boolean lessIsBetter, double value) {
        static Figure less(String metric, String unit, double value) {
            return new Figure(metric, unit, true, value);
        }

        static Figure more(String metric, String unit, double value) {
            return new Figure(metric, unit, false, value);
        }
    }
}
