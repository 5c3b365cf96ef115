package dev.weft.bench;

import dev.weft.bench.report.Measurement;
import java.nio.file.Path;
import java.time.Duration;

/** What a suite is given: how much it may do, and where its figures go. */
public interface Run {
    /** Whether to leave out rounds, forks and the rarer scenarios. */
    boolean quick();

    /** How long the suite may take. */
    Duration budget();

    /** Shows one line to the user who waits. */
    void progress(String line);

    /** Keeps a figure. */
    void add(Measurement measurement);

    /** Keeps a remark for the report: what was set, what cannot be compared, what was left out and why. */
    void remark(String sentence);

    /** Where the suite may leave raw data of its own, such as JMH's JSON. */
    Path raw(String fileName);
}
