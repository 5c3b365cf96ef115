package dev.weft.internal.transport;

import dev.weft.internal.loop.ConnectionScheduler;
import dev.weft.internal.loop.Engine;
import dev.weft.internal.loop.Loops;
import dev.weft.internal.stress.NoisyCopy;
import dev.weft.internal.stress.NoisyCopy.Edit;
import dev.weft.internal.time.Failures;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
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
                        + "|(LockSupport|READING|WRITING|engine|requests|selector|channel|registration|told|other|scheduler|before)\\."
                        + "|interrupted \\|= park\\(|(reader|writer|listener|UnreadListener current|armed|inVain|over|waiting|stopped|closed|reading|writing|waiter|ready|failure|receiving|sending|key|engine) = |(updateInterest|wakeUp|noteProgress|restoreInterrupt)\\(|progress\\+\\+|int interest)")), IO_URING(
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
                                        + "|(LockSupport|STATE|ASKED|ADDED|transport|reader|writer|engine|tasks|other|ring|scheduler)\\.(?!key|descriptor)"
                                        + "|(thread|waiter|listener|receiving|arrived|spilled|rest|end|ends|buffer|failure|state|closed|sidesClosed|waiting|transport\\.next|next\\[.*\\]|before\\[buffer\\]|inProgress|watching|sending|destination|engine|slot) = "
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

    /** The number of loops of a driver, among which connections are moved. */
    private static final int LOOPS = 2;
    private static final int MOST_MOVED = 8;
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
            List<Engine> engines = new ArrayList<>();
            for (int i = 0; i < LOOPS; i++) {
                engines.add(engine(Failures.toHandler(name), i));
            }
            return new Subject(kind, null, engines, new Loops(name, engines, (what, count, latest) -> {
                Thread thread = Thread.currentThread();
                thread.getUncaughtExceptionHandler().uncaughtException(thread, latest);
            }));
        }
        var constructor = loader.loadClass(PACKAGE + "Poller").getDeclaredConstructor(String.class, boolean.class);
        constructor.setAccessible(true);
        Object poller = constructor.newInstance(name, driver == Driver.PINNED_POLLER);
        return new Subject(kind, poller, List.of(Subject.field(poller, "engine")), null);
    }

    private Engine engine(Failures failures, int place) throws ReflectiveOperationException {
        String name = kind == Kind.PARKING ? "SelectorEngine" : "IoUringEngine";
        var constructor = loader.loadClass(PACKAGE + name).getDeclaredConstructor(Failures.class, int.class);
        constructor.setAccessible(true);
        return (Engine) constructor.newInstance(failures, place);
    }

    /**
     * Engines with their driver, and what the stress must know of them.
     *
     * @param poller  {@code null} with loops
     * @param engines one for each loop, or that of the poller
     * @param loops   {@code null} with a poller
     * @param moving  whether connections are being moved: that is done once at a time
     */
    record Subject(Kind kind, Object poller, List<?> engines, Loops loops, AtomicBoolean moving) {
        Subject(Kind kind, Object poller, List<?> engines, Loops loops) {
            this(kind, poller, engines, loops, new AtomicBoolean());
        }

        Transport register(SocketChannel channel) throws ReflectiveOperationException {
            if (loops == null) {
                return (Transport) call(poller, "register", channel);
            }
            int loop = ThreadLocalRandom.current().nextInt(LOOPS);
            return (Transport) call(engines.get(loop), "register", channel, loops.scheduler(loop));
        }

        /** Has a loop, if there are several, move some of its connections to another one. Does not wait. */
        void move(Random random) {
            if (loops != null && moving.compareAndSet(false, true)) {
                int to = random.nextInt(LOOPS);
                try {
                    call(engines.get((to + 1) % LOOPS), "move", 1 + random.nextInt(MOST_MOVED), engines.get(to),
                            loops.scheduler(to), (Runnable) () -> moving.set(false));
                } catch (ReflectiveOperationException e) {
                    throw new AssertionError(e);
                }
            }
        }

        void stop() throws ReflectiveOperationException {
            if (loops == null) {
                call(poller, "stop");
            } else {
                loops.stop();
            }
        }

        /** The number of channels that are registered. */
        int keys() throws ReflectiveOperationException {
            int keys = 0;
            for (Object engine : engines) {
                keys += kind == Kind.PARKING
                        ? ((Selector) field(engine, "selector")).keys().size()
                        : ((AtomicInteger) field(engine, "size")).get();
            }
            return keys;
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

        /**
         * The number of waits in a row that may end for nothing. When a receive ends that an earlier wait has left, a reader over
         * io_uring may find none in progress and request another one before it is woken; then it finds nothing, for the bytes are
         * of that one.
         */
        int mostVainInARow() {
            return kind == Kind.PARKING ? 1 : 3;
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

        /** Calls the method of this name that takes these arguments. */
        private static Object call(Object object, String name, Object... arguments)
                throws ReflectiveOperationException {
            for (Method method : object.getClass().getDeclaredMethods()) {
                if (method.getName().equals(name) && !method.isBridge()
                        && method.getParameterCount() == arguments.length
                        && (arguments.length == 0 || method.getParameterTypes()[0].isInstance(arguments[0])
                                || method.getParameterTypes()[0] == int.class)) {
                    method.setAccessible(true);
                    return method.invoke(object, arguments);
                }
            }
            throw new NoSuchMethodException(name);
        }

        private static Object field(Object object, String name) throws ReflectiveOperationException {
            var field = object.getClass().getDeclaredField(name);
            field.setAccessible(true);
            return field.get(object);
        }
    }
}
