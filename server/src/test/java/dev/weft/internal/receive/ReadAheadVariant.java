package dev.weft.internal.receive;

import dev.weft.internal.stress.NoisyCopy;
import dev.weft.internal.stress.NoisyCopy.Edit;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The receiving side: the classes that run in servers, or a {@link NoisyCopy} of them, perhaps with a fault. */
final class ReadAheadVariant {
    private static final String PACKAGE = "dev.weft.internal.receive.";
    private static final List<String> CLASSES = Stream.concat(
            Stream.of("ReadAhead", "FrameReader", "ClaimedReader", "FrameScanner", "ControlReader", "InboundBuffer",
                    "MessageReceiver")
                    .map(PACKAGE::concat),
            Stream.of("dev.weft.internal.time.ShortTimer")).toList();
    /** Classes whose package must be the copy's, and the stress itself. */
    private static final List<String> USERS = Stream
            .of("BorrowedView", "ControlFrames", "IncomingStream", "MessageAssembler", "MessageReader", "ReceiverOwner",
                    "StreamOwner", "ReadAheadStress", "StressedReceiver", "StressedOwner", "StressedInput",
                    "PeerScript")
            .map(PACKAGE::concat).toList();
    /** A line on which a statement begins. */
    private static final Pattern STEP = Pattern.compile("(?m)(?<=[;{}]\\n)^ {8,}(?=(if|while|for) \\(|return |throw "
            + "|[a-zA-Z]+\\([^()]*(\\([^()]*\\))?[^()]*\\);$|[a-zA-Z.]+ (=|-=|\\+=) "
            + "|(RECEIVER|WATCHED|LockSupport|deadlines|scanner|owner|frames|input|transport|pool|timer|parser)\\b[.(])");

    /** Half a second for a Close frame after data is longer than the test waits for a life with a fault. */
    private static final Edit SHORT_PATIENCE = new Edit("PATIENCE_WITH_END = 126;", "PATIENCE_WITH_END = 5;");

    private final ClassLoader loader;

    private ReadAheadVariant(ClassLoader loader) {
        this.loader = loader;
    }

    /** The code that runs in servers. */
    static ReadAheadVariant real() {
        return new ReadAheadVariant(ReadAheadVariant.class.getClassLoader());
    }

    /** A noisy copy, with these changes. */
    static ReadAheadVariant copy(Edit... edits) throws IOException {
        return new ReadAheadVariant(NoisyCopy.of(CLASSES, STEP, USERS,
                Stream.concat(Stream.of(SHORT_PATIENCE), Stream.of(edits)).toArray(Edit[]::new)));
    }

    /** Stresses this variant, as {@link ReadAheadStress#run} does. */
    long stress(long seed, Duration length, Duration patience) throws ReflectiveOperationException {
        return NoisyCopy.run(loader, PACKAGE + "ReadAheadStress", seed, length, patience);
    }
}
