package dev.weft;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Programs that a test needs, and that a machine may not have. */
public final class Installed {
    private Installed() {}

    /** The path of a program; the test is skipped, with a line that says so, if it is not there. */
    public static String program(String name) {
        List<String> folders = List.of((System.getenv("PATH") + ":/usr/sbin:/usr/local/sbin").split(":"));
        String found = folders.stream().map(folder -> folder + "/" + name)
                .filter(path -> Files.isExecutable(Path.of(path)))
                .findFirst().orElse(null);
        assumeTrue(found != null, "no " + name + " on this machine: the test with it is skipped");
        return found;
    }
}
