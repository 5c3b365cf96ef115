package dev.weft.tools.conform;

import dev.weft.tools.conform.cases.Case;
import dev.weft.tools.conform.report.Result;
import dev.weft.tools.conform.wire.Failure;
import dev.weft.tools.conform.wire.Findings;
import dev.weft.tools.conform.wire.Server;
import dev.weft.tools.conform.wire.Settings;
import dev.weft.tools.conform.wire.Subject;
import dev.weft.tools.conform.wire.Unsupported;
import dev.weft.tools.conform.wire.Verdict;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/** Runs cases: first those that mostly wait, many at a time; then the others one by one, with the perilous ones last. */
public final class CaseRunner {
    private static final int AT_ONCE = 16;
    private static final Duration LONGEST = Duration.ofMinutes(2);

    private final Settings settings;
    private final Consumer<Result> progress;

    /**
     * A runner that reports each result when it is known. The reports come from several threads, but one at a time per case.
     */
    public CaseRunner(Settings settings, Consumer<Result> progress) {
        this.settings = settings;
        this.progress = progress;
    }

    /** Runs cases and returns their results in the order of the cases. */
    public List<Result> run(List<Case> cases) throws InterruptedException {
        Result[] results = new Result[cases.size()];
        Semaphore width = new Semaphore(AT_ONCE);
        List<Integer> light = new ArrayList<>();
        List<Integer> alone = new ArrayList<>();
        for (int i = 0; i < results.length; i++) {
            (cases.get(i).load() == Case.Load.LIGHT ? light : alone).add(i);
        }
        alone.sort(Comparator.comparing(i -> cases.get(i).load()));
        CountDownLatch done = new CountDownLatch(light.size());
        for (int i : light) {
            width.acquire();
            Thread.startVirtualThread(() -> {
                try {
                    results[i] = run(cases.get(i), this::server);
                } finally {
                    width.release();
                    done.countDown();
                }
            });
        }
        done.await();
        for (int i : alone) {
            results[i] = run(cases.get(i), this::server);
        }
        return Arrays.asList(results);
    }

    private Subject server(Findings findings) {
        return new Server(settings, findings);
    }

    /** Runs a case against a program that is made for it, and reports the result. */
    Result run(Case one, Function<Findings, Subject> subject) {
        Findings findings = new Findings();
        long before = System.nanoTime();
        if (one.maxMessage() > settings.maxMessage()) {
            findings.add(Verdict.SKIPPED, "needs messages of " + one.maxMessage() + " bytes", List::of);
        } else {
            runWatched(one, subject.apply(findings), findings);
        }
        long millis = (System.nanoTime() - before) / 1_000_000;
        Result result = new Result(one.id(), one.family(), one.title(), one.section(), findings.verdict(),
                findings.detail(),
                millis,
                findings.transcript());
        progress.accept(result);
        return result;
    }

    /** Runs a case on its own thread, and cuts its connections if it takes too long. */
    private static void runWatched(Case one, Subject subject, Findings findings) {
        CountDownLatch over = new CountDownLatch(1);
        Thread.ofVirtual().name(one.id()).start(() -> {
            try {
                one.body().run(subject);
            } catch (Failure e) {
                findings.add(Verdict.FAILED, e.getMessage(), subject::transcript);
            } catch (Unsupported e) {
                findings.add(Verdict.UNSUPPORTED, e.getMessage(), List::of);
            } catch (RuntimeException | Error e) {
                findings.add(Verdict.FAILED, "the suite's own error: " + e, subject::transcript);
            } finally {
                over.countDown();
            }
        });
        try {
            if (!over.await(LONGEST.toSeconds(), TimeUnit.SECONDS)) {
                findings.add(Verdict.FAILED, "took longer than " + LONGEST.toSeconds() + " s", subject::transcript);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            subject.abort();
        }
    }
}
