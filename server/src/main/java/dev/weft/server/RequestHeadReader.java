package dev.weft.server;

import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.receive.InboundBuffer;
import dev.weft.parser.http.HttpHeadException;
import dev.weft.parser.http.HttpLimits;
import dev.weft.parser.http.RequestHead;
import dev.weft.parser.http.RequestHeadParser;
import java.io.IOException;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Reads the head of one request, counted among the buffered bytes when it is long. For the session's thread. */
final class RequestHeadReader {
    /** {@link #read}: no more will come, or it is not to go on. */
    static final int INCOMPLETE = -1;
    /** {@link #read}: there is no room for the rest. */
    static final int BUDGET_IS_SPENT = -2;
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
     * Waits for the head.
     *
     * @param goesOn is asked before each read
     * @return where in the input's region the head ended, or {@link #INCOMPLETE}, or {@link #BUDGET_IS_SPENT}
     */
    int read(InboundBuffer input, BooleanSupplier goesOn) throws IOException, HttpHeadException {
        int bytes = 0;
        int counted = 0;
        try {
            while (goesOn.getAsBoolean() && input.fill()) {
                begun = true;
                int offset = parser.parse(input.array(), 0, input.length());
                if (offset >= 0) {
                    return offset;
                }
                bytes += input.length();
                int more = Math.max(0, bytes - UNCOUNTED_HEAD) - counted;
                if (!budget.take(more)) {
                    return BUDGET_IS_SPENT;
                }
                counted += more;
            }
            return INCOMPLETE;
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
