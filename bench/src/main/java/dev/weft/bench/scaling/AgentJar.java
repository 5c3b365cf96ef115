package dev.weft.bench.scaling;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** The jar with {@link AccessAgent} for a JVM: the classes for the boot class path, and the name of the agent class. */
final class AgentJar {
    private static final List<String> ON_BOOT_PATH = List.of("Accesses", "Accesses$Table", "Accesses$Row");

    private AgentJar() {}

    /** Writes the jar. */
    static void write(Path jar) throws IOException {
        Manifest manifest = new Manifest();
        Attributes main = manifest.getMainAttributes();
        main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        main.putValue("Premain-Class", AccessAgent.class.getName());
        main.putValue("Boot-Class-Path", jar.getFileName().toString());
        main.putValue("Can-Retransform-Classes", "true");
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest)) {
            for (String name : ON_BOOT_PATH) {
                try (InputStream file = AgentJar.class.getResourceAsStream(name + ".class")) {
                    out.putNextEntry(new JarEntry("dev/weft/bench/scaling/" + name + ".class"));
                    file.transferTo(out);
                    out.closeEntry();
                }
            }
        }
    }
}
