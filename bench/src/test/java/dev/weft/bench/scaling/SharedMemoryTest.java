package dev.weft.bench.scaling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.bench.process.ShortProcess;
import dev.weft.bench.scaling.SharedMemory.Group;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class SharedMemoryTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    /** The shared accesses when one loop sends once to a connection of another. */
    private static final double MOST_OF_OTHERS = 0.1;

    @TempDir
    private static Path folder;
    /** By operation. */
    private static Map<String, List<Group>> counted;

    @BeforeAll
    static void count() throws Exception {
        counted = Scaling.parse(run(CountedServer.class, "2", "1"));
    }

    private static String run(Class<?> main, String... arguments) throws Exception {
        Path jar = folder.resolve("agent.jar");
        AgentJar.write(jar);
        ProcessBuilder builder = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC", "-Ddev.weft.loops=2", "--add-opens=java.base/java.lang=ALL-UNNAMED",
                "-javaagent:" + jar, "-cp", System.getProperty("java.class.path"), main.getName());
        builder.command().addAll(List.of(arguments));
        return ShortProcess.run(builder.redirectErrorStream(true), LIMIT);
    }

    @Test
    void exactlyWhatTwoThreadsTouchMustBeFound() throws Exception {
        String output = run(TwoThreads.class);
        assertTrue(
                output.contains("AtomicLong (AtomicLong.getAndIncrement): 400 writes, 0 reads, 400 transfers, true\n"),
                output);
        String lock = output.lines().filter(line -> line.startsWith("NonfairSync") || line.contains("$NonfairSync"))
                .findFirst().orElse("");
        assertTrue(lock.matches(".*: \\d+ writes, \\d+ reads, \\d+ transfers, true"), output);
    }

    @Test
    void messagesAndConnectionsOfAServerMustBeCounted() {
        assertEquals(List.of("message", "message, 16 at a time", "connection", "idle second"),
                List.copyOf(counted.keySet()));
        assertTrue(
                counted.get("message").stream().noneMatch(
                        group -> group.what().startsWith("FrameParser ") && group.transfers() > MOST_OF_OTHERS),
                () -> "what one loop alone has: " + counted.get("message"));
        assertTrue(counted.get("connection").stream().anyMatch(group -> group.what().contains("Admission")),
                counted.toString());
    }

    @Test
    void noMessageMustTouchBuffersOrABudgetThatLoopsShare() {
        List<Group> shared = counted.get("message").stream()
                .filter(group -> group.what().contains("BufferBudget") || group.what().contains("AtomicReferenceArray")
                        || group.what().contains("HeapByteBuffer"))
                .filter(group -> group.transfers() > MOST_OF_OTHERS).toList();
        assertEquals(List.of(), shared);
    }
}
