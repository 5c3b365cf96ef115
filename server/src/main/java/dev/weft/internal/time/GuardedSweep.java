package dev.weft.internal.time;

import java.util.function.Consumer;
import java.util.function.ObjIntConsumer;

/**
 * Sweeps connections one at a time, so that a failure on one does not affect the others: their deadlines are still enforced.
 * Never throws. For the sweeper.
 *
 * @param <S> the type of a connection
 */
public final class GuardedSweep<S> {
    private final ObjIntConsumer<S> sweep;
    private final Consumer<S> abort;
    private final Failures failures;

    /**
     * A sweep with these actions.
     *
     * @param sweep takes the steps that are due on a connection at the given time
     * @param abort ends a connection that cannot be swept
     */
    public GuardedSweep(ObjIntConsumer<S> sweep, Consumer<S> abort, Failures failures) {
        this.sweep = sweep;
        this.abort = abort;
        this.failures = failures;
    }

    /** Takes the steps that are due on the connection at this time. */
    public void sweep(S session, int now) {
        try {
            sweep.accept(session, now);
        } catch (OutOfMemoryError e) {
            // A step that is due now is still due at the next sweep.
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
