package dev.weft.tools.echo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** {@code docs/settings.md} names the launcher's options. */
class SettingsPageOptionsTest {
    /** Options of the launcher itself; they are not settings. */
    private static final Set<String> OWN = Set.of("--quiet", "--verbose", "--help", "--version",
            "--handler", "--watch", "--config", "--check", "--daemon", "--pid-file", "--log-file");

    @Test
    void everyOptionIsInThePage() throws Exception {
        Set<String> options = options("--(?:\\[no-])?[a-z][a-z-]*", new EchoOptions().help());
        options.removeAll(OWN);
        Set<String> inPage = options("`--[a-z-]+(?=[` ])", Files.readString(Path.of("../docs/settings.md")));
        inPage.remove("--no-deflate"); // the opposite of --deflate
        assertEquals(options, inPage);
    }

    private static Set<String> options(String pattern, String text) {
        return Pattern.compile(pattern).matcher(text).results().map(found -> found.group().replace("`", "")
                .replace("[no-]", "")).collect(Collectors.toCollection(TreeSet::new));
    }
}
