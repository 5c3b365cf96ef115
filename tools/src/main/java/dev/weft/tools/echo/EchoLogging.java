package dev.weft.tools.echo;

import java.lang.System.Logger.Level;
import java.util.logging.Handler;
import java.util.logging.Logger;

/** Configures java.util.logging, to which {@link System.Logger} writes at run time. */
final class EchoLogging {
    private static final String FORMAT_PROPERTY = "java.util.logging.SimpleFormatter.format";
    /** Time, level, message and, only for unexpected errors, the stack trace. */
    private static final String ONE_LINE = "%1$tT.%1$tL %4$s %5$s%6$s%n";

    /** A strong reference: otherwise the logger could be garbage collected, and its level lost. */
    private static final Logger LOGGER;

    static {
        if (System.getProperty(FORMAT_PROPERTY) == null) {
            System.setProperty(FORMAT_PROPERTY, ONE_LINE);
        }
        LOGGER = Logger.getLogger("dev.weft");
    }

    private EchoLogging() {}

    /** Logs messages of this level or above to standard error. */
    static void configure(Level least) {
        // System.Logger levels have the same severity values as java.util.logging levels.
        var level = java.util.logging.Level.parse(String.valueOf(least.getSeverity()));
        LOGGER.setLevel(level);
        for (Handler handler : Logger.getLogger("").getHandlers()) {
            handler.setLevel(level);
        }
    }
}
