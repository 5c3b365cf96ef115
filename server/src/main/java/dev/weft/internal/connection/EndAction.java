package dev.weft.internal.connection;

import dev.weft.CloseStatus;
import dev.weft.internal.close.ClosingHandshake;
import dev.weft.internal.time.ShortTimer;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * An action of the user that runs once, on its own thread, when the connection has ended. If no thread can be started, the timer
 * tries again. Everything for that is allocated in advance: memory may be exhausted when the connection ends.
 */
final class EndAction extends ShortTimer.Entry {
    private final ShortTimer timer;
    private final Runnable body;
    private final Consumer<Throwable> whenNotStarted;

    EndAction(Consumer<CloseStatus> action, ClosingHandshake closing, ShortTimer timer) {
        Objects.requireNonNull(action, "action");
        this.timer = timer;
        this.body = () -> action.accept(closing.known());
        this.whenNotStarted = failure -> watchLater(timer);
    }

    /** Starts the thread. Does not wait. */
    void start() {
        timer.startThread(body, whenNotStarted);
    }

    @Override
    protected void look(ShortTimer again) {
        unwatch();
        start();
    }
}
