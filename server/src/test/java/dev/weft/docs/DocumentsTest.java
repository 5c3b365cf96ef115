package dev.weft.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The pages of the repository say what is there. */
@Timeout(60)
class DocumentsTest {
    /** A name such as FrameParser or FrameParser.next, in backticks. */
    private static final Pattern CLASS = Pattern
            .compile("`@?([A-Z][a-z][A-Za-z0-9]*)(?:\\.([A-Za-z]+))?(?:\\(.*?\\))?`");
    private static final Pattern DECLARED = Pattern.compile("(?:class|interface|enum|record) ([A-Z][A-Za-z0-9]*)");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
    private static final Pattern ATTACK = Pattern.compile("void attack(\\d+)_");
    private static final Pattern ATTACK_ROW = Pattern.compile("\\| (\\d+) \\|.*\\| ([^|]*) \\|");
    private static final List<String> JDK_PACKAGES = List.of("java.lang", "java.io", "java.util", "java.time",
            "java.net",
            "java.nio", "java.util.concurrent", "java.util.concurrent.locks", "java.net.http", "javax.net.ssl",
            "java.nio.file", "java.nio.channels");
    /** Header fields, and names of other projects, which a page compares with Weft's. */
    private static final Set<String> FOREIGN = Set.of("Upgrade", "Host", "Authorization", "Forwarded", "Timeout",
            "ServerEndpoint",
            "OnOpen", "OnMessage", "OnClose", "OnError", "Encoder", "Decoder", "Configurator", "HandshakeInterceptor",
            "ConcurrentWebSocketSessionDecorator", "WebSocketConfigurer", "MessageMapping");

    @Test
    void everyJavaBlockIsARegionOfARunSource() {
        Set<String> regions = Documents.regions().stream().map(DocumentsTest::withoutIndentation)
                .collect(Collectors.toSet());
        List<Documents.Block> own = Documents.blocks().stream()
                .filter(block -> block.language().equals("java") && !block.remark().equals("foreign")).toList();
        assertTrue(own.size() > 10, "blocks: " + own.size());
        assertEquals(List.of(),
                own.stream().filter(block -> !regions.contains(withoutIndentation(block.code()))).toList());
    }

    private static String withoutIndentation(String code) {
        return code.lines().map(String::strip).filter(line -> !line.isEmpty()).collect(Collectors.joining("\n"));
    }

    @Test
    void everyClassNameIsThatOfASource() throws Exception {
        Map<String, String> sources = new HashMap<>();
        for (Path source : Documents.sources("parser/src", "server/src", "server/micrometer/src", "server/nats/src",
                "server/redis/src", "server/topics-json/src", "tools/src",
                "bench/src", "docs/examples")) {
            String text = Documents.read(source);
            Matcher declared = DECLARED.matcher(text);
            while (declared.find()) {
                sources.merge(declared.group(1), text, String::concat);
            }
        }
        List<String> unknown = new ArrayList<>();
        for (Path page : Documents.pages()) {
            Matcher name = CLASS.matcher(Documents.prose(page));
            while (!page.toString().contains("/decisions/") && name.find()) {
                if (!isKnown(name.group(1), name.group(2), sources)) {
                    unknown.add(Documents.ROOT.relativize(page) + ": " + name.group());
                }
            }
        }
        assertEquals(List.of(), unknown);
    }

    private static boolean isKnown(String type, String member, Map<String, String> sources) {
        if (FOREIGN.contains(type)) {
            return true;
        }
        String source = sources.get(type);
        return source == null
                ? JDK_PACKAGES.stream().anyMatch(name -> isClass(name + "." + type))
                : member == null || Pattern.compile("\\b" + member + "\\b").matcher(source).find();
    }

    private static boolean isClass(String name) {
        try {
            Class.forName(name, false, DocumentsTest.class.getClassLoader());
            return true;
        } catch (ClassNotFoundException e) {
            return false;
        }
    }

    @Test
    void everyLinkLeadsToAFileAndItsHeading() {
        List<String> broken = new ArrayList<>();
        for (Path page : Documents.pages()) {
            Matcher link = LINK.matcher(Documents.prose(page));
            while (link.find()) {
                String target = link.group(1);
                if (!target.matches("[a-z]+:.*") && !leads(page, target)) {
                    broken.add(Documents.ROOT.relativize(page) + ": " + target);
                }
            }
        }
        assertEquals(List.of(), broken);
    }

    private static boolean leads(Path page, String target) {
        String[] parts = target.split("#", 2);
        Path file = parts[0].isEmpty() ? page : page.resolveSibling(parts[0]);
        return Files.exists(file) && (parts.length == 1 || Documents.read(file).lines()
                .filter(line -> line.startsWith("#")).anyMatch(line -> anchor(line).equals(parts[1])));
    }

    /** The anchor that GitHub makes of a heading. */
    private static String anchor(String heading) {
        return heading.replaceFirst("^#+ *", "").toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N} _-]", "")
                .replace(' ', '-');
    }

    @Test
    void everyPageIsInTheIndex() {
        String index = Documents.read(Documents.ROOT.resolve("docs/README.md"));
        assertEquals(List.of(), Documents.pages().stream().map(page -> Documents.ROOT.resolve("docs").relativize(page))
                .map(Path::toString).filter(page -> !page.startsWith("..") && !page.equals("README.md"))
                .filter(page -> !page.startsWith("decisions/") && !page.startsWith("examples/"))
                .filter(page -> !index.contains("(" + page + ")")).toList());
    }

    @Test
    void everyAttackMustBeARowThatNamesItsTests() throws Exception {
        Map<Integer, Set<String>> tests = new TreeMap<>();
        for (Path source : Documents.sources("server/src/test/java/dev/weft/attacks")) {
            Matcher test = ATTACK.matcher(Documents.read(source));
            while (test.find()) {
                tests.computeIfAbsent(Integer.parseInt(test.group(1)), key -> new TreeSet<>())
                        .add(source.getFileName().toString().replace(".java", ""));
            }
        }
        Map<Integer, Set<String>> rows = new TreeMap<>();
        Documents.read(Documents.ROOT.resolve("docs/attacks.md")).lines().map(ATTACK_ROW::matcher)
                .filter(Matcher::matches)
                .forEach(row -> rows.put(Integer.parseInt(row.group(1)),
                        new TreeSet<>(List.of(row.group(2).replace("`", "").split(", ")))));
        assertEquals(tests, rows);
    }
}
