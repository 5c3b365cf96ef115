package dev.weft.internal.rate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.RateLimits;
import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.transport.Transport;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class LimitedInputTest {
    private final List<String> calls = new ArrayList<>();
    private final Transport below = (Transport) Proxy.newProxyInstance(Transport.class.getClassLoader(),
            new Class<?>[]{Transport.class}, (proxy, method, arguments) -> {
                calls.add(method.getName());
                return switch (method.getName()) {
                    case "awaitReadable" -> true;
                    case "readNow" -> {
                        ByteBuffer target = (ByteBuffer) arguments[0];
                        int count = target.remaining();
                        target.position(target.limit());
                        yield count;
                    }
                    default -> null;
                };
            });

    @Test
    void waitForARateMustNotKeepABufferThatConnectionsShare() throws Exception {
        RateLimits slow = RateLimits.builder().receivedBytes(100).build();
        Transport limited = new ServerRates(slow, RateLimits.NONE, Map.of(),
                new AddressTable(32, 64, 100, 100, RateLimits.NONE, () -> 0L), () -> 0L).over(below);
        // The first ones are what may be received within a second.
        for (int i = 0; i < 10; i++) {
            assertTrue(limited.awaitReadable(TimeLimit.in(Duration.ofMillis(1))));
            limited.readNow(ByteBuffer.allocate(1000));
        }
        assertEquals("awaitReadable", calls.get(calls.indexOf("keepArrived") - 1));
        assertTrue(calls.indexOf("readNow") < calls.indexOf("keepArrived"), calls.toString());
    }
}
