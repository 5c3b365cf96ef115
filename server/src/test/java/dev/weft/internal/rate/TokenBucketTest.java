package dev.weft.internal.rate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class TokenBucketTest {
    @Test
    void aFullBucketMustHoldTheTokensOfOneSecond() {
        TokenBucket bucket = new TokenBucket(5, 0);
        for (int i = 0; i < 5; i++) {
            assertTrue(bucket.tryTake(0));
        }
        assertFalse(bucket.tryTake(199));
        assertTrue(bucket.tryTake(200));
        assertFalse(bucket.tryTake(399));
    }

    @Test
    void aPauseMustNotSaveUpMoreThanOneSecond() {
        TokenBucket bucket = new TokenBucket(3, 0);
        int taken = 0;
        while (bucket.tryTake(1_000_000)) {
            taken++;
        }
        assertEquals(3, taken);
    }

    @Test
    void takersMustBeServedInTurn() {
        TokenBucket bucket = new TokenBucket(10, 0);
        assertTrue(bucket.isReached(bucket.take(10, 0), 0));
        long first = bucket.take(10, 0);
        long second = bucket.take(5, 0);
        assertFalse(bucket.isReached(first, 999));
        assertTrue(bucket.isReached(first, 1000));
        assertFalse(bucket.isReached(second, 1499));
        assertTrue(bucket.isReached(second, 1500));
        assertFalse(bucket.isPaid(1499));
        assertTrue(bucket.isPaid(1500));
    }

    @Test
    void unusedTokensMustBeAvailableAgain() {
        TokenBucket bucket = new TokenBucket(10, 0);
        bucket.take(10, 0);
        assertFalse(bucket.hasToken(0));
        bucket.giveBack(9);
        assertTrue(bucket.hasToken(0));
        assertTrue(bucket.isReached(bucket.take(9, 0), 0));
        assertFalse(bucket.isFull(999));
        assertTrue(bucket.isFull(1000));
    }

    @Test
    void highRatesAndLongTimesMustNotOverflow() {
        long years = 25L * 366 * 24 * 3600 * 1000;
        TokenBucket bucket = new TokenBucket(10_000_000_000L, years);
        long point = bucket.take(20_000_000_000L, years);
        assertFalse(bucket.isReached(point, years + 999));
        assertTrue(bucket.isReached(point, years + 1000));
    }

    @Test
    void noTokenMustBeTakenTwiceByThreads() throws InterruptedException {
        TokenBucket bucket = new TokenBucket(10_000, 0);
        LongAdder taken = new LongAdder();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            threads.add(Thread.ofPlatform().start(() -> {
                while (bucket.tryTake(0)) {
                    taken.increment();
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(10_000, taken.sum());
    }
}
