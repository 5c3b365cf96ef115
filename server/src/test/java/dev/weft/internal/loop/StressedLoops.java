package dev.weft.internal.loop;

import dev.weft.internal.stress.Noise;
import dev.weft.internal.time.Failures;
import dev.weft.internal.transport.StressedEngines;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Loops under stress; this class is defined once more next to each copy of theirs. */
public final class StressedLoops implements LoopStress.Subject {
    private final String name;
    private final List<CheckedEngine> engines = new ArrayList<>();
    private final Loops loops;
    /** Of each loop, the latest term that was seen. */
    private final int[] terms;

    private StressedLoops(String name, int count, int mostSpares, boolean selecting, Failures.Reporter reporter)
            throws IOException {
        this.name = name;
        for (int i = 0; i < count; i++) {
            engines.add(new CheckedEngine(
                    selecting ? StressedEngines.selecting(new Failures(name, reporter)) : new IdleEngine()));
        }
        this.terms = new int[count];
        this.loops = new Loops(name, engines, reporter, mostSpares);
    }

    /** Makes such loops, for one who knows of no copy. */
    public static final class Maker implements LoopStress.Maker {
        private static final AtomicInteger MADE = new AtomicInteger();

        public Maker() {}

        @Override
        public LoopStress.Subject make(int count, int mostSpares, boolean selecting, Failures.Reporter reporter)
                throws IOException {
            String name = Noise.THREADS + System.nanoTime() + "-" + MADE.incrementAndGet() + "-";
            return new StressedLoops(name, count, mostSpares, selecting, reporter);
        }
    }

    @Override
    public int count() {
        return engines.size();
    }

    @Override
    public Thread.Builder scheduler(int loop) {
        return loops.scheduler(loop).threadBuilder();
    }

    @Override
    public void stop() {
        loops.stop();
    }

    @Override
    public boolean isInTurn(int loop) {
        return Loop.isInTurn(loops.all().get(loop).held());
    }

    @Override
    public void surpriseWatchdog(int loop, Runnable action) {
        engines.get(loop).surprise(action);
    }

    @Override
    public int threads() {
        return loops.threads();
    }

    @Override
    public long takeovers() {
        return loops.takeovers();
    }

    @Override
    public List<Thread> platformThreads() {
        return Thread.getAllStackTraces().keySet().stream().filter(thread -> thread.getName().startsWith(name))
                .toList();
    }

    @Override
    public boolean isClosed() {
        return engines.stream().allMatch(CheckedEngine::isClosed);
    }

    @Override
    public synchronized String misuse() {
        for (int i = 0; i < terms.length; i++) {
            int term = loops.all().get(i).held() & ~1;
            if (term < terms[i]) {
                return "a loop is held in the term " + term + " after the term " + terms[i];
            }
            terms[i] = term;
        }
        return engines.stream().map(CheckedEngine::misuse).filter(misuse -> misuse != null).findFirst().orElse(null);
    }
}
