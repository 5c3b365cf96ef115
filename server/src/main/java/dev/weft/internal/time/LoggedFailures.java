package dev.weft.internal.time;

import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/**
 * Logs failures of a server or client itself: a defect with its stack trace, a shortage of memory or system resources in one
 * line.
 */
public record LoggedFailures(Logger logger) implements Failures.Reporter {
    @Override
    public void report(String what, long count, Throwable latest) {
        String text = "failed: " + what + "; failures since the last report: " + count + "; the latest: " + latest;
        if (latest instanceof IOException || latest instanceof VirtualMachineError) {
            logger.log(Level.WARNING, text);
        } else {
            logger.log(Level.WARNING, text, latest);
        }
    }
}
