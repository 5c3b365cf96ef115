package dev.weft.server;

import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.http.RequestInput;
import dev.weft.parser.http.HttpHeadException;
import dev.weft.parser.http.HttpLimits;
import dev.weft.parser.http.RequestHead;
import dev.weft.parser.http.RequestHeadParser;
import java.io.IOException;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Reads the head of one request, counted among the buffered bytes when it is long. For the session's thread. */
final class RequestHeadReader {
    /** How a read ended. */
    enum Result {
        /** The head is whole. */
        COMPLETE,
        /** No more will come, or it is not to go on. */
        INCOMPLETE,
        /** There is no room for the rest. */
        BUDGET_IS_SPENT
    }

    /** A half-read head is counted among the buffered bytes from here on: an ordinary one must not need them. */
    private static final int UNCOUNTED_HEAD = 2048;

    private final RequestHeadParser parser;
    private final BufferBudget budget;
    private volatile boolean begun;

    RequestHeadReader(HttpLimits limits, BufferBudget budget) {
        this.parser = new RequestHeadParser(limits);
        this.budget = budget;
    }

    /**
     * Waits for the head, and uses its bytes of the input.
     *
     * @param goesOn is asked before each read
     * @return {@link Result#COMPLETE} if it is whole
     */
    Result read(RequestInput input, BooleanSupplier goesOn) throws IOException, HttpHeadException {
        int bytes = 0;
        int counted = 0;
        try {
            while (goesOn.getAsBoolean() && (input.hasBytes() || input.fill())) {
                begun = true;
                int offset = parser.parse(input.array(), input.from(), input.to());
                if (offset >= 0) {
                    input.use(offset);
                    return Result.COMPLETE;
                }
                bytes += input.to() - input.from();
                input.use(input.to());
                int more = Math.max(0, bytes - UNCOUNTED_HEAD) - counted;
                if (!budget.take(more)) {
                    return Result.BUDGET_IS_SPENT;
                }
                counted += more;
            }
            return Result.INCOMPLETE;
        } finally {
            budget.giveBack(counted);
        }
    }

    /** Whether a byte of it has been received; for any thread. */
    boolean hasBegun() {
        return begun;
    }

    /** What of the head was read before it was refused. */
    Optional<RequestHead> headSoFar() {
        return parser.headSoFar();
    }

    /** The head that was read. */
    RequestHead head() {
        return parser.head();
    }
}
