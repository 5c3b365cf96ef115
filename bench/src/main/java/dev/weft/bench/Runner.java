package dev.weft.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/** Runs the suites one after the other, each on its own thread, and ends by force a suite that overruns its limit. */
final class Runner {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Recorder recorder;
    private final Duration patience;
    private volatile boolean stopped;
    /** The thread on which a suite runs or ran last, or null. */
    private volatile Thread current;

    Runner(Recorder recorder) {
        this(recorder, PATIENCE);
    }

    /** {@code patience} is the time that a suite gets to notice that it was ended. */
    Runner(Recorder recorder, Duration patience) {
        this.recorder = recorder;
        this.patience = patience;
    }

    /** Runs all suites, even if some fail; returns whether each of them completed and measured something. */
    boolean run(List<Plan> plans) throws IOException, InterruptedException {
        boolean well = true;
        for (Plan plan : plans) {
            if (stopped) {
                return false;
            }
            well &= run(plan);
            recorder.flush();
        }
        return well;
    }

    /** Starts no further suite and ends the running one, so that it hands over its results. May be called from any thread. */
    void stop() throws InterruptedException {
        stopped = true;
        Thread thread = current;
        if (thread != null && thread != Thread.currentThread()) {
            end(thread);
        }
        endChildren();
    }

    private boolean run(Plan plan) throws InterruptedException {
        String name = plan.suite().name();
        int before = recorder.results().measurements().size();
        recorder.show(name, "begins; may take " + text(plan.budget()));
        Recorder.Given given = recorder.give(plan.suite(), plan.budget());
        AtomicReference<Throwable> failure = new AtomicReference<>();
        current = Thread.ofPlatform().daemon().name("suite " + name).start(() -> {
            try {
                plan.suite().run(given);
            } catch (Throwable e) { // of any kind: the other suites must still run
                failure.set(e);
            }
        });
        Thread thread = current;
        boolean ended = thread.join(plan.limit());
        if (!ended) {
            say(name, "Ended by force: it was not done after " + text(plan.limit()) + ", and its budget was "
                    + text(plan.budget()) + ". Figures are missing.");
            if (!end(thread)) {
                say(name, "It could not be ended: what follows was measured beside it, and is worth little.");
            }
        } else if (failure.get() != null) {
            say(name, "Failed, figures may be missing: " + failure.get());
        } else if (recorder.results().measurements().size() == before) {
            say(name, "Measured nothing.");
        }
        given.end();
        int left = endChildren();
        if (ended && left > 0) {
            say(name, "Left processes running, which were ended: " + left + ".");
        }
        return ended && failure.get() == null && recorder.results().measurements().size() > before;
    }

    /** Interrupts the suite until it ends, and ends the processes that it still starts. */
    private boolean end(Thread thread) throws InterruptedException {
        long deadline = System.nanoTime() + patience.toNanos();
        do {
            thread.interrupt();
            endChildren();
        } while (!thread.join(Duration.ofMillis(20)) && System.nanoTime() < deadline);
        return !thread.isAlive();
    }

    private static int endChildren() {
        List<ProcessHandle> children = ProcessHandle.current().descendants().toList();
        children.forEach(ProcessHandle::destroyForcibly);
        return children.size();
    }

    private void say(String suite, String sentence) {
        recorder.remark(suite, sentence);
        recorder.show(suite, sentence);
    }

    private static String text(Duration time) {
        return time.compareTo(Duration.ofMinutes(3)) >= 0 && time.toSecondsPart() == 0
                ? time.toMinutes() + " min"
                : time.toMillisPart() == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
    }
}
