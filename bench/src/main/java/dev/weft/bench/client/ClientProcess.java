package dev.weft.bench.client;

import dev.weft.bench.echo.CpuClock;
import java.net.URI;
import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;

/**
 * One client under one load, in its own process. Arguments: the client, the port of an echo server, connections, messages in
 * flight on each, bytes of a message, seconds of warm-up, seconds that are measured. Prints the number of messages that were
 * returned in that time, and the nanoseconds of CPU time that the process used.
 */
final class ClientProcess {
    private static final long PATIENCE_NANOS = 20_000_000_000L;

    private ClientProcess() {}

    /** Runs the load. The threads of some clients would keep the process alive. */
    public static void main(String[] args) {
        int status = 0;
        try {
            run(args);
        } catch (Throwable e) {
            e.printStackTrace();
            status = 1;
        }
        Runtime.getRuntime().halt(status);
    }

    private static void run(String[] args) throws Exception {
        int[] numbers = Arrays.stream(args).skip(1).mapToInt(Integer::parseInt).toArray();
        int size = numbers[3];
        LongAdder messages = new LongAdder();
        long start = System.nanoTime();
        Clients.valueOf(args[0]).client().start(URI.create("ws://127.0.0.1:" + numbers[0] + "/"), numbers[1],
                numbers[2], new byte[size], length -> {
                    if (length != size) {
                        throw new AssertionError("a message of " + length + " bytes");
                    }
                    messages.increment();
                });
        while (messages.sum() < (long) numbers[1] * numbers[2]) {
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new AssertionError("only " + messages + " messages came back");
            }
            Thread.sleep(1);
        }
        Thread.sleep(numbers[4] * 1000L);
        CpuClock cpu = new CpuClock(ProcessHandle.current().pid());
        CpuClock.Reading before = cpu.read();
        long countBefore = messages.sum();
        Thread.sleep(numbers[5] * 1000L);
        long count = messages.sum() - countBefore;
        System.out.println(count + " " + cpu.read().nanosSince(before));
        System.out.flush();
    }
}
