package dev.weft.bench;

import dev.weft.bench.report.Machine;
import dev.weft.bench.report.Measurement;
import dev.weft.bench.report.Remark;
import dev.weft.bench.report.Results;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Keeps the suites' results, on disk too. Any thread may report them. */
final class Recorder {
    private final Path folder;
    private final boolean quick;
    private final String command;
    private final Machine machine;
    private final Consumer<String> console;
    private final Instant started = Instant.now();
    private final long startedNanos = System.nanoTime();
    private final List<Remark> remarks = new ArrayList<>();
    private final List<Measurement> measurements = new ArrayList<>();
    private boolean complete;

    Recorder(Path folder, boolean quick, String command, Machine machine, Consumer<String> console) {
        this.folder = folder;
        this.quick = quick;
        this.command = command;
        this.machine = machine;
        this.console = console;
    }

    /** Creates the run that is passed to a suite. It accepts nothing more after the suite was ended. */
    Given give(Suite suite, Duration budget) {
        return new Given(suite.name(), budget);
    }

    synchronized Results results() {
        return new Results(Results.VERSION, started.truncatedTo(ChronoUnit.SECONDS).toString(),
                Math.round((System.nanoTime() - startedNanos) / 1e8) / 10.0, complete, quick, command, machine, remarks,
                measurements);
    }

    synchronized void complete() {
        complete = true;
    }

    synchronized void remark(String suite, String sentence) {
        remarks.add(new Remark(suite, sentence));
    }

    synchronized void flush() throws IOException {
        results().write(folder);
    }

    void show(String suite, String line) {
        long seconds = (System.nanoTime() - startedNanos) / 1_000_000_000;
        console.accept(String.format(Locale.ROOT, "%3d:%02d  %-6s  %s", seconds / 60, seconds % 60, suite, line));
    }

    private synchronized void keep(Measurement fresh) {
        for (int i = 0; i < measurements.size(); i++) {
            Measurement kept = measurements.get(i);
            if (isSame(kept, fresh)) {
                measurements.set(i, new Measurement(kept.suite(), kept.scenario(), kept.subject(), kept.metric(),
                        kept.unit(), kept.lessIsBetter(),
                        Stream.concat(kept.rounds().stream(), fresh.rounds().stream()).toList()));
                return;
            }
        }
        measurements.add(fresh);
    }

    private static boolean isSame(Measurement one, Measurement other) {
        return one.suite().equals(other.suite()) && one.scenario().equals(other.scenario())
                && one.subject().equals(other.subject()) && one.metric().equals(other.metric())
                && one.unit().equals(other.unit()) && one.lessIsBetter() == other.lessIsBetter();
    }

    /** The run of one suite. */
    final class Given implements Run {
        private final String suite;
        private final Duration budget;
        private volatile boolean over;

        private Given(String suite, Duration budget) {
            this.suite = suite;
            this.budget = budget;
        }

        /** From now on each call fails: the suite can neither spoil the measurements of others nor continue for long. */
        void end() {
            over = true;
        }

        @Override
        public boolean quick() {
            return quick;
        }

        @Override
        public Duration budget() {
            return budget;
        }

        @Override
        public void progress(String line) {
            checkOpen();
            show(suite, line);
        }

        /** Joins these rounds to those already recorded for the same cell, if any. */
        @Override
        public void add(Measurement measurement) {
            checkOpen();
            if (!measurement.suite().equals(suite)) {
                throw new IllegalArgumentException(suite + " adds a figure of " + measurement.suite());
            }
            if (!measurement.rounds().stream().allMatch(Double::isFinite)) {
                Recorder.this.remark(suite, "No figure: " + measurement.metric() + " of " + measurement.subject() + ", "
                        + measurement.scenario() + ", was " + measurement.rounds() + ".");
                return;
            }
            keep(measurement);
            try {
                flush();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void remark(String sentence) {
            checkOpen();
            Recorder.this.remark(suite, sentence);
        }

        @Override
        public Path raw(String fileName) {
            checkOpen();
            Path file = folder.resolve("raw").resolve(suite).resolve(fileName);
            try {
                Files.createDirectories(file.getParent());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return file;
        }

        private void checkOpen() {
            if (over) {
                throw new IllegalStateException("the suite " + suite + " was ended");
            }
        }
    }
}
