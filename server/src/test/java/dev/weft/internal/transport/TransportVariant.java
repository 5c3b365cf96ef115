package dev.weft.internal.transport;

import dev.weft.internal.loop.ConnectionScheduler;
import dev.weft.internal.loop.Engine;
import dev.weft.internal.loop.Loops;
import dev.weft.internal.stress.NoisyCopy;
import dev.weft.internal.stress.NoisyCopy.Edit;
import dev.weft.internal.time.Failures;
import java.io.IOException;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;

/**
 * The classes of a transport: the ones that run in servers, or a {@link NoisyCopy} of them, perhaps with a fault planted in it.
 */
final class TransportVariant {
    private static final String PACKAGE = "dev.weft.internal.transport.";

    /** The engine, and what else belongs to it. */
    enum Kind {
        PARKING(List.of("ParkingTransport", "NonBlockingTransport", "SelectorEngine", "Poller", "SelectorThread"),
                List.of("WatchedSocket", "SocketEngine", "AcceptingSocket", "SelectorListenerWatch", "DirectCalls",
                        "SystemCalls", "NativeFunctions",
                        "SocketCalls",
                        "SocketErrors",
                        "Descriptors", "AcceptedChannel", "OwnChannel", "CompactAddress", "SocketFunctions"),
                Pattern.compile("(?m)^ {8,}(?=(if|while|return) \\(?[!(+]*"
                        + "(interrupted|over|READING|WRITING|WAITING|reading|writing|waiting|requests|stopped|waiter|closed|failure|SocketCalls|receiving|sending)\\b"
                        + "|(LockSupport|READING|WRITING|engine|requests|selector|channel|registration|told|other)\\."
                        + "|interrupted \\|= park\\(|(reader|writer|listener|UnreadListener current|armed|inVain|over|waiting|stopped|closed|reading|writing|waiter|ready|failure|receiving|sending) = |(updateInterest|wakeUp|noteProgress|restoreInterrupt)\\(|progress\\+\\+|int interest)")), IO_URING(
                                List.of("IoUringTransport", "NonBlockingTransport", "IoUringReader", "IoUringWriter",
                                        "IoUringEngine",
                                        "IoUringBuffers"),
                                List.of("IoUringSocket", "IoUringSockets", "SendsAtOnce", "SendBuffer", "SendBuffers",
                                        "SocketEngine", "AcceptingSocket",
                                        "IoUringListenerWatch", "Ring",
                                        "Rings", "IoUring", "SystemCalls", "NativeFunctions", "LinuxRelease",
                                        "SocketCalls",
                                        "SocketErrors", "Descriptors", "DirectCalls", "AcceptedChannel",
                                        "OwnChannel", "CompactAddress", "SocketFunctions"),
                                Pattern.compile("(?m)^ {8,}(?=(if|while|return) \\(?[!(+]*"
                                        + "(interrupted|over|STATE|ARRIVED|ASKED|ADDED|WAITING|RETURNED|state|arrived|waiting|tasks|closed|sidesClosed|ends|failure|end|pending|buffer|before|SocketCalls|receiving|sending)\\b"
                                        + "|(LockSupport|STATE|ASKED|ADDED|transport|reader|writer|engine|tasks|other|ring)\\.(?!key|descriptor)"
                                        + "|(thread|waiter|listener|receiving|arrived|spilled|rest|end|ends|buffer|failure|state|closed|sidesClosed|waiting|transport\\.next|next\\[.*\\]|before\\[buffer\\]|inProgress|watching|sending) = "
                                        + "|(release|wake|see|sendRest|wakeUp|unparkWaiter|restoreInterrupt)\\(|long held|boolean pending|ByteBuffer earlier)"));

        private final List<String> classes;
        private final List<String> neighbours;
        private final Pattern step;

        /**
         * @param classes    what is copied
         * @param neighbours what belongs to the copy's package and is not copied
         * @param step       a line on which a statement begins that reads or changes what threads share
         */
        Kind(List<String> classes, List<String> neighbours, Pattern step) {
            this.classes = classes.stream().map(PACKAGE::concat).toList();
            this.neighbours = neighbours.stream().map(PACKAGE::concat).toList();
            this.step = step;
        }
    }

    /** As {@link ParkingTransport} has it. */
    private static final int WAITING = 1;
    /** As {@link IoUringWriter} has them. */
    private static final int SENDING = 3;
    private static final int FULL = 4;

    private final Kind kind;
    private final ClassLoader loader;

    private TransportVariant(Kind kind, ClassLoader loader) {
        this.kind = kind;
        this.loader = loader;
    }

    /** The code that runs in servers. */
    static TransportVariant real(Kind kind) {
        return new TransportVariant(kind, TransportVariant.class.getClassLoader());
    }

    /** A noisy copy, with these changes. */
    static TransportVariant copy(Kind kind, Edit... edits) throws IOException {
        return new TransportVariant(kind, NoisyCopy.of(kind.classes, kind.step, kind.neighbours, edits));
    }

    /** A driver that runs. */
    Subject open(Driver driver) throws ReflectiveOperationException {
        String name = "under-stress";
        if (driver == Driver.LOOP) {
            Object engine = engine(Failures.toHandler(name));
            return new Subject(kind, engine, engine,
                    new Loops(name, List.of((Engine) engine), (what, count, latest) -> {
                        Thread thread = Thread.currentThread();
                        thread.getUncaughtExceptionHandler().uncaughtException(thread, latest);
                    }));
        }
        var constructor = loader.loadClass(PACKAGE + "Poller").getDeclaredConstructor(String.class, boolean.class);
        constructor.setAccessible(true);
        Object poller = constructor.newInstance(name, driver == Driver.PINNED_POLLER);
        return new Subject(kind, poller, Subject.field(poller, "engine"), null);
    }

    private Object engine(Failures failures) throws ReflectiveOperationException {
        String name = kind == Kind.PARKING ? "SelectorEngine" : "IoUringEngine";
        var constructor = loader.loadClass(PACKAGE + name).getDeclaredConstructor(Failures.class, int.class);
        constructor.setAccessible(true);
        return constructor.newInstance(failures, -1);
    }

    /**
     * An engine with its driver, and what the stress must know of it.
     *
     * @param registrar registers channels: the engine over a loop, else the poller
     * @param loops     {@code null} with a poller
     */
    record Subject(Kind kind, Object registrar, Object engine, Loops loops) {
        Transport register(SocketChannel channel) throws ReflectiveOperationException {
            return (Transport) (loops == null
                    ? call("register", List.of(SocketChannel.class), channel)
                    : call("register", List.of(SocketChannel.class, ConnectionScheduler.class), channel,
                            loops.scheduler(0)));
        }

        void stop() throws ReflectiveOperationException {
            if (loops == null) {
                call("stop", List.of());
            } else {
                loops.stop();
            }
        }

        /** The number of channels that are registered. */
        int keys() throws ReflectiveOperationException {
            return kind == Kind.PARKING
                    ? ((Selector) field(engine, "selector")).keys().size()
                    : ((AtomicInteger) field(engine, "size")).get();
        }

        /** Whether the writing side's state says that a thread waits. */
        boolean writerWaits(Transport transport) {
            try {
                if (kind == Kind.PARKING) {
                    return field(transport, "writing").equals(WAITING);
                }
                Object writer = field(transport, "writer");
                int state = (int) field(writer, "state");
                return field(writer, "waiter") != null && (state == FULL || state == SENDING);
            } catch (ReflectiveOperationException e) {
                throw new AssertionError(e);
            }
        }

        /** Whether a thread that waits to write is woken to try again: otherwise the engine tries. */
        boolean wakesToRetry() {
            return kind == Kind.PARKING;
        }

        /** For the search for the fault. */
        String describe(Transport transport) throws ReflectiveOperationException {
            StringBuilder text = new StringBuilder();
            if (kind == Kind.PARKING) {
                describe(transport, text,
                        List.of("reading", "writing", "reader", "writer", "armed", "inVain", "progress", "key"));
            } else {
                describe(transport, text, List.of("asked", "sidesClosed", "slot", "inProgress", "closing", "released"));
                describe(field(transport, "reader"), text.append(" reader:"), List.of("state", "thread", "receiving",
                        "arrived", "spilled", "rest", "end", "inProgress", "watching"));
                describe(field(transport, "writer"), text.append(" writer:"), List.of("state", "buffer", "waiter",
                        "progress", "failure", "ends", "sent", "inProgress", "watching"));
            }
            return text.toString();
        }

        private static void describe(Object object, StringBuilder text, List<String> fields)
                throws ReflectiveOperationException {
            for (String name : fields) {
                text.append(' ').append(name).append('=').append(field(object, name));
            }
        }

        private Object call(String name, List<Class<?>> types, Object... arguments)
                throws ReflectiveOperationException {
            var method = registrar.getClass().getDeclaredMethod(name, types.toArray(Class[]::new));
            method.setAccessible(true);
            return method.invoke(registrar, arguments);
        }

        private static Object field(Object object, String name) throws ReflectiveOperationException {
            var field = object.getClass().getDeclaredField(name);
            field.setAccessible(true);
            return field.get(object);
        }
    }
}
