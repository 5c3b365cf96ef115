package dev.weft.server;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputStream;
import java.lang.reflect.AccessibleObject;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The server's jar must tell GraalVM's native-image what the code accesses by name: the fields of the updaters, and a
 * constructor of the JDK. The parser has no such metadata.
 */
@Timeout(60)
class NativeImageMetadataTest {
    private static final String RESOURCE = "/META-INF/native-image/dev.weft/weft-server/reachability-metadata.json";
    private static final Path SOURCES = Path.of("src", "main", "java"); // tests run in their module's folder
    /** The only class that uses reflection. */
    private static final String REFLECTIVE = "dev.weft.internal.loop.VirtualThreads";
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS).importPackages("dev.weft");

    private static final Pattern UPDATER = Pattern
            .compile("\\bnewUpdater\\(\\s*(\\w+)\\.class,\\s*(?:[\\w.]+\\.class,\\s*)?\"(\\w+)\"\\)");

    @Test
    void eachFieldOfAnUpdaterHasAnEntry() throws Exception {
        List<String> needed = new ArrayList<>();
        updatedFields()
                .forEach((type, fields) -> needed.add("{\"type\": \"" + type + "\", \"fields\": [" + fields.stream()
                        .map(field -> "{\"name\": \"" + field + "\"}").collect(Collectors.joining(", ")) + "]}"));
        List<String> described = metadata().lines().map(line -> line.strip().replaceFirst(",$", ""))
                .filter(line -> line.startsWith("{\"type\": \"dev.weft.")).toList();
        assertEquals(String.join(",\n", needed), String.join(",\n", described), "to be in " + RESOURCE);
    }

    @Test
    void theConstructorOfTheJdkHasAnEntry() throws IOException {
        String source = Files.readString(SOURCES.resolve(REFLECTIVE.replace('.', '/') + ".java"));
        assertTrue(source.contains("BUILDER = \"java.lang.ThreadBuilders$VirtualThreadBuilder\"")
                && source.contains("Class.forName(BUILDER).getDeclaredConstructor(Executor.class)"),
                "another constructor is used");
        assertTrue(metadata().contains("\"type\": \"java.lang.ThreadBuilders$VirtualThreadBuilder\", "
                + "\"methods\": [{\"name\": \"<init>\", \"parameterTypes\": [\"java.util.concurrent.Executor\"]}]"),
                metadata());
    }

    @Test
    void nothingElseIsReachedByName() {
        // An image has no loops, which alone need descriptors.
        noClasses().that().doNotHaveFullyQualifiedName(REFLECTIVE).and()
                .haveNameNotMatching(".*\\.Descriptors\\$Lookup")
                .should()
                .callMethodWhere(DescribedPredicate.describe("it is reflection", NativeImageMetadataTest::isReflection))
                .orShould().dependOnClassesThat().belongToAnyOf(ServiceLoader.class, ObjectInputStream.class)
                .check(CLASSES);
        assertTrue(CLASSES.get(REFLECTIVE).getMethodCallsFromSelf().stream()
                .anyMatch(NativeImageMetadataTest::isReflection));
    }

    private static boolean isReflection(JavaMethodCall call) {
        return call.getTargetOwner().isAssignableTo(AccessibleObject.class)
                || call.getTargetOwner().isEquivalentTo(Proxy.class)
                || call.getTargetOwner().isEquivalentTo(Class.class)
                        && call.getName().matches("forName|get(Declared)?(Field|Method|Constructor)s?");
    }

    @Test
    void theLibrariesHaveNoResourcesOfTheirOwn() throws IOException {
        for (Path resources : List.of(Path.of("src", "main", "resources"),
                Path.of("..", "parser", "src", "main", "resources"))) {
            if (Files.exists(resources)) {
                try (Stream<Path> all = Files.walk(resources)) {
                    assertEquals(List.of(),
                            all.filter(Files::isRegularFile).map(file -> resources.relativize(file).toString())
                                    .filter(file -> !RESOURCE.equals("/" + file)).toList());
                }
            }
        }
    }

    /** By the name of the class that has the field. */
    private static Map<String, Set<String>> updatedFields() throws Exception {
        Map<String, Set<String>> found = new TreeMap<>();
        List<Path> files;
        try (Stream<Path> all = Files.walk(SOURCES)) {
            files = all.filter(file -> file.toString().endsWith(".java")).toList();
        }
        for (Path file : files) {
            String source = Files.readString(file);
            List<MatchResult> updaters = UPDATER.matcher(source).results().toList();
            assertEquals(source.split("\\bnewUpdater\\(", -1).length - 1, updaters.size(),
                    "an updater without constants in " + file);
            String name = SOURCES.relativize(file).toString().replace(".java", "").replace('/', '.');
            for (MatchResult updater : updaters) {
                String owner = name.endsWith("." + updater.group(1)) ? name : name + "$" + updater.group(1);
                assertTrue(Modifier.isVolatile(Class.forName(owner).getDeclaredField(updater.group(2)).getModifiers()));
                found.computeIfAbsent(owner, key -> new TreeSet<>()).add(updater.group(2));
            }
        }
        return found;
    }

    private static String metadata() throws IOException {
        try (InputStream resource = WebSocketServer.class.getResourceAsStream(RESOURCE)) {
            assertNotNull(resource, RESOURCE);
            return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
