package dev.weft.internal.loop;

import dev.weft.internal.stress.NoisyCopy;
import dev.weft.internal.stress.NoisyCopy.Edit;
import java.io.IOException;
import java.util.List;
import java.util.regex.Pattern;

/** The classes of the loops: the ones that run in servers, or a {@link NoisyCopy} of them, perhaps with a fault planted in it. */
final class LoopVariant {
    private static final String PACKAGE = "dev.weft.internal.loop.";
    private static final String TRANSPORT = "dev.weft.internal.transport.";
    private static final List<String> CLASSES = List.of(PACKAGE + "Loop", PACKAGE + "Loops", PACKAGE + "LoopThread",
            PACKAGE + "ConnectionScheduler", PACKAGE + "Watchdog", TRANSPORT + "SelectorEngine");
    /** Classes that belong to the copy's packages and are not copied. */
    private static final List<String> NEIGHBOURS = List.of(PACKAGE + "VirtualThreads", PACKAGE + "StressedLoops",
            TRANSPORT + "StressedEngines", TRANSPORT + "ParkingTransport", TRANSPORT + "SocketEngine");
    /** A line on which a statement begins. */
    private static final Pattern STEP = Pattern.compile("(?m)^ {8,}(?=(if|while|for|return)\\b"
            + "|[a-z]\\w*(\\.\\w+)? = |[A-Z]{4,}\\.|(Runnable|ConnectionScheduler|LoopThread|Loop) \\w+( =|;)"
            + "|(engine|watchdog|runner|runners|spares|thread|spare|loops|current|assigned|spareCount|LockSupport)\\.\\w+\\("
            + "|(take|runLeft|push|stopSpares|addSpareIfPossible|look|end|poll)\\()");

    private final ClassLoader loader;

    private LoopVariant(ClassLoader loader) {
        this.loader = loader;
    }

    /** The code that runs in servers. */
    static LoopVariant real() {
        return new LoopVariant(LoopVariant.class.getClassLoader());
    }

    /** A noisy copy, with these changes. */
    static LoopVariant copy(Edit... edits) throws IOException {
        return new LoopVariant(NoisyCopy.of(CLASSES, STEP, NEIGHBOURS, edits));
    }

    /** Makes loops of this variant. */
    LoopStress.Maker maker() throws ReflectiveOperationException {
        return (LoopStress.Maker) loader.loadClass(PACKAGE + "StressedLoops$Maker").getDeclaredConstructor()
                .newInstance();
    }
}
