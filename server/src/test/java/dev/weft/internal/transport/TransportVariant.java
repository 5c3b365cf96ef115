package dev.weft.internal.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.net.URI;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * The classes of the parking transport: the ones that run in servers, or a copy compiled from their sources with
 * {@link Noise} between its steps and perhaps a fault planted in it. So no test's hook is in the code that serves.
 */
final class TransportVariant {
    private static final String PACKAGE = "dev.weft.internal.transport.";
    private static final Path SOURCES = Path.of("src/main/java", PACKAGE.replace('.', '/'));
    private static final List<String> CLASSES = List.of("ParkingTransport", "SelectorEngine", "Poller", "Lookout");
    /** As {@link ParkingTransport} has it. */
    private static final int WAITING = 1;
    /** A line on which a statement begins that reads or changes what threads share. */
    private static final Pattern STEP = Pattern.compile("(?m)^ {8,}(?=(if|while|return) \\(?[!(+]*"
            + "(interrupted|READING|WRITING|WAITING|reading|writing|waiting|requests|stopped|principal|closed|failure)\\b"
            + "|(LockSupport|READING|WRITING|engine|requests|selector|channel|registration)\\."
            + "|interrupted \\|= park\\(|(reader|writer|armed|inVain|waiting|stopped|closed|reading|writing|principal|ready|failure) = |(updateInterest|wakeUp|noteProgress|restoreInterrupt)\\(|progress\\+\\+|int interest)");

    private final ClassLoader loader;

    private TransportVariant(ClassLoader loader) {
        this.loader = loader;
    }

    /** One change of the sources: the text must be in exactly one of them, once. */
    record Edit(String text, String replacement) {}

    /** What runs in servers. */
    static TransportVariant real() {
        return new TransportVariant(TransportVariant.class.getClassLoader());
    }

    /** A noisy copy, with these changes. */
    static TransportVariant copy(Edit... edits) throws IOException {
        Map<String, String> sources = new HashMap<>();
        for (String name : CLASSES) {
            sources.put(name, Files.readString(SOURCES.resolve(name + ".java")));
        }
        for (Edit edit : edits) {
            assertEquals(1, sources.values().stream().mapToInt(source -> count(source, edit.text())).sum(),
                    edit.text());
            sources.replaceAll((name, source) -> source.replace(edit.text(), edit.replacement()));
        }
        AtomicInteger places = new AtomicInteger();
        sources.replaceAll((name, source) -> STEP.matcher(source)
                .replaceAll(step -> step.group() + "Noise.here(" + places.incrementAndGet() + "); "));
        for (String name : CLASSES) {
            assertTrue(count(sources.get(name), "Noise.here(") > 5, name);
        }
        return new TransportVariant(new Loader(compile(sources)));
    }

    private static int count(String source, String text) {
        return (source.length() - source.replace(text, "").length()) / text.length();
    }

    private static Map<String, byte[]> compile(Map<String, String> sources) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        Map<String, ByteArrayOutputStream> compiled = new HashMap<>();
        List<JavaFileObject> units = new ArrayList<>();
        sources.forEach((name, source) -> units.add(new Source(name, source)));
        StringWriter messages = new StringWriter();
        try (JavaFileManager files = new InMemory(compiler.getStandardFileManager(null, null, null), compiled)) {
            boolean good = compiler.getTask(messages, files, null,
                    List.of("-proc:none", "-nowarn", "-classpath",
                            location(Transport.class) + ":" + location(Noise.class)),
                    null,
                    units).call();
            assertTrue(good, messages::toString);
        }
        Map<String, byte[]> classes = new HashMap<>();
        compiled.forEach((name, octets) -> classes.put(name, octets.toByteArray()));
        return classes;
    }

    private static Path location(Class<?> type) {
        return Path.of(URI.create(type.getProtectionDomain().getCodeSource().getLocation().toString()));
    }

    /** A poller that runs. */
    Subject open(boolean pinned) throws ReflectiveOperationException {
        var constructor = loader.loadClass(PACKAGE + "Poller").getDeclaredConstructor(String.class, boolean.class);
        constructor.setAccessible(true);
        return new Subject(constructor.newInstance("poller-under-stress", pinned));
    }

    /** A poller, and what the stress must know of it. */
    record Subject(Object poller) {
        Transport register(SocketChannel channel) throws ReflectiveOperationException {
            return (Transport) call("register", SocketChannel.class, channel);
        }

        void stop() throws ReflectiveOperationException {
            call("stop", null, null);
        }

        /** How many channels are registered. */
        int keys() throws ReflectiveOperationException {
            return ((Selector) field(field(poller, "engine"), "selector")).keys().size();
        }

        /** Whether the writing side's state says that a thread waits. */
        static boolean writerWaits(Transport transport) {
            try {
                return field(transport, "writing").equals(WAITING);
            } catch (ReflectiveOperationException e) {
                throw new AssertionError(e);
            }
        }

        /** For whoever looks for the fault. */
        static String describe(Transport transport) throws ReflectiveOperationException {
            StringBuilder text = new StringBuilder();
            for (String name : List.of("reading", "writing", "reader", "writer", "armed", "inVain", "progress",
                    "key")) {
                text.append(' ').append(name).append('=').append(field(transport, name));
            }
            return text.toString();
        }

        private Object call(String name, Class<?> type, Object argument) throws ReflectiveOperationException {
            var method = type == null
                    ? poller.getClass().getDeclaredMethod(name)
                    : poller.getClass().getDeclaredMethod(name, type);
            method.setAccessible(true);
            return type == null ? method.invoke(poller) : method.invoke(poller, argument);
        }

        private static Object field(Object object, String name) throws ReflectiveOperationException {
            var field = object.getClass().getDeclaredField(name);
            field.setAccessible(true);
            return field.get(object);
        }
    }

    /** Defines the copy, whose names its parent knows too. */
    private static final class Loader extends ClassLoader {
        private final Map<String, byte[]> classes;

        Loader(Map<String, byte[]> classes) {
            super(TransportVariant.class.getClassLoader());
            this.classes = classes;
        }

        @Override
        public Class<?> loadClass(String name) throws ClassNotFoundException {
            byte[] octets = classes.get(name);
            if (octets == null) {
                return super.loadClass(name);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                return loaded != null ? loaded : defineClass(name, octets, 0, octets.length);
            }
        }
    }

    private static final class Source extends SimpleJavaFileObject {
        private final String text;

        Source(String name, String text) {
            super(URI.create("string:///" + (PACKAGE + name).replace('.', '/') + ".java"), Kind.SOURCE);
            this.text = text;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
        }
    }

    private static final class InMemory extends ForwardingJavaFileManager<JavaFileManager> {
        private final Map<String, ByteArrayOutputStream> compiled;

        InMemory(JavaFileManager files, Map<String, ByteArrayOutputStream> compiled) {
            super(files);
            this.compiled = compiled;
        }

        @Override
        public JavaFileObject getJavaFileForOutput(Location location, String name, JavaFileObject.Kind kind,
                FileObject sibling) {
            return new SimpleJavaFileObject(URI.create("mem:///" + name), kind) {
                @Override
                public OutputStream openOutputStream() {
                    ByteArrayOutputStream octets = new ByteArrayOutputStream();
                    compiled.put(name, octets);
                    return octets;
                }
            };
        }
    }
}
