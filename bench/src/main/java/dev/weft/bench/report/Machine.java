package dev.weft.bench.report;

import dev.weft.bench.process.ShortProcess;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The machine and the software of a run. Values that the system does not provide are "unknown".
 *
 * @param cpu        the CPU's model
 * @param cores      the number of cores that this program may use
 * @param memory     the machine's memory in bytes
 * @param kernel     name and version
 * @param governor   the setting that controls the clock rate of the first core
 * @param load       the load average of the last minute at the start, negative if unknown
 * @param jdk        version and vendor
 * @param jvm        name and version
 * @param jvmOptions the options of this program; suites may start processes with others, and then say so in a remark
 * @param commit     the commit of the sources
 * @param dirty      whether the sources, except earlier results, differed from that commit
 */
public record Machine(String cpu, int cores, long memory, String kernel, String governor, double load, String jdk,
        String jvm, String jvmOptions, String commit, boolean dirty) {
    private static final String UNKNOWN = "unknown";
    private static final String LOAD = "weft.bench.load";
    private static final Duration GIT_LIMIT = Duration.ofSeconds(10);

    /** Requires all texts. */
    public Machine {
        List.of(cpu, kernel, governor, jdk, jvm, jvmOptions, commit);
    }

    /** This machine, now, with the sources at {@code root}. */
    public static Machine here(Path root) {
        String commit = Objects.requireNonNullElse(git(root, "rev-parse", "HEAD"), UNKNOWN);
        String changes = git(root, "status", "--porcelain", "--", ".", ":!bench/results");
        return new Machine(value("/proc/cpuinfo", "model name"), Runtime.getRuntime().availableProcessors(),
                installedMemory(),
                System.getProperty("os.name") + " " + System.getProperty("os.version"),
                line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
                loadAtStart(),
                System.getProperty("java.runtime.version") + ", " + System.getProperty("java.vendor.version",
                        System.getProperty("java.vendor")),
                System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version"),
                String.join(" ", ManagementFactory.getRuntimeMXBean().getInputArguments()), commit,
                changes == null || !changes.isEmpty());
    }

    /** The commit as used in names of folders. */
    public String shortCommit() {
        return commit.substring(0, Math.min(commit.length(), 7));
    }

    /** As the script measured it before the build, which is a load too; otherwise as it is now. */
    private static double loadAtStart() {
        String measured = System.getProperty(LOAD);
        return measured == null
                ? ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage()
                : Double.parseDouble(measured);
    }

    private static long installedMemory() {
        String kibibytes = value("/proc/meminfo", "MemTotal").replaceAll("[^0-9]", "");
        return kibibytes.isEmpty() ? 0 : Long.parseLong(kibibytes) << 10;
    }

    /** The value after a key's colon in a file of the kernel. */
    private static String value(String file, String key) {
        for (String line : lines(file)) {
            int colon = line.indexOf(':');
            if (colon > 0 && line.substring(0, colon).strip().equals(key)) {
                return line.substring(colon + 1).strip();
            }
        }
        return UNKNOWN;
    }

    private static String line(String file) {
        List<String> lines = lines(file);
        return lines.isEmpty() ? UNKNOWN : lines.getFirst();
    }

    private static List<String> lines(String file) {
        try {
            return Files.readAllLines(Path.of(file));
        } catch (IOException e) {
            return List.of();
        }
    }

    /** The output of git, or null. */
    private static String git(Path root, String... arguments) {
        List<String> command = new ArrayList<>(List.of("git", "-C", root.toString()));
        command.addAll(List.of(arguments));
        try {
            return ShortProcess.run(new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD),
                    GIT_LIMIT).strip();
        } catch (IOException e) {
            return null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }
}
