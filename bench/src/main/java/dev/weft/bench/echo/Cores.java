package dev.weft.bench.echo;

import dev.weft.bench.process.ShortProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Keeps the server and the load on different cores if {@code taskset} exists and there are two cores. Servers are started on
 * core 0, and this JVM, which makes the load, is moved to core 1 until this object is closed.
 */
public final class Cores implements AutoCloseable {
    private static final Duration TASKSET_LIMIT = Duration.ofSeconds(10);
    private static final int TRIES = 5;
    private static final String SERVER = "0";
    private static final String LOAD = "1";

    /** The previous affinity of this JVM; empty if nothing is pinned. */
    private final Optional<String> before;

    private Cores(Optional<String> before) {
        this.before = before;
    }

    /** Moves this JVM, if possible. */
    public static Cores pin() {
        String pid = Long.toString(ProcessHandle.current().pid());
        Optional<String> mask = taskset("-p", pid).map(line -> line.substring(line.lastIndexOf(' ') + 1))
                .filter(word -> !word.isEmpty());
        boolean twoCores = mask.isPresent() && (lowest(mask.get()) & 0b11) == 0b11;
        if (!twoCores || !moveAllThreads("-c", LOAD)) {
            mask.ifPresent(Cores::moveAllThreads);
            return new Cores(Optional.empty());
        }
        return new Cores(mask);
    }

    /** The beginning of a server's command line. */
    public List<String> serverPrefix() {
        return before.isPresent() ? List.of("taskset", "-c", SERVER) : List.of();
    }

    /** For the report. */
    public String description() {
        return before.isPresent()
                ? "Servers ran on core " + SERVER + ", the load, one thread of the program's own JVM, on core " + LOAD
                        + "."
                : "Nothing was pinned to a core: there is no taskset here, or no two cores.";
    }

    @Override
    public void close() {
        before.ifPresent(Cores::moveAllThreads);
    }

    /** Tries again after a failure: it fails if a thread ends just after it was listed. */
    private static boolean moveAllThreads(String... where) {
        List<String> arguments = new ArrayList<>(List.of("-a", "-p"));
        arguments.addAll(List.of(where));
        arguments.add(Long.toString(ProcessHandle.current().pid()));
        for (int i = 0; i < TRIES; i++) {
            if (taskset(arguments.toArray(String[]::new)).isPresent()) {
                return true;
            }
        }
        return false;
    }

    /** The first four cores of a hexadecimal mask of any length. */
    private static int lowest(String mask) {
        return Character.digit(mask.charAt(mask.length() - 1), 16);
    }

    /** The output of the command; empty if it failed or does not exist. */
    private static Optional<String> taskset(String... arguments) {
        String[] command = new String[arguments.length + 1];
        command[0] = "taskset";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        try {
            String output = ShortProcess.run(new ProcessBuilder(command).redirectErrorStream(true), TASKSET_LIMIT);
            return Optional.of(output.strip().lines().findFirst().orElse(""));
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }
}
