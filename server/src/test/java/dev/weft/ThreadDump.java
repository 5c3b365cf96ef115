package dev.weft;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.HotSpotDiagnosticMXBean.ThreadDumpFormat;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.PreInterruptCallback;
import org.junit.jupiter.api.extension.PreInterruptContext;

/** Prints the stacks of all threads, the virtual ones too, when a test takes too long. JUnit finds it as a service. */
public final class ThreadDump implements PreInterruptCallback {
    @Override
    public void beforeThreadInterrupt(PreInterruptContext interrupt, ExtensionContext test) throws IOException {
        Path folder = Files.createTempDirectory("weft-threads");
        Path file = folder.resolve("threads.txt");
        try {
            ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class).dumpThreads(file.toString(),
                    ThreadDumpFormat.TEXT_PLAIN);
            System.out.println("too slow: " + test.getUniqueId() + " on " + interrupt.getThreadToInterrupt() + "\n"
                    + Files.readString(file));
        } finally {
            Files.deleteIfExists(file);
            Files.delete(folder);
        }
    }
}
