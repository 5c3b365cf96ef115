package dev.weft.internal.send;

import dev.weft.internal.stress.NoisyCopy;
import dev.weft.internal.stress.NoisyCopy.Edit;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The sender and its companions: the classes that run in servers, or a {@link NoisyCopy} of them, perhaps with a fault. */
final class SenderVariant {
    private static final String PACKAGE = "dev.weft.internal.send.";
    private static final List<String> CLASSES = Stream.concat(
            Stream.of("FrameSender", "FrameBuffer", "HeldMessages", "Outbox", "OutboxList", "OutboxEntry", "Drain",
                    "DrainThread",
                    "SendAttempt", "StreamedMessage",
                    "DelayedFlush", "SendLock", "QueuedMessages").map(PACKAGE::concat),
            Stream.of("dev.weft.internal.close.ClosingHandshake", "dev.weft.internal.time.ShortTimer")).toList();
    /** Classes without steps of their own, whose package must be the copy's, and the stress itself. */
    private static final List<String> USERS = Stream.concat(
            Stream.of("SendState", "SendServices", "NetworkWait", "TransformedFrames", "PayloadCopies", "SenderStress",
                    "StressedSender", "SenderActor", "StressedWire", "ReceivedFrames").map(PACKAGE::concat),
            Stream.of("dev.weft.internal.close.CloseCauses")).toList();
    /** A line on which a statement begins. */
    private static final Pattern STEP = Pattern.compile("(?m)^ {8,}(?=(if|while|for) \\(|return |throw "
            + "|[a-zA-Z]+\\([^()]*(\\([^()]*\\))?[^()]*\\);$|[a-zA-Z.]+ (=|-=|\\+=) "
            + "|(lock|outbox|buffer|closing|sender|ended|transport|OUTBOX|NEWEST|PONGS|WAITING|DROPPED|REPLACED|DRAINED|list|taking|pool|deadlines|timer|services)"
            + "\\b[.(])");

    private final ClassLoader loader;

    private SenderVariant(ClassLoader loader) {
        this.loader = loader;
    }

    /** The code that runs in servers. */
    static SenderVariant real() {
        return new SenderVariant(SenderVariant.class.getClassLoader());
    }

    /** A noisy copy, with these changes. */
    static SenderVariant copy(Edit... edits) throws IOException {
        return new SenderVariant(NoisyCopy.of(CLASSES, STEP, USERS, edits));
    }

    /** Stresses this variant, as {@link SenderStress#run} does. */
    long stress(long seed, Duration length, Duration patience) throws ReflectiveOperationException {
        return NoisyCopy.run(loader, PACKAGE + "SenderStress", seed, length, patience);
    }
}
