package dev.weft.internal.time;

import java.util.function.Consumer;
import java.util.function.ObjIntConsumer;

/**
 * Sweeps one connection in such a way that its failure does not affect the others: their deadlines are still enforced. Never
 * throws. For the sweeper.
 *
 * @param <S> what is swept
 */
public final class GuardedSweep<S> {
    private final ObjIntConsumer<S> sweep;
    private final Consumer<S> abort;
    private final Failures failures;

    /**
     * A sweep with these actions.
     *
     * @param sweep does what is due at a time
     * @param abort ends what cannot be swept
     */
    public GuardedSweep(ObjIntConsumer<S> sweep, Consumer<S> abort, Failures failures) {
        this.sweep = sweep;
        this.abort = abort;
        this.failures = failures;
    }

    /** Does what is due at this time. */
    public void sweep(S session, int now) {
        try {
            sweep.accept(session, now);
        } catch (OutOfMemoryError e) {
            // Whatever is due now is still due at the next sweep.
            failures.note(e);
        } catch (Throwable e) {
            failures.note(e);
            abort(session);
        }
    }

    private void abort(S session) {
        try {
            abort.accept(session);
        } catch (Throwable e) {
            failures.note(e);
        }
    }
}
