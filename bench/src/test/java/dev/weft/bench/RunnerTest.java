package dev.weft.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.bench.report.Measurement;
import dev.weft.bench.report.Results;
import dev.weft.bench.report.Samples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RunnerTest {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(300);

    @TempDir
    private Path folder;

    private Recorder recorder;
    private Runner runner;

    @BeforeEach
    void begin() {
        recorder = new Recorder(folder, true, "scripts/bench", Samples.machine(), line -> {});
        runner = new Runner(recorder, Duration.ofSeconds(20));
    }

    /** The work of a suite of this kind. */
    private interface Work {
        void run(Run run) throws IOException, InterruptedException;
    }

    private static Plan plan(String name, Duration limit, Work work) {
        return new Plan(new Suite() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public void run(Run run) throws IOException, InterruptedException {
                work.run(run);
            }
        }, limit, limit);
    }

    private static Measurement figure(String suite, double... rounds) {
        return new Measurement(suite, "s", "Weft", "time", "ns", true,
                Arrays.stream(rounds).boxed().toList());
    }

    private static void good(Run run) {
        run.add(figure("good", 1));
    }

    private List<String> remarksOf(String suite) {
        return recorder.results().remarks().stream().filter(one -> one.suite().equals(suite))
                .map(one -> one.sentence()).toList();
    }

    @Test
    void hangingSuiteMustBeEndedWithItsProcesses() throws Exception {
        AtomicReference<Process> child = new AtomicReference<>();
        Plan hangs = plan("hangs", SHORT, run -> {
            run.add(figure("hangs", 2));
            child.set(new ProcessBuilder("sleep", "50").start());
            new CountDownLatch(1).await();
        });
        assertFalse(runner.run(List.of(hangs, plan("good", LONG, RunnerTest::good))));
        assertTrue(child.get().waitFor(20, TimeUnit.SECONDS), "the process is gone");
        assertEquals(List.of(figure("hangs", 2), figure("good", 1)), recorder.results().measurements());
        assertEquals(1, remarksOf("hangs").size());
        assertTrue(remarksOf("hangs").getFirst().startsWith("Ended by force"), remarksOf("hangs").toString());
        assertEquals(List.of(), remarksOf("good"));
    }

    @Test
    void aSuiteThatIsEndedMayStillHandOverWhatItHas() throws Exception {
        assertFalse(runner.run(List.of(plan("late", SHORT, run -> {
            try {
                new CountDownLatch(1).await();
            } finally {
                run.add(figure("late", 2));
            }
        }))));
        assertEquals(List.of(figure("late", 2)), recorder.results().measurements());
    }

    @Test
    void aSuiteThatWaitsForItsProcessOnlyIsEndedToo() throws Exception {
        assertFalse(runner.run(List.of(plan("hangs", SHORT, run -> {
            Process child = new ProcessBuilder("sleep", "50").start();
            while (child.isAlive()) {
                try {
                    child.waitFor();
                } catch (InterruptedException e) {
                    continue; // as some libraries throw
                }
            }
        }), plan("good", LONG, RunnerTest::good))));
        assertEquals(1, remarksOf("hangs").size(), "it could be ended");
        assertEquals(List.of(figure("good", 1)), recorder.results().measurements());
    }

    @Test
    void suiteThatCannotBeEndedMustAddNothingMore() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        AtomicReference<Throwable> refusal = new AtomicReference<>();
        CountDownLatch refused = new CountDownLatch(1);
        Plan deaf = plan("deaf", SHORT, run -> {
            boolean released = false;
            while (!released) {
                try {
                    released = release.await(30, TimeUnit.SECONDS);
                } catch (InterruptedException e) {
                    continue;
                }
            }
            refusal.set(assertThrows(IllegalStateException.class, () -> run.add(figure("deaf", 2))));
            refused.countDown();
        });
        assertFalse(
                new Runner(recorder, Duration.ofMillis(50)).run(List.of(deaf, plan("good", LONG, RunnerTest::good))));
        release.countDown();
        assertTrue(refused.await(20, TimeUnit.SECONDS));
        assertEquals(2, remarksOf("deaf").size(), remarksOf("deaf").toString());
        assertEquals(List.of(figure("good", 1)), recorder.results().measurements());
    }

    @Test
    void aSuiteThatFailsKeepsWhatItMeasured() throws Exception {
        assertFalse(runner.run(List.of(plan("fails", LONG, run -> {
            run.add(figure("fails", 2));
            throw new IOException("no port");
        }), plan("good", LONG, RunnerTest::good))));
        assertEquals(List.of("Failed, figures may be missing: java.io.IOException: no port"), remarksOf("fails"));
        assertEquals(2, recorder.results().measurements().size());
    }

    @Test
    void suiteThatLeavesProcessesMustBeReported() throws Exception {
        AtomicReference<Process> child = new AtomicReference<>();
        assertTrue(runner.run(List.of(plan("good", LONG, run -> {
            good(run);
            child.set(new ProcessBuilder("sleep", "50").start());
        }))));
        assertTrue(child.get().waitFor(20, TimeUnit.SECONDS), "the process is gone");
        assertEquals(List.of("Left processes running, which were ended: 1."), remarksOf("good"));
    }

    @Test
    void aSuiteThatMeasuresNothingIsNoSuccess() throws Exception {
        assertFalse(runner.run(List.of(plan("idle", LONG, run -> {}))));
        assertEquals(List.of("Measured nothing."), remarksOf("idle"));
    }

    @Test
    void eachFigureIsOnDiskAsSoonAsItIsKnown() throws Exception {
        assertTrue(runner.run(List.of(plan("good", LONG, run -> {
            good(run);
            assertEquals(List.of(figure("good", 1)), Results.read(folder).measurements());
            assertFalse(Results.read(folder).complete());
        }))), () -> remarksOf("good").toString());
    }

    @Test
    void roundsThatComeOneByOneAreOneFigure() throws Exception {
        assertTrue(runner.run(List.of(plan("good", LONG, run -> {
            run.add(figure("good", 1));
            run.add(figure("good", 3, 2));
        }))));
        assertEquals(List.of(figure("good", 1, 3, 2)), recorder.results().measurements());
    }

    @Test
    void aFigureThatIsNoNumberIsARemark() throws Exception {
        assertFalse(runner.run(List.of(plan("odd", LONG, run -> run.add(figure("odd", Double.NaN))))));
        assertEquals(List.of("No figure: time of Weft, s, was [NaN].", "Measured nothing."), remarksOf("odd"));
    }

    @Test
    void noSuiteMustStartAfterAStop() throws Exception {
        assertFalse(runner.run(List.of(plan("good", LONG, run -> {
            good(run);
            runner.stop();
        }), plan("never", LONG, run -> run.add(figure("never", 1))))));
        assertEquals(List.of(figure("good", 1)), recorder.results().measurements());
    }

    @Test
    void rawDataMustBeInAFolderOfItsSuite() throws Exception {
        assertTrue(runner.run(List.of(plan("good", LONG, run -> {
            good(run);
            Files.writeString(run.raw("jmh.json"), "[]");
        }))), () -> remarksOf("good").toString());
        assertTrue(Files.exists(folder.resolve("raw/good/jmh.json")));
    }

    @Test
    void allBudgetsTogetherAreBounded() {
        for (boolean quick : new boolean[]{true, false}) {
            long seconds = 0;
            for (String name : List.of("parser", "memory", "echo")) {
                seconds += Plan.of(plan(name, LONG, RunnerTest::good).suite(), quick).limit().toSeconds();
            }
            assertTrue(seconds < (quick ? 290 : 88 * 60), seconds + " s");
        }
    }
}
