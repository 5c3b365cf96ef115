package dev.weft.tools.handlers;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.tools.options.FileFault;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.FileObject;
import javax.tools.ForwardingJavaFileManager;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileManager;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Compiles sources against the class path of this process. The classes stay in memory. */
final class SourceCompiler {
    /** No more than these are shown; the rest are usually their consequences. */
    private static final int MOST_SHOWN = 20;

    private SourceCompiler() {}

    /**
     * Compiles one file, or all sources in a folder and below.
     *
     * @return the class files by name, such as {@code example/Chat.class}
     * @throws HandlerException with file, line, source line and caret of each error
     */
    static Map<String, byte[]> compile(Path source) throws HandlerException {
        if (!Files.isDirectory(source) && !source.toString().endsWith(".java")) {
            throw new HandlerException(
                    source + " is neither a .java file, nor a folder with such files, nor a .jar file");
        }
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        if (compiler == null) {
            throw new HandlerException(source + " cannot be compiled: this Java runtime has no compiler (module "
                    + "jdk.compiler); compile it elsewhere, and pass the jar");
        }
        DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
        try (StandardJavaFileManager standard = compiler.getStandardFileManager(found, Locale.ROOT, UTF_8);
                MemoryOutput output = new MemoryOutput(standard)) {
            List<Path> files = sources(source);
            boolean compiled = compiler.getTask(null, output, found,
                    List.of("-proc:none", "-g", "-parameters", "-classpath",
                            System.getProperty("java.class.path")),
                    null, standard.getJavaFileObjectsFromPaths(files)).call();
            if (!compiled) {
                throw new HandlerException(format(source, found.getDiagnostics()));
            }
            return output.classes();
        } catch (IOException e) {
            throw new HandlerException(source + " cannot be read: " + FileFault.of(e), e);
        }
    }

    private static List<Path> sources(Path source) throws IOException, HandlerException {
        if (!Files.isDirectory(source)) {
            return List.of(source);
        }
        try (Stream<Path> all = Files.walk(source)) {
            List<Path> files = all.filter(file -> file.toString().endsWith(".java") && Files.isRegularFile(file))
                    .sorted().toList();
            if (files.isEmpty()) {
                throw new HandlerException(source + " has no .java file");
            }
            return files;
        }
    }

    /** The errors, as javac prints them. */
    private static String format(Path source, List<Diagnostic<? extends JavaFileObject>> found) {
        List<Diagnostic<? extends JavaFileObject>> errors = found.stream()
                .filter(each -> each.getKind() == Diagnostic.Kind.ERROR).toList();
        String count = errors.size() == 1 ? "1 error" : errors.size() + " errors";
        // The diagnostics of javac print themselves with file, line, source line and caret.
        return errors.stream().limit(MOST_SHOWN).map(String::valueOf)
                .collect(Collectors.joining("\n", source + " does not compile: " + count + "\n",
                        errors.size() > MOST_SHOWN ? "\n..." : ""));
    }

    /** Keeps the class files. */
    private static final class MemoryOutput extends ForwardingJavaFileManager<StandardJavaFileManager> {
        private final Map<String, ByteArrayOutputStream> written = new HashMap<>();

        MemoryOutput(StandardJavaFileManager standard) {
            super(standard);
        }

        @Override
        public JavaFileObject getJavaFileForOutput(JavaFileManager.Location location, String className,
                JavaFileObject.Kind kind, FileObject sibling) {
            String name = className.replace('.', '/') + kind.extension;
            return new SimpleJavaFileObject(URI.create("memory:///" + name), kind) {
                @Override
                public OutputStream openOutputStream() {
                    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                    written.put(name, bytes);
                    return bytes;
                }
            };
        }

        Map<String, byte[]> classes() {
            return written.entrySet().stream()
                    .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().toByteArray()));
        }
    }
}
