package dev.weft;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A JVM that a test starts. Closing it ends it with its children. So does its time limit, after the stacks of its threads
 * were printed: a test that reads from it or waits for it then goes on, and fails.
 */
public final class TestProcess implements AutoCloseable {
    private static final int INPUT_ENDED = 3;
    private static final int STACKS_SECONDS = 20;

    private final Process process;

    private TestProcess(Process process) {
        this.process = process;
    }

    /** Starts the process, which is ended by force if it is still there after the limit. */
    public static TestProcess start(ProcessBuilder builder, Duration limit) throws IOException {
        TestProcess started = new TestProcess(builder.start());
        started.process.onExit().orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS).exceptionallyAsync(late -> {
            try {
                System.err.println("ended by force after " + limit + ": " + String.join(" ", builder.command()) + "\n"
                        + started.stacks());
            } finally {
                started.close();
            }
            return started.process;
        });
        return started;
    }

    /** The stacks of its threads, as far as it still answers. */
    private String stacks() {
        try {
            Path file = Files.createTempFile("weft-stacks", ".txt");
            try {
                Process jcmd = new ProcessBuilder(jdkProgram("jcmd"), Long.toString(process.pid()), "Thread.print")
                        .redirectErrorStream(true).redirectOutput(file.toFile()).start();
                jcmd.waitFor(STACKS_SECONDS, TimeUnit.SECONDS);
                jcmd.destroyForcibly();
                return Files.readString(file);
            } finally {
                Files.delete(file);
            }
        } catch (IOException | InterruptedException e) {
            return e.toString();
        }
    }

    /** A program of the JDK that runs this test. */
    public static String jdkProgram(String name) {
        return Path.of(System.getProperty("java.home"), "bin", name).toString();
    }

    /** The command of a JVM like this one, with the same class path. */
    public static List<String> java(List<String> options, Class<?> main, String... arguments) {
        List<String> command = new ArrayList<>(List.of(jdkProgram("java")));
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    /** The options for loops, over the engine that this JVM is told to use. */
    public static List<String> loopOptions() {
        List<String> options = new ArrayList<>(List.of("--add-opens=java.base/java.lang=ALL-UNNAMED",
                "--add-exports=java.base/sun.nio.ch=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED"));
        String engine = System.getProperty("dev.weft.engine");
        if (engine != null) {
            options.add("-Ddev.weft.engine=" + engine);
        }
        return options;
    }

    /**
     * For the main method of a process that reads no input: the process ends when its standard input does, and so with the
     * JVM that started it, even if that was killed.
     */
    public static void endWithInput() {
        Thread.ofPlatform().daemon().name("end of input").start(() -> {
            try {
                while (System.in.read() >= 0) {}
            } catch (IOException e) {
                // There is no input any more.
            }
            Runtime.getRuntime().halt(INPUT_ENDED);
        });
    }

    public Process process() {
        return process;
    }

    @Override
    public void close() {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroyForcibly();
        children.forEach(ProcessHandle::destroyForcibly);
    }
}
