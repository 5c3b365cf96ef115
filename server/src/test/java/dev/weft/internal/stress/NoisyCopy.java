package dev.weft.internal.stress;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.internal.transport.Transport;
import dev.weft.parser.Opcode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/**
 * Classes of the server compiled once more from their sources, with {@link Noise} between their steps and perhaps a fault
 * planted in them. So the code that serves has no hook for tests.
 */
public final class NoisyCopy {
    /** Where JDK 21 allows nothing. */
    private static final String BEFORE_A_CONSTRUCTOR = "Noise\\.here\\(\\d+\\); (?=(this|super)\\()";
    private static final Path SOURCES = Path.of("src/main/java");
    private static final AtomicInteger COPIES = new AtomicInteger();

    private NoisyCopy() {}

    /** One change of the sources: the text must be in exactly one of them, once. */
    public record Edit(String text, String replacement) {}

    /**
     * A loader of the copy. A copy that was made before is at its end.
     *
     * @param classes what is copied
     * @param step    matches what is before a step, where noise is put
     * @param users   test classes that share a package with the copy: defined again next to it, with their nested classes
     * @param edits   what is changed in the copy
     */
    public static ClassLoader of(List<String> classes, Pattern step, List<String> users, Edit... edits)
            throws IOException {
        int copy = COPIES.incrementAndGet();
        Noise.giveUpBefore(copy);
        Map<String, String> sources = new HashMap<>();
        for (String name : classes) {
            sources.put(name, Files.readString(SOURCES.resolve(name.replace('.', '/') + ".java")));
        }
        for (Edit edit : edits) {
            assertEquals(1, sources.values().stream().mapToInt(source -> count(source, edit.text())).sum(),
                    edit.text());
            sources.replaceAll((name, source) -> source.replace(edit.text(), edit.replacement()));
        }
        AtomicInteger places = new AtomicInteger(copy * Noise.PLACES);
        sources.replaceAll((name, source) -> step.matcher(source)
                .replaceAll(each -> each.group() + "Noise.here(" + places.incrementAndGet() + "); ")
                .replaceAll(BEFORE_A_CONSTRUCTOR, "")
                .replaceFirst("(?m)^import ", "import " + Noise.class.getName() + "; import "));
        for (String name : classes) {
            assertTrue(count(sources.get(name), "Noise.here(") > 2, name);
        }
        return new Loader(compile(sources), users);
    }

    /**
     * Has a stress run in the classes of this loader.
     *
     * @param stress its class, with a static method {@code run(seed, length, patience)} that returns what was done
     */
    public static long run(ClassLoader loader, String stress, long seed, Duration length, Duration patience)
            throws ReflectiveOperationException {
        Method run = loader.loadClass(stress).getDeclaredMethod("run", long.class, Duration.class, Duration.class);
        run.setAccessible(true);
        try {
            return (long) run.invoke(null, seed, length, patience);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof AssertionError failed) {
                throw failed;
            }
            throw e;
        }
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
        String classPath = Stream.of(Transport.class, Opcode.class, Noise.class).map(NoisyCopy::location)
                .collect(Collectors.joining(":"));
        try (JavaFileManager files = new InMemory(compiler.getStandardFileManager(null, null, null), compiled)) {
            boolean good = compiler
                    .getTask(messages, files, null, List.of("-proc:none", "-nowarn", "-classpath", classPath), null,
                            units)
                    .call();
            assertTrue(good, messages::toString);
        }
        Map<String, byte[]> classes = new HashMap<>();
        compiled.forEach((name, bytes) -> classes.put(name, bytes.toByteArray()));
        return classes;
    }

    private static String location(Class<?> type) {
        return Path.of(URI.create(type.getProtectionDomain().getCodeSource().getLocation().toString())).toString();
    }

    /** Defines the copy, whose names its parent knows too. */
    private static final class Loader extends ClassLoader {
        private final Map<String, byte[]> classes;
        private final List<String> users;

        Loader(Map<String, byte[]> classes, List<String> users) {
            super(NoisyCopy.class.getClassLoader());
            this.classes = classes;
            this.users = users;
        }

        @Override
        public Class<?> loadClass(String name) throws ClassNotFoundException {
            byte[] bytes = bytes(name);
            if (bytes == null) {
                return super.loadClass(name);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                return loaded != null ? loaded : defineClass(name, bytes, 0, bytes.length);
            }
        }

        private byte[] bytes(String name) throws ClassNotFoundException {
            if (!users.contains(name.split("\\$")[0])) {
                return classes.get(name);
            }
            try (InputStream file = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
                return file.readAllBytes();
            } catch (IOException e) {
                throw new ClassNotFoundException(name, e);
            }
        }
    }

    private static final class Source extends SimpleJavaFileObject {
        private final String text;

        Source(String name, String text) {
            super(URI.create("string:///" + name.replace('.', '/') + ".java"), Kind.SOURCE);
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
                    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                    compiled.put(name, bytes);
                    return bytes;
                }
            };
        }
    }
}
