package dev.weft.internal.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import dev.weft.server.Await;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The JDK's tools show the threads on loops. */
@Timeout(60)
class LoopInsightTest {
    private static void waitsHereForTheLatch(CountDownLatch latch) {
        TestLoops.await(latch);
    }

    @Test
    void threadDumpMustShowThreadsOnLoops(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("threads.txt");
        CountDownLatch end = new CountDownLatch(1);
        try (TestLoops loops = TestLoops.of(1)) {
            Thread thread = loops.loops().scheduler(0).threadBuilder().name("on-a-loop")
                    .start(() -> waitsHereForTheLatch(end));
            Await.until("it waits", () -> thread.getState() == Thread.State.TIMED_WAITING);
            assertTrue(Stream.of(thread.getStackTrace()).anyMatch(
                    frame -> frame.getMethodName().equals("waitsHereForTheLatch")));
            ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class).dumpThreads(file.toString(),
                    ThreadDumpFormat.TEXT_PLAIN);
            end.countDown();
            TestLoops.join(thread);
        }
        String dump = Files.readString(file);
        assertTrue(dump.contains("\"on-a-loop\" virtual"), dump);
        assertTrue(dump.contains("waitsHereForTheLatch"), dump);
    }

    /** The platform thread that runs the loop. */
    @Test
    void stackTracesMustShowWhatComputesOnALoop() throws Exception {
        try (TestLoops loops = TestLoops.of(1)) {
            CountDownLatch end = new CountDownLatch(1);
            Thread thread = loops.start(() -> {
                while (end.getCount() > 0) {
                    Thread.onSpinWait();
                }
            });
            Await.until("it runs", () -> thread.getState() == Thread.State.RUNNABLE);
            assertTrue(loops.platformThreads().size() >= 2);
            end.countDown();
            TestLoops.join(thread);
        }
    }

    @Test
    void flightRecorderMustSeeThreadsOnLoops(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("recording.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("jdk.VirtualThreadStart");
            recording.enable("jdk.VirtualThreadEnd");
            recording.enable("jdk.VirtualThreadPinned").withStackTrace();
            recording.enable("jdk.ThreadPark").withStackTrace();
            recording.enable("jdk.ExecutionSample").withStackTrace();
            recording.start();
            try (TestLoops loops = TestLoops.of(2)) {
                Thread[] threads = new Thread[100];
                for (int i = 0; i < threads.length; i++) {
                    threads[i] = loops.loops().scheduler(i % 2).threadBuilder().name("recorded").start(() -> {
                        LockSupport.parkNanos(1_000_000);
                        Thread.yield();
                    });
                }
                TestLoops.join(threads);
            }
            recording.stop();
            recording.dump(file);
        }
        assertEquals(100, count(file, "jdk.VirtualThreadStart"));
        assertEquals(100, count(file, "jdk.VirtualThreadEnd"));
    }

    private static long count(Path file, String type) throws Exception {
        return RecordingFile.readAllEvents(file).stream().filter(event -> event.getEventType().getName().equals(type))
                .map(RecordedEvent::getThread).filter(thread -> "recorded".equals(thread.getJavaName())).count();
    }
}
