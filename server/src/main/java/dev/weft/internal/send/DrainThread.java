package dev.weft.internal.send;

import dev.weft.internal.time.ShortTimer;
import dev.weft.internal.time.TurnQuota;
import java.io.IOException;

/**
 * The body of the thread that waits for the network while a sender is in {@link SendState#DRAINING}: takes turns until nothing
 * is left. Between two turns, threads that wait for the lock get it.
 */
final class DrainThread implements Runnable {
    private final FrameSender sender;
    private final FrameBuffer buffer;
    private final SendLock lock;

    DrainThread(FrameSender sender, FrameBuffer buffer, SendLock lock) {
        this.sender = sender;
        this.buffer = buffer;
        this.lock = lock;
    }

    /** Starts the thread. Does not wait. */
    void start(ShortTimer timer) {
        timer.startThread(this, this::fails);
    }

    @Override
    public void run() {
        boolean more = true;
        int spent = 0;
        while (more) {
            more = turn();
            // Outside the lock, and each time: a turn can be a megabyte that the network took at once.
            spent = TurnQuota.spend(spent, TurnQuota.BYTES);
        }
        sender.sendWhatWaits();
    }

    private boolean turn() {
        boolean more = true;
        lock.lock();
        try {
            if (!buffer.isBehind()) {
                sender.drain(true);
            }
            sender.flush(true);
        } catch (IOException e) {
            // Already recorded as the reason for the connection's end.
        } catch (Throwable e) {
            fails(e);
        } finally {
            more = sender.continuesDraining();
            lock.unlock();
        }
        return more;
    }

    /** The queued frames cannot be sent, for example because memory is exhausted: the connection must end. */
    private void fails(Throwable cause) {
        try {
            buffer.breakOff("the queued frames could not be sent", cause);
        } catch (OutOfMemoryError e) {
            // It has ended; only its reason is lost.
        }
    }
}
