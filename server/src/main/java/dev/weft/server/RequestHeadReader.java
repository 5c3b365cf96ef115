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

/** Reads the head of one request; a long head counts towards the buffered bytes. For the session's thread. */
final class RequestHeadReader {
    /** How a read ended. */
    enum Result {
        /** The head is complete. */
        COMPLETE,
        /** The input has ended, or reading was stopped. */
        INCOMPLETE,
        /** There is no room for the rest of the head. */
        BUDGET_IS_SPENT
    }

    /** A partly read head counts towards the buffered bytes from this size on: an ordinary head must not need them. */
    private static final int UNCOUNTED_HEAD = 2048;

    private final RequestHeadParser parser;
    private final BufferBudget budget;
    private volatile boolean begun;

    RequestHeadReader(HttpLimits limits, BufferBudget budget) {
        this.parser = new RequestHeadParser(limits);
        this.budget = budget;
    }

    /**
     * Waits for the head, and consumes its bytes from the input.
     *
     * @param continues called before each read; false stops reading
     * @return {@link Result#COMPLETE} if the head is complete
     */
    Result read(RequestInput input, BooleanSupplier continues) throws IOException, HttpHeadException {
        int bytes = 0;
        int counted = 0;
        try {
            while (continues.getAsBoolean() && (input.hasBytes() || input.fill())) {
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

    /** Whether a byte of the head has been received; for any thread. */
    boolean hasBegun() {
        return begun;
    }

    /** The part of the head that was read before it was refused. */
    Optional<RequestHead> headSoFar() {
        return parser.headSoFar();
    }

    /** The head that was read. */
    RequestHead head() {
        return parser.head();
    }
}
