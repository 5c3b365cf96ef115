package dev.weft.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The repository's Markdown pages and Java sources, as files. */
final class Documents {
    static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    private static final Pattern BLOCK = Pattern.compile("(?ms)^```(\\S*)[ ]*([^\\n]*)\\n(.*?)^```$");
    private static final Pattern REGION = Pattern.compile(
            "(?ms)^ *// @start region=\"([^\"]+)\"\\n(.*?)^ *// @end$");
    private static final Pattern REPLACE = Pattern.compile(
            "(?m)^ *// @replace substring=\"([^\"]+)\" replacement=\"([^\"]+)\" :\\n(.*)$");

    /** A fenced block of a page. */
    record Block(Path page, String language, String remark, String code) {}

    private Documents() {}

    /** README, SECURITY, CONTRIBUTING, and everything in docs. */
    static List<Path> pages() {
        return Stream.concat(Stream.of("README.md", "SECURITY.md", "CONTRIBUTING.md").map(ROOT::resolve),
                files(ROOT.resolve("docs"), path -> path.toString().endsWith(".md")).stream()).toList();
    }

    static List<Block> blocks() {
        List<Block> blocks = new ArrayList<>();
        for (Path page : pages()) {
            Matcher matcher = BLOCK.matcher(read(page));
            while (matcher.find()) {
                blocks.add(new Block(ROOT.relativize(page), matcher.group(1), matcher.group(2), matcher.group(3)));
            }
        }
        return blocks;
    }

    /** A page without its fenced blocks. */
    static String prose(Path page) {
        return BLOCK.matcher(read(page)).replaceAll("");
    }

    /** The code of all regions of tests and examples that compile, as a reader sees it. */
    static List<String> regions() {
        List<String> regions = new ArrayList<>();
        for (Path source : sources("parser/src/test", "server/src/test", "server/micrometer/src/test",
                "server/nats/src/test", "server/redis/src/test", "server/topics-json/src/test", "tools/src/test",
                "bench/src/test", "docs/examples")) {
            Matcher matcher = REGION.matcher(read(source));
            while (matcher.find()) {
                regions.add(shown(matcher.group(2)));
            }
        }
        return regions;
    }

    /** Applies the replacements of a javadoc snippet, each to the line after it. */
    private static String shown(String code) {
        return REPLACE.matcher(code).replaceAll(
                found -> Matcher.quoteReplacement(found.group(3).replace(found.group(1), found.group(2))));
    }

    static List<Path> sources(String... folders) {
        List<Path> sources = new ArrayList<>();
        for (String folder : folders) {
            if (Files.isDirectory(ROOT.resolve(folder))) {
                sources.addAll(files(ROOT.resolve(folder), path -> path.toString().endsWith(".java")));
            }
        }
        return sources;
    }

    static List<Path> files(Path folder, Predicate<Path> filter) {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(path -> Files.isRegularFile(path) && !path.toString().contains("/target/"))
                    .filter(filter).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
