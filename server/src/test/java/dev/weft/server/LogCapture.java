package dev.weft.server;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Collects the server's log messages, down to DEBUG, and keeps them off the console. It ends when it is closed or, as a
 * registered extension of a test, when that test ends.
 */
public final class LogCapture extends Handler implements AfterEachCallback {
    /** A strong reference, because an unreferenced logger can be garbage collected with its settings. */
    private static final Logger LOGGER = Logger.getLogger("dev.weft.server");

    private final List<LogRecord> records = new CopyOnWriteArrayList<>();
    private final SimpleFormatter formatter = new SimpleFormatter();

    public LogCapture() {
        LOGGER.setUseParentHandlers(false);
        LOGGER.setLevel(Level.ALL);
        LOGGER.addHandler(this);
    }

    @Override
    public void publish(LogRecord entry) {
        records.add(entry);
    }

    /** The lines of this level, without their stack traces. DEBUG of System.Logger is FINE here. */
    public List<String> lines(Level level) {
        return records.stream().filter(entry -> entry.getLevel().equals(level)).map(formatter::formatMessage).toList();
    }

    /** The stack traces' exceptions of this level. */
    public List<Throwable> thrown(Level level) {
        return records.stream().filter(entry -> entry.getLevel().equals(level) && entry.getThrown() != null)
                .map(LogRecord::getThrown).toList();
    }

    /** Forgets what was logged so far. */
    public void clear() {
        records.clear();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        close();
    }

    @Override
    public void flush() {}

    @Override
    public void close() {
        LOGGER.removeHandler(this);
        LOGGER.setLevel(null);
        LOGGER.setUseParentHandlers(true);
    }
}
