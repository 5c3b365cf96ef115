package dev.weft.nats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.nats.client.Connection;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** How long a thread waits for the server. */
class FlushTest {
    /** Although one ping is under way, and another one must follow it. */
    @Test
    void threadMustWaitNoLongerThanItIsAllowedTo() throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        Flush flush = new Flush((Connection) Proxy.newProxyInstance(FlushTest.class.getClassLoader(),
                new Class<?>[]{Connection.class}, (proxy, method, arguments) -> {
                    answer.await();
                    return Duration.ZERO;
                }));
        for (int i = 0; i < 2; i++) {
            IOException told = assertThrows(IOException.class, () -> flush.await(Duration.ofMillis(50)));
            assertEquals("no answer to a ping within 50 ms", told.getMessage());
        }
        answer.countDown();
        flush.await(Duration.ofSeconds(30));
    }
}
