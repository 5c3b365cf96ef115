package dev.weft.internal.stress;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.extension.BeforeTestExecutionCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * A test that has failed once fails at each further attempt in the same JVM. For tests that stress sound code: {@code scripts/test
 * --retry} must not hide a fault that is found only by chance.
 */
public final class FailsForGood implements BeforeTestExecutionCallback, TestExecutionExceptionHandler {
    private static final Map<String, Throwable> FAILURES = new ConcurrentHashMap<>();

    @Override
    public void beforeTestExecution(ExtensionContext context) {
        Throwable before = FAILURES.get(context.getUniqueId());
        if (before != null) {
            throw new AssertionError("failed at an earlier attempt", before);
        }
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure) throws Throwable {
        FAILURES.putIfAbsent(context.getUniqueId(), failure);
        throw failure;
    }
}
