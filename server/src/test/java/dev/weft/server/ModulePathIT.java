package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.TestProcess;
import java.io.IOException;
import java.io.StringWriter;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.xpath.XPath;
import javax.xml.xpath.XPathFactory;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;

/** The built jars on a module path without any other jar, used by an application of two files. */
@Timeout(60)
class ModulePathIT {
    private static final Path SERVER = Path.of(System.getProperty("weft.server.jar"));
    private static final Path PARSER = Path.of(System.getProperty("weft.parser.jar"));
    private static final Pattern LIBRARY_ENTRY = Pattern
            .compile(
                    "module-info\\.class|META-INF/.*|dev/weft/((parser|server|client|testing|topics|internal)/([a-z]+/)*)?([A-Z][^/]*|package-info)\\.class");
    private static final Duration LIMIT = Duration.ofSeconds(50);
    private static final String MODULE_INFO = """
            module app {
                requires dev.weft.server;
                requires java.net.http;
            }
            """;
    private static final String MAIN = """
            package app;

            import dev.weft.Message;
            import dev.weft.server.WebSocketServer;
            import java.net.URI;
            import java.net.http.HttpClient;
            import java.net.http.WebSocket;
            import java.util.concurrent.CompletableFuture;
            import java.util.concurrent.CompletionStage;
            import java.util.concurrent.TimeUnit;

            public class Main {
                public static void main(String[] arguments) throws Exception {
                    CompletableFuture<String> reply = new CompletableFuture<>();
                    try (var server = WebSocketServer.builder().handler(ws -> {
                        while (ws.receive() instanceof Message.Text(String text)) {
                            ws.send(text + " from " + ws.getClass().getModule().getName());
                        }
                    }).start()) {
                        WebSocket ws = HttpClient.newHttpClient().newWebSocketBuilder()
                                .buildAsync(URI.create("ws://127.0.0.1:" + server.port()), new WebSocket.Listener() {
                                    @Override
                                    public CompletionStage<?> onText(WebSocket ws, CharSequence text, boolean last) {
                                        reply.complete(text.toString());
                                        return null;
                                    }
                                }).join();
                        ws.sendText("hello", true).join();
                        System.out.println(reply.get(20, TimeUnit.SECONDS));
                        ws.sendClose(1000, "").join();
                    }
                }
            }
            """;

    @TempDir
    private Path folder;

    /** Compiles the application; returns what the compiler has to say. */
    private String compile(String main) throws IOException {
        Path source = Files.createDirectories(folder.resolve("src/app")).resolve("Main.java");
        Files.writeString(source, main);
        Path moduleInfo = Files.writeString(folder.resolve("src/module-info.java"), MODULE_INFO);
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        try (var files = compiler.getStandardFileManager(null, null, null)) {
            compiler.getTask(messages, files, null,
                    List.of("--release", "21", "-Xlint:all", "--module-path",
                            SERVER + java.io.File.pathSeparator + PARSER,
                            "--class-path", folder.toString(),
                            "-d", folder.resolve("classes").toString()),
                    null, files.getJavaFileObjects(source, moduleInfo)).call();
        }
        return messages.toString();
    }

    @Test
    void applicationRunsWithTheTwoJarsAlone() throws Exception {
        assertEquals("", compile(MAIN));
        assertGreets(run(TestProcess.jdkProgram("java"), "--module-path", modulePath(), "--module", "app/app.Main"));
    }

    /** With the options that the tuning guide names for the module path, and with direct system calls where there are any. */
    @Test
    void applicationMustRunOnLoopsWithTheOptionsForModules() throws Exception {
        assertEquals("", compile(MAIN));
        String text = run(TestProcess.jdkProgram("java"), "--add-opens=java.base/java.lang=dev.weft.server",
                "--add-exports=java.base/sun.nio.ch=dev.weft.server", "--enable-native-access=dev.weft.server",
                "-Ddev.weft.directCallsAfter=0", "--module-path", modulePath(), "--module", "app/app.Main");
        assertGreets(text);
        assertTrue(text.contains("run on loops"), text);
        assertFalse(text.contains("WARNING") || text.contains("are needed"), text);
    }

    /** {@code java.management} and {@code jdk.jfr} are optional. */
    @Test
    void applicationRunsInAnImageWithoutManagementAndFlightRecorder() throws Exception {
        assertEquals("", compile(MAIN));
        Path image = folder.resolve("image");
        run(TestProcess.jdkProgram("jlink"), "--module-path", modulePath(), "--add-modules", "app", "--output",
                image.toString());
        String java = image.resolve("bin").resolve("java").toString();
        String modules = run(java, "--list-modules");
        assertFalse(modules.contains("java.management") || modules.contains("jdk.jfr"), modules);
        assertGreets(run(java, "--module", "app/app.Main"));
    }

    @Test
    void applicationOfModulesMustBeRecorded() throws Exception {
        assertEquals("", compile(MAIN));
        Path recording = folder.resolve("recording.jfr");
        assertGreets(run(TestProcess.jdkProgram("java"), "-XX:StartFlightRecording:filename=" + recording,
                "--module-path", modulePath(), "--module", "app/app.Main"));
        assertTrue(RecordingFile.readAllEvents(recording).stream()
                .anyMatch(event -> event.getEventType().getName().equals("dev.weft.Handshake")
                        && event.getInt("status") == 101));
    }

    private String modulePath() {
        return Stream.of(SERVER, PARSER, folder.resolve("classes")).map(Path::toString)
                .collect(Collectors.joining(java.io.File.pathSeparator));
    }

    private static void assertGreets(String text) {
        assertTrue(text.lines().anyMatch("hello from dev.weft.server"::equals), text);
    }

    /** Runs a program, which must succeed; returns what it has to say. */
    private String run(String... command) throws Exception {
        Path output = folder.resolve("output");
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(output.toFile());
        int status;
        try (TestProcess started = TestProcess.start(builder, LIMIT)) {
            status = started.process().waitFor();
        }
        String text = Files.readString(output);
        assertEquals(0, status, text);
        return text;
    }

    @Test
    void internalsAreOutOfReach() throws IOException {
        List<String> internals = List.of("internal.connection.Connection", "internal.transport.Transport",
                "internal.buffer.BufferPool", "internal.time.Sweeper", "internal.Bounds");
        String messages = compile(internals.stream().map(name -> "import dev.weft." + name + ";\n")
                .collect(Collectors.joining("", "package app;\n", "class Main {}")));
        for (String internal : internals) {
            String name = "dev.weft." + internal.substring(0, internal.lastIndexOf('.'));
            assertTrue(messages.contains(
                    "package " + name + " is declared in module dev.weft.server, which does not export it"), messages);
        }
    }

    @Test
    void descriptorsSayWhatIsNeededAndShown() {
        Map<String, ModuleDescriptor> modules = ModuleFinder.of(SERVER, PARSER).findAll().stream()
                .map(module -> module.descriptor()).collect(Collectors.toMap(ModuleDescriptor::name, module -> module));
        assertEquals(Set.of("dev.weft.server", "dev.weft.parser"), modules.keySet());
        ModuleDescriptor server = modules.get("dev.weft.server");
        assertEquals(Set.of("java.base", "dev.weft.parser"), required(server));
        assertEquals(Set.of("java.base"), required(modules.get("dev.weft.parser")));
        assertTrue(server.exports().stream().noneMatch(shown -> shown.source().contains(".internal")));
        assertTrue(server.exports().stream().noneMatch(ModuleDescriptor.Exports::isQualified));
    }

    /** But for what only the compiler may need. */
    private static Set<String> required(ModuleDescriptor module) {
        return module.requires().stream()
                .filter(each -> !each.modifiers().contains(ModuleDescriptor.Requires.Modifier.STATIC))
                .map(ModuleDescriptor.Requires::name).collect(Collectors.toSet());
    }

    @Test
    void publishedPomNamesTheParserAlone() throws Exception {
        Document pom = DocumentBuilderFactory.newInstance().newDocumentBuilder()
                .parse(Path.of(System.getProperty("weft.server.pom")).toFile());
        XPath path = XPathFactory.newInstance().newXPath();
        assertEquals("weft-server", path.evaluate("/project/artifactId", pom));
        assertEquals("weft-parser", path.evaluate("/project/dependencies/dependency/artifactId", pom));
        assertEquals("1", path.evaluate("count(//dependency[scope != 'provided'])", pom));
        assertEquals("0", path.evaluate("count(/project/parent)", pom));
        for (String needed : List.of("name", "description", "url", "licenses/license/url", "developers/developer/name",
                "scm/url")) {
            assertNotEquals("", path.evaluate("/project/" + needed, pom), needed);
        }
    }

    @Test
    void jarsHoldTheLibrariesAlone() throws IOException {
        for (Path jar : List.of(SERVER, PARSER)) {
            try (JarFile file = new JarFile(jar.toFile())) {
                List<String> others = file.stream().filter(entry -> !entry.isDirectory()).map(ZipEntry::getName)
                        .filter(name -> !LIBRARY_ENTRY.matcher(name).matches()).toList();
                assertEquals(List.of(), others, jar::toString);
            }
        }
    }
}
