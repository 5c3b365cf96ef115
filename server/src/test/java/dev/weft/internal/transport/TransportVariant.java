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
import java.util.regex.Pattern;

/**
 * The classes of the parking transport: the ones that run in servers, or a {@link NoisyCopy} of them, perhaps with a
 * fault planted in it.
 */
final class TransportVariant {
    private static final String PACKAGE = "dev.weft.internal.transport.";
    private static final List<String> CLASSES = List.of(PACKAGE + "ParkingTransport", PACKAGE + "SelectorEngine",
            PACKAGE + "Poller", PACKAGE + "SelectorThread");
    /** What belongs to the copy's package and is not copied. */
    private static final List<String> NEIGHBOURS = List.of(PACKAGE + "WatchedSocket");
    /** As {@link ParkingTransport} has it. */
    private static final int WAITING = 1;
    /** A line on which a statement begins that reads or changes what threads share. */
    private static final Pattern STEP = Pattern.compile("(?m)^ {8,}(?=(if|while|return) \\(?[!(+]*"
            + "(interrupted|over|READING|WRITING|WAITING|reading|writing|waiting|requests|stopped|waiter|closed|failure)\\b"
            + "|(LockSupport|READING|WRITING|engine|requests|selector|channel|registration|told|other)\\."
            + "|interrupted \\|= park\\(|(reader|writer|listener|UnreadListener current|armed|inVain|over|waiting|stopped|closed|reading|writing|waiter|ready|failure) = |(updateInterest|wakeUp|noteProgress|restoreInterrupt)\\(|progress\\+\\+|int interest)");

    private final ClassLoader loader;

    private TransportVariant(ClassLoader loader) {
        this.loader = loader;
    }

    /** The code that runs in servers. */
    static TransportVariant real() {
        return new TransportVariant(TransportVariant.class.getClassLoader());
    }

    /** A noisy copy, with these changes. */
    static TransportVariant copy(Edit... edits) throws IOException {
        return new TransportVariant(NoisyCopy.of(CLASSES, STEP, NEIGHBOURS, edits));
    }

    /** A driver that runs. */
    Subject open(Driver driver) throws ReflectiveOperationException {
        String name = "under-stress";
        if (driver == Driver.LOOP) {
            Object engine = construct("SelectorEngine", Failures.class, Failures.toHandler(name));
            return new Subject(engine, engine, new Loops(name, List.of((Engine) engine), (what, count, latest) -> {
                Thread thread = Thread.currentThread();
                thread.getUncaughtExceptionHandler().uncaughtException(thread, latest);
            }));
        }
        var constructor = loader.loadClass(PACKAGE + "Poller").getDeclaredConstructor(String.class, boolean.class);
        constructor.setAccessible(true);
        Object poller = constructor.newInstance(name, driver == Driver.PINNED_POLLER);
        return new Subject(poller, Subject.field(poller, "engine"), null);
    }

    private Object construct(String name, Class<?> type, Object argument) throws ReflectiveOperationException {
        var constructor = loader.loadClass(PACKAGE + name).getDeclaredConstructor(type);
        constructor.setAccessible(true);
        return constructor.newInstance(argument);
    }

    /**
     * An engine with its driver, and what the stress must know of it.
     *
     * @param registrar registers channels: the engine over a loop, else the poller
     * @param loops     {@code null} with a poller
     */
    record Subject(Object registrar, Object engine, Loops loops) {
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
            return ((Selector) field(engine, "selector")).keys().size();
        }

        /** Whether the writing side's state says that a thread waits. */
        static boolean writerWaits(Transport transport) {
            try {
                return field(transport, "writing").equals(WAITING);
            } catch (ReflectiveOperationException e) {
                throw new AssertionError(e);
            }
        }

        /** For the search for the fault. */
        static String describe(Transport transport) throws ReflectiveOperationException {
            StringBuilder text = new StringBuilder();
            for (String name : List.of("reading", "writing", "reader", "writer", "armed", "inVain", "progress",
                    "key")) {
                text.append(' ').append(name).append('=').append(field(transport, name));
            }
            return text.toString();
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
