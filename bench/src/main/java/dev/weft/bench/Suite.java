package dev.weft.bench;

import java.io.IOException;

/** One kind of benchmark: parser, memory or echo. */
public interface Suite {
    /** Its name on the command line and in the results. */
    String name();

    /** Measures, and reports each figure to the run as soon as it is known. Its time is bounded by {@link Run#budget()}. */
    void run(Run run) throws IOException, InterruptedException;
}
