package dev.weft.internal.transport;

import dev.weft.internal.loop.Engine;
import dev.weft.internal.time.Failures;
import java.io.IOException;

/** Makes engines for the stress of loops, whose package cannot. */
public final class StressedEngines {
    private StressedEngines() {}

    /** An engine over a selector, without sockets. */
    public static Engine selecting(Failures failures) throws IOException {
        return new SelectorEngine(failures);
    }
}
