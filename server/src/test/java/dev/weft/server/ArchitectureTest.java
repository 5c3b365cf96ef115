package dev.weft.server;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.equivalentTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noMethods;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import dev.weft.internal.connection.BatchSender;
import dev.weft.internal.time.TurnQuota;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.invoke.VarHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The layers of the modules, and rules for all classes. */
@Timeout(60)
class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS).importPackages("dev.weft");
    /** Comments, string and character literals. */
    private static final Pattern NO_CODE = Pattern.compile(
            "/\\*.*?\\*/|//[^\\n]*|\"\"\".*?\"\"\"|\"(?:\\\\.|[^\"\\\\])*\"|'(?:\\\\.|[^'\\\\])*'", Pattern.DOTALL);

    @Test
    void allClassesAreLookedAt() {
        assertTrue(CLASSES.contain("dev.weft.parser.FrameParser"));
        assertTrue(CLASSES.contain(WebSocketServer.class));
        assertTrue(mainSources().size() > 60);
    }

    @Test
    void parserIsBytesInBytesOut() {
        DescribedPredicate<JavaClass> allowed = JavaClass.Predicates
                .resideInAnyPackage("dev.weft.parser..", "java.util", "java.util.function", "java.util.stream",
                        "java.nio.charset",
                        "java.security", "java.lang.invoke", "java.lang.runtime", "org.jspecify.annotations")
                .or(DescribedPredicate.describe("java.lang without threads, processes, clocks and logs",
                        type -> type.getPackageName().equals("java.lang")
                                && !type.getName().matches("java\\.lang\\.(Thread|Process|Runtime|System\\$Logger).*")))
                .or(DescribedPredicate.describe("primitive or array", type -> type.isPrimitive() || type.isArray()))
                // An order of bytes is no buffer; the locks are around stores that all threads share.
                .or(JavaClass.Predicates.type(java.nio.ByteOrder.class))
                .or(JavaClass.Predicates.type(java.util.concurrent.locks.ReentrantLock.class))
                // What an application writes a response's body to: only the server has one, and calls it.
                .or(JavaClass.Predicates.type(java.io.OutputStream.class));
        ArchRuleDefinition.classes().that().resideInAPackage("dev.weft.parser..")
                .should().onlyDependOnClassesThat(allowed.or(JavaClass.Predicates.resideInAPackage("java.util.zip")))
                .check(CLASSES);
        noClasses().that().resideInAPackage("dev.weft.parser..").and().resideOutsideOfPackages("..deflate", "..proxy")
                .should().dependOnClassesThat().resideInAPackage("java.util.zip").check(CLASSES);
        noClasses().that().resideInAPackage("dev.weft.parser..")
                .should().callMethod(System.class, "nanoTime").orShould().callMethod(System.class, "currentTimeMillis")
                .check(CLASSES);
    }

    @Test
    void whatBothEndsShareDoesNotKnowTheEnds() {
        noClasses().that().resideInAPackage("dev.weft")
                .should().dependOnClassesThat()
                .resideInAnyPackage("dev.weft.server..", "dev.weft.client..", "dev.weft.testing..", "dev.weft.topics..")
                .check(CLASSES);
        noClasses().that().resideInAPackage("dev.weft.internal..")
                .should().dependOnClassesThat()
                .resideInAnyPackage("dev.weft.server..", "dev.weft.client..", "dev.weft.testing..", "dev.weft.topics..")
                .check(CLASSES);
    }

    @Test
    void librariesNeedNothingButTheJdk() {
        ArchRuleDefinition.classes()
                .should().onlyDependOnClassesThat(
                        JavaClass.Predicates
                                .resideInAnyPackage("dev.weft..", "java..", "javax..", "org.jspecify.annotations",
                                        "jdk.jfr")
                                .or(DescribedPredicate.describe("primitive or array",
                                        type -> type.isPrimitive() || type.isArray())))
                .check(CLASSES);
    }

    /** The module of the flight recorder is optional. */
    @Test
    void onlyOneClassUsesTheFlightRecorder() {
        noClasses().that().haveNameNotMatching("dev\\.weft\\.internal\\.event\\.FlightRecorderEvents(\\$.*)?")
                .should().dependOnClassesThat().resideInAPackage("jdk.jfr..").check(CLASSES);
    }

    @Test
    void nothingImportsToolsOrBench() throws IOException {
        Pattern programs = Pattern.compile("\\bdev\\.weft\\.(tools|bench)\\b");
        assertEquals(List.of(), importsWith(programs, "../parser", "../server"));
        assertEquals(List.of(), importsWith(Pattern.compile("\\bdev\\.weft\\.bench\\b"), "../tools"));
        assertEquals(List.of(), importsWith(Pattern.compile("\\bdev\\.weft\\.tools\\b"), "../bench"));
        assertEquals(List.of(), importsWith(Pattern.compile("\\bdev\\.weft\\.internal\\b"), "../tools"));
        assertNotEquals(List.of(), importsWith(programs, "../tools"));
    }

    @Test
    void serverAndClientDoNotKnowEachOther() {
        noClasses().that().resideInAPackage("dev.weft.server..")
                .should().dependOnClassesThat().resideInAnyPackage("dev.weft.client..", "dev.weft.testing..")
                .check(CLASSES);
        noClasses().that().resideInAPackage("dev.weft.client..")
                .should().dependOnClassesThat().resideInAPackage("dev.weft.server..").allowEmptyShould(true)
                .check(CLASSES);
    }

    @Test
    void topicsUseConnectionsAndTurnsAndNothingElse() {
        noClasses().that().resideInAPackage("dev.weft.topics..")
                .should().dependOnClassesThat(resideInAnyPackage("dev.weft.server..", "dev.weft.client..",
                        "dev.weft.testing..", "dev.weft.internal.*..").and(not(assignableTo(TurnQuota.class)))
                        .and(not(equivalentTo(BatchSender.class))))
                .check(CLASSES);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("dev.(**)").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void publicMethodsDoNotShowInternals() {
        methods().that().areDeclaredInClassesThat()
                .resideInAnyPackage("dev.weft", "dev.weft.server", "dev.weft.client", "dev.weft.testing",
                        "dev.weft.topics")
                .and().areDeclaredInClassesThat().arePublic().and().arePublic()
                .should().notHaveRawReturnType(JavaClass.Predicates.resideInAPackage("dev.weft.internal.."))
                .check(CLASSES);
    }

    // No class pins a carrier thread, or has threads of its own kind.

    @Test
    void nothingIsSynchronized() {
        noMethods().should().haveModifier(JavaModifier.SYNCHRONIZED).check(CLASSES);
        assertEquals(List.of(), sourcesWith("\\bsynchronized\\b"));
    }

    @Test
    void nothingWaitsByTheClock() {
        noClasses().should().callMethod(Thread.class, "sleep", long.class)
                .orShould().callMethod(Thread.class, "sleep", long.class, int.class)
                .orShould().callMethod(Thread.class, "sleep", java.time.Duration.class)
                .orShould().callMethod(Object.class, "wait").orShould().callMethod(Object.class, "wait", long.class)
                .check(CLASSES);
    }

    @Test
    void thereAreNoThreadLocalsAndNoPools() {
        noClasses().should().dependOnClassesThat().areAssignableTo(ThreadLocal.class)
                .orShould().dependOnClassesThat().areAssignableTo(ExecutorService.class)
                .orShould().dependOnClassesThat().belongToAnyOf(Executors.class, ForkJoinPool.class).check(CLASSES);
    }

    /** The first use of a VarHandle at each place needs memory; what ends a connection, or keeps a loop going, must not. */
    @Test
    void fieldsAreChangedByUpdatersWhichNeedNoMemory() {
        // Memory outside of the heap has nothing else.
        noClasses().that().resideOutsideOfPackage("dev.weft.parser..").and()
                .haveNameNotMatching(".*\\.(IoUring|NativeFunctions)")
                .should().dependOnClassesThat().belongToAnyOf(VarHandle.class, AtomicBoolean.class)
                .check(CLASSES);
    }

    @Test
    void librariesDoNotWriteToTheConsole() {
        noClasses()
                .should().accessField(System.class, "out").orShould().accessField(System.class, "err")
                .orShould().callMethod(System.class, "exit", int.class)
                .orShould().callMethod(Throwable.class, "printStackTrace").check(CLASSES);
    }

    /** Of two modules that may not import each other, both may have a class for the same idea. */
    @Test
    void aNameMustStandForOneIdea() throws IOException {
        Set<String> sameIdea = Set.of("Bounds", "EchoHandler", "Frame", "NaiveUtf8", "Snippets", "SnippetsTest");
        String forLaterJava = "java22";
        Map<String, List<Path>> byName = new TreeMap<>();
        for (String module : List.of("../parser", "../server", "../tools", "../bench")) {
            try (Stream<Path> files = Files.walk(Path.of(module, "src"))) {
                files.filter(file -> file.toString().endsWith(".java") && !file.toString().endsWith("-info.java"))
                        .filter(file -> !file.toString().contains(forLaterJava))
                        .forEach(
                                file -> byName
                                        .computeIfAbsent(file.getFileName().toString().replace(".java", ""),
                                                name -> new ArrayList<>())
                                        .add(file));
            }
        }
        byName.keySet().removeAll(sameIdea);
        byName.values().removeIf(files -> files.size() == 1);
        assertEquals(Map.of(), byName);
    }

    private static List<String> sourcesWith(String code) {
        Pattern pattern = Pattern.compile(code);
        List<String> found = new ArrayList<>();
        for (Path source : mainSources()) {
            try {
                if (pattern.matcher(NO_CODE.matcher(Files.readString(source)).replaceAll(" ")).find()) {
                    found.add(source.getFileName().toString());
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return found;
    }

    /** The imports of these modules, tests included, that have something of the pattern. */
    private static List<String> importsWith(Pattern pattern, String... modules) throws IOException {
        List<String> found = new ArrayList<>();
        for (String module : modules) {
            try (Stream<Path> files = Files.walk(Path.of(module, "src"))) {
                for (Path source : files.filter(file -> file.toString().endsWith(".java")).toList()) {
                    Files.readAllLines(source).stream()
                            .filter(line -> line.startsWith("import ") && pattern.matcher(line).find())
                            .map(line -> source.getFileName() + ": " + line).forEach(found::add);
                }
            }
        }
        return found;
    }

    /** Tests run in their module's folder. */
    private static List<Path> mainSources() {
        List<Path> sources = new ArrayList<>();
        for (String module : List.of("../parser", "../server")) {
            try (Stream<Path> files = Files.walk(Path.of(module, "src", "main", "java"))) {
                files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return sources;
    }
}
