package dev.weft.tools.handlers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class HandlerCodeTest {
    static final String PROVIDER = """
            package example;
            public class Provider implements dev.weft.server.EndpointProvider {
                public java.util.Map<String, dev.weft.server.Endpoint> endpoints() {
                    return java.util.Map.of("/a/{x}", dev.weft.server.Endpoint.of(new Answer()));
                }
            }
            """;
    static final String ANSWER = """
            package example;
            class Answer implements dev.weft.WebSocketHandler {
                public void handle(dev.weft.WebSocketConnection ws) throws java.io.IOException {
                    while (ws.receive() instanceof dev.weft.Message.Text) {
                        ws.send("one");
                    }
                }
            }
            """;

    @TempDir
    private Path folder;

    private Path write(String name, String text) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private static String complaint(Path code) {
        return assertThrows(HandlerException.class, () -> HandlerCode.load(code)).getMessage();
    }

    @Test
    void errorsMustHaveFileLineSourceLineAndCaret() throws Exception {
        Path file = write("Answer.java", ANSWER.replace("\"one\"", "missing"));
        assertEquals(file + " does not compile: 1 error\n" + file + """
                :5: error: cannot find symbol
                            ws.send(missing);
                                    ^
                  symbol:   variable missing
                  location: class example.Answer""", complaint(file));
    }

    @Test
    void aSingleHandlerServesEveryPath() throws Exception {
        assertEquals(Set.of("/**"), HandlerCode.load(write("Answer.java", ANSWER)).endpoints().keySet());
    }

    @Test
    void theProvidersOfAFolderGiveThePaths() throws Exception {
        write("example/Answer.java", ANSWER);
        write("example/Provider.java", PROVIDER);
        write("notes.txt", "not compiled");
        assertEquals(Set.of("/a/{x}"), HandlerCode.load(folder).endpoints().keySet());
    }

    @Test
    void codeThatCannotBeServedIsRefused() throws Exception {
        assertEquals(folder + " has no .java file", complaint(folder));
        assertEquals(folder.resolve("missing") + " does not exist", complaint(folder.resolve("missing")));
        Path nothing = write("Nothing.java", "class Nothing {}");
        assertTrue(complaint(nothing).startsWith(nothing + " has no class with a constructor without parameters"));
        Path two = write("Two.java", ANSWER + ANSWER.replace("package example;", "").replace("Answer", "Other"));
        assertTrue(complaint(two).startsWith(two + " has several handlers (example.Answer, example.Other): "),
                complaint(two));
        Path path = write("Provider.java", ANSWER + PROVIDER.replace("package example;", "").replace("{x}", "{x"));
        assertTrue(complaint(path).contains("IllegalArgumentException: path '/a/{x': "), complaint(path));
        Path throwing = write("Throwing.java", ANSWER.replace("class Answer implements dev.weft.WebSocketHandler {", """
                class Throwing implements dev.weft.WebSocketHandler {
                    int[] none = new int[-1];
                """));
        assertEquals("the constructor of example.Throwing failed: java.lang.NegativeArraySizeException: -1\n"
                + "    at handler//example.Throwing.<init>(Throwing.java:3)", complaint(throwing));
    }

    @Test
    void aJarNamesItsProviders() throws Exception {
        write("src/example/Answer.java", ANSWER);
        write("src/example/Provider.java", PROVIDER);
        Map<String, byte[]> classes = SourceCompiler.compile(folder.resolve("src"));
        Path jar = folder.resolve("app.jar");
        writeJar(jar, classes, null);
        assertEquals(jar + " names no provider in META-INF/services/dev.weft.server.EndpointProvider", complaint(jar));
        writeJar(jar, classes, "example.Provider");
        assertEquals(Set.of("/a/{x}"), HandlerCode.load(jar).endpoints().keySet());
        writeJar(jar, classes, "example.Missing");
        assertTrue(complaint(jar).contains("Provider example.Missing not found"), complaint(jar));
        Files.writeString(jar, "no jar");
        assertTrue(complaint(jar).startsWith(jar + " cannot be read as a jar: "), complaint(jar));
    }

    private static void writeJar(Path jar, Map<String, byte[]> classes, String provider) throws IOException {
        try (OutputStream out = Files.newOutputStream(jar); JarOutputStream entries = new JarOutputStream(out)) {
            for (Map.Entry<String, byte[]> each : classes.entrySet()) {
                entries.putNextEntry(new JarEntry(each.getKey()));
                entries.write(each.getValue());
            }
            if (provider != null) {
                entries.putNextEntry(new JarEntry("META-INF/services/dev.weft.server.EndpointProvider"));
                entries.write(provider.getBytes());
            }
        }
    }
}
