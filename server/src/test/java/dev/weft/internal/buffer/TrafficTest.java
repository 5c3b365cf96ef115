package dev.weft.internal.buffer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class TrafficTest {
    @Test
    void countersMustBeKeptApart() {
        Traffic traffic = new Traffic(2);
        traffic.receivedMessages(0, 1);
        traffic.receivedBytes(1, 20);
        traffic.sent(0, 0, 300);
        for (int i = 0; i < 4; i++) {
            traffic.sent(i - 1, 1, 0);
        }
        assertEquals(1, traffic.receivedMessages());
        assertEquals(20, traffic.receivedBytes());
        assertEquals(300, traffic.sentBytes());
        assertEquals(4, traffic.sentMessages(), "also of threads that run nowhere in particular");
    }

    /** After a takeover, two threads of one place run. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3})
    void threadsOfAPlaceMustNotLoseCounts(int places) throws Exception {
        Traffic traffic = new Traffic(places);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            threads.add(Thread.ofPlatform().start(() -> {
                for (int j = 0; j < 100_000; j++) {
                    traffic.receivedBytes(0, 3);
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertEquals(1_200_000, traffic.receivedBytes());
    }
}
