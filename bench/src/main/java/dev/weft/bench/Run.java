package dev.weft.bench;

import dev.weft.bench.report.Measurement;
import java.nio.file.Path;
import java.time.Duration;

/** Tells a suite how much it may do, and receives its figures. */
public interface Run {
    /** Whether to leave out rounds, forks and the rarer scenarios. */
    boolean quick();

    /** How long the suite may take. */
    Duration budget();

    /** Shows one line to the waiting user. */
    void progress(String line);

    /** Records a figure. */
    void add(Measurement measurement);

    /** Records a remark for the report: settings, what cannot be compared, and what was left out and why. */
    void remark(String sentence);

    /** Where the suite may store its raw data, such as JMH's JSON. */
    Path raw(String fileName);
}
