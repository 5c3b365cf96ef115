package dev.weft.bench.echo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.OperatingSystemMXBean;
import dev.weft.bench.echo.FaultyEcho.Fault;
import dev.weft.bench.echo.Scenario.Figure;
import dev.weft.bench.echo.Scenario.Pace;
import dev.weft.parser.Opcode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The faults of a server that the load detects. */
@Timeout(30)
class LoadTest {
    private static final Pace SHORT = new Pace(0, 100_000_000);
    private static final long SOON = 200_000_000;
    private static final int NUMBER = 50;

    @ParameterizedTest
    @CsvSource({"1, 16", "8, 16", "8, 0", "2, 60000"})
    void aServerWithoutFaultPasses(int window, int payload) throws IOException {
        try (FaultyEcho server = new FaultyEcho(Fault.NONE, 0)) {
            List<Figure> figures = new Saturation(4, Opcode.BINARY, payload, window).run(server.target(), SHORT);
            assertTrue(value(figures, "throughput") > 0);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8})
    void aByteThatChangedIsReported(int window) throws IOException {
        assertEquals("a wrong reply", saturate(Fault.CHANGED, 16, window).getMessage().split(":")[0]);
    }

    @Test
    void aByteThatChangedFarWithinAMessageIsReported() throws IOException {
        assertEquals("a wrong reply", saturate(Fault.CHANGED, 60_000, 1).getMessage().split(":")[0]);
    }

    @Test
    void droppedReplyMustBeDetectedAtTheNextReply() throws IOException {
        assertEquals("a wrong reply", saturate(Fault.DROPPED, 16, 8).getMessage().split(":")[0]);
    }

    @Test
    void aReplyThatIsDroppedWithNoneToFollowIsMissing() throws IOException {
        try (FaultyEcho server = new FaultyEcho(Fault.DROPPED, 0);
                LoadLoop loop = new LoadLoop(server.target().port())) {
            loop.connect(2, "/", Messages.echoed(Opcode.BINARY, 16, 1));
            for (LoadClient client : loop.clients()) {
                client.send(1, System.nanoTime());
            }
            IOException missing = assertThrows(IOException.class, () -> loop.drain(SOON));
            assertTrue(missing.getMessage().startsWith("1 replies are missing"), missing.getMessage());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8})
    void aReplyThatComesTwiceIsReported(int window) throws IOException {
        String message = saturate(Fault.DOUBLED, 16, window).getMessage();
        assertTrue(message.startsWith("a wrong reply") || message.startsWith("an unexpected reply"), message);
    }

    @Test
    void duplicatedLastReplyMustBeReported() throws IOException {
        try (FaultyEcho server = new FaultyEcho(Fault.DOUBLED, 0);
                LoadLoop loop = new LoadLoop(server.target().port())) {
            loop.connect(1, "/", Messages.echoed(Opcode.BINARY, 16, 1));
            loop.clients().getFirst().send(1, System.nanoTime());
            IOException doubled = assertThrows(IOException.class, () -> loop.drain(SOON));
            assertTrue(doubled.getMessage().startsWith("an unexpected reply"), doubled.getMessage());
        }
    }

    /** One connection, 1,000 messages a second: a stall of 200 ms makes 200 messages late, not one. */
    @Test
    void atAFixedRateLatencyCountsFromWhenAMessageWasDue() throws IOException {
        try (FaultyEcho server = new FaultyEcho(Fault.STALLED, 300)) {
            List<Figure> figures = new FixedRate(1, 16, 1000).run(server.target(),
                    new Pace(100_000_000, 900_000_000));
            double stallMicros = FaultyEcho.STALL_NANOS / 1e3;
            assertTrue(value(figures, "latency from when due max") >= 0.99 * stallMicros, figures::toString);
            assertTrue(value(figures, "latency from when due p99") >= 0.8 * stallMicros, figures::toString);
        }
    }

    @Test
    void atAFixedRateWhatTheLoadSendsLateIsLate() throws IOException {
        try (FaultyEcho server = new FaultyEcho(Fault.NONE, 0);
                LoadLoop loop = new LoadLoop(server.target().port())) {
            FixedRate load = new FixedRate(1, 16, 1000);
            loop.connect(1, "/", Messages.echoed(Opcode.BINARY, 16, 1));
            long start = System.nanoTime() - SOON;
            loop.startRecording(start);
            load.new Schedule(loop, start).runUntil(System.nanoTime() + 10_000_000);
            loop.drain(10 * SOON);
            assertTrue(loop.latency().getMaxValue() >= 0.99 * SOON, () -> "max " + loop.latency().getMaxValue());
            assertTrue(loop.latency().getValueAtPercentile(50) >= 0.4 * SOON, "half of them and more were late");
        }
    }

    @Test
    void theCpuClockCountsWhatAProcessComputes() throws IOException {
        CpuClock clock = new CpuClock(ProcessHandle.current().pid());
        CpuClock.Reading before = clock.read();
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long work = 100_000_000;
        long start = threads.getCurrentThreadCpuTime();
        while (threads.getCurrentThreadCpuTime() - start < work) {
            Thread.onSpinWait();
        }
        assertTrue(clock.read().nanosSince(before) >= 0.8 * work);
    }

    /** As the JDK reads them; both truncate user and system time to ticks. */
    @Test
    void theCpuClocksTicksAreUserAndSystemTime() throws IOException {
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        CpuClock clock = new CpuClock(ProcessHandle.current().pid());
        long ticks = 40_000_000;
        while (threads.getCurrentThreadCpuTime() - threads.getCurrentThreadUserTime() <= 3 * ticks) {
            clock.read();
        }
        var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long least = system.getProcessCpuTime() - ticks;
        long read = clock.read().byTicks();
        long most = system.getProcessCpuTime() + ticks;
        assertTrue(least <= read && read <= most, () -> least + " <= " + read + " <= " + most);
    }

    @Test
    void cpuClockMustUseTicksIfABusyThreadHasEnded() {
        CpuClock.Reading before = new CpuClock.Reading(100_000_000, 100_000_000);
        assertEquals(95_000_000, new CpuClock.Reading(200_000_000, 195_000_000).nanosSince(before));
        assertEquals(100_000_000, new CpuClock.Reading(200_000_000, 130_000_000).nanosSince(before));
    }

    private static IOException saturate(Fault fault, int payload, int window) throws IOException {
        try (FaultyEcho server = new FaultyEcho(fault, NUMBER)) {
            Saturation load = new Saturation(4, Opcode.BINARY, payload, window);
            return assertThrows(IOException.class, () -> load.run(server.target(), new Pace(0, 5_000_000_000L)));
        }
    }

    private static double value(List<Figure> figures, String metric) {
        return figures.stream().filter(figure -> figure.metric().equals(metric)).findFirst().orElseThrow().value();
    }
}
