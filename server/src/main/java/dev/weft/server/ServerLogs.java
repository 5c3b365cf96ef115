package dev.weft.server;

import dev.weft.internal.time.Failures;
import dev.weft.internal.time.LoggedFailures;
import java.lang.System.Logger;
import java.util.Optional;

/** What a server logs. For any thread; waits for the log only. */
final class ServerLogs {
    private final Logger logger = System.getLogger("dev.weft.server");
    private final RefusalLog refusals;
    private final FailureLog failures = new FailureLog(logger, System::nanoTime);
    private final Optional<AccessLog> access;

    ServerLogs(ResponseEncoder encoder, Optional<AccessLogFormat> accessLog) {
        this.refusals = new RefusalLog(logger, encoder);
        this.access = accessLog.map(AccessLog::new);
    }

    Logger logger() {
        return logger;
    }

    /** Counts and logs refused requests. */
    RefusalLog refusals() {
        return refusals;
    }

    /** Failures of the application's code. */
    FailureLog failures() {
        return failures;
    }

    /** The failures of a service thread with this name. */
    Failures ofThread(String name) {
        return new Failures(name, new LoggedFailures(logger));
    }

    /** The access log; empty if there is none. */
    Optional<AccessLog> access() {
        return access;
    }
}
