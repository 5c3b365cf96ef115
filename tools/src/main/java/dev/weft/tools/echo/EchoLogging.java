package dev.weft.tools.echo;

import java.lang.System.Logger.Level;
import java.util.logging.Handler;
import java.util.logging.Logger;

/** Configures java.util.logging, to which {@link System.Logger} writes at run time. */
final class EchoLogging {
    private static final String FORMAT_PROPERTY = "java.util.logging.SimpleFormatter.format";
    /** Time, level, message and, of unexpected errors alone, the stack trace. */
    private static final String ONE_LINE = "%1$tT.%1$tL %4$s %5$s%6$s%n";

    /** Held here: the log manager would let it go, and the level with it. */
    private static final Logger LOGGER;

    static {
        if (System.getProperty(FORMAT_PROPERTY) == null) {
            System.setProperty(FORMAT_PROPERTY, ONE_LINE);
        }
        LOGGER = Logger.getLogger("dev.weft");
    }

    private EchoLogging() {}

    /** Logs what is of this level or above, on standard error. */
    static void configure(Level least) {
        // The levels of System.Logger have the severities of java.util.logging.
        var level = java.util.logging.Level.parse(String.valueOf(least.getSeverity()));
        LOGGER.setLevel(level);
        for (Handler handler : Logger.getLogger("").getHandlers()) {
            handler.setLevel(level);
        }
    }
}
