package dev.weft.bench.scaling;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Two threads with the names of loops: each adds 300 times to its own number and 200 times to a shared one, and locks 100
 * times.
 */
public final class TwoThreads {
    private static final int OWN = 300;
    private static final int BOTH = 200;
    private static final int LOCKED = 100;

    private TwoThreads() {}

    /** Prints the data that they shared. */
    public static void main(String[] arguments) throws InterruptedException {
        AtomicLong both = new AtomicLong();
        ReentrantLock lock = new ReentrantLock();
        CountDownLatch begin = new CountDownLatch(1);
        List<Thread> threads = List.of(thread(0, both, lock, begin), thread(1, both, lock, begin));
        threads.forEach(Thread::start);
        Accesses.register(threads, 1 << 12, 1 << 12);
        Accesses.counting(true);
        begin.countDown();
        for (Thread thread : threads) {
            thread.join();
        }
        Accesses.counting(false);
        for (SharedMemory.Group group : SharedMemory.groups(Accesses.tables())) {
            System.out.printf(Locale.ROOT, "%s: %.0f writes, %.0f reads, %.0f transfers, %b%n", group.what(),
                    group.writes(),
                    group.reads(), group.transfers(), group.byLoops());
        }
    }

    private static Thread thread(int number, AtomicLong both, ReentrantLock lock, CountDownLatch begin) {
        return Thread.ofPlatform().name("weft-loop-" + number).unstarted(() -> {
            AtomicLong own = new AtomicLong();
            try {
                begin.await();
            } catch (InterruptedException e) {
                return;
            }
            for (int i = 0; i < OWN; i++) {
                own.getAndIncrement();
            }
            for (int i = 0; i < BOTH; i++) {
                both.getAndIncrement();
            }
            for (int i = 0; i < LOCKED; i++) {
                lock.lock();
                lock.unlock();
            }
        });
    }
}
