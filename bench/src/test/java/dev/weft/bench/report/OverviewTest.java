package dev.weft.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OverviewTest {
    private static final Pattern TEXT = Pattern.compile("<text[^>]*>([^<]*)</text", Pattern.DOTALL);
    private static final Pattern WIDTH = Pattern.compile("<rect[^>]* width=\"([\\d.]+)\"");

    @TempDir
    private Path folder;

    @BeforeEach
    void assumeFonts() {
        Fonts.assumeAvailable();
    }

    private static Results results(Measurement... measurements) {
        return Samples.results(measurements);
    }

    private static Measurement small(String subject, double cpu) {
        return Samples.cpu("64 x 125 B text w1", subject, cpu);
    }

    private String drawn(Measurement... measurements) throws Exception {
        assertEquals(Optional.of(Overview.FILE), Overview.write(results(measurements), folder));
        return Files.readString(folder.resolve(Overview.FILE));
    }

    @Test
    void figuresAreMultiplesOfTheFloor() throws Exception {
        String svg = drawn(small("selector loop (floor)", 5), small("Weft", 6), small("Peer 1.0", 60),
                small("Weft, blocking transport", 7));
        List<String> texts = TEXT.matcher(svg).results().map(found -> found.group(1).strip()).toList();
        assertTrue(texts.containsAll(List.of("Weft", "1.2", "Peer", "12")), texts.toString());
        assertTrue(texts.indexOf("Weft") < texts.indexOf("Peer"), "the best is on top");
        assertEquals(-1, texts.indexOf("Weft, blocking transport"));
        assertTrue(svg.contains("viewBox="), "it can shrink");
    }

    @Test
    void barsAreLinearAndCutAtTheEndOfTheScale() throws Exception {
        String svg = drawn(small("selector loop (floor)", 10), small("Weft", 10), small("Second 1", 20),
                small("Third 1", 40), small("Fourth 1", 4000));
        List<Double> widths = new ArrayList<>();
        WIDTH.matcher(svg).results().forEach(found -> widths.add(Double.valueOf(found.group(1))));
        assertTrue(widths.containsAll(List.of(35.0, 70.0, 140.0)), widths.toString());
        assertEquals(2, widths.stream().filter(width -> width == 140).count(), "the longest is cut");
    }

    @Test
    void runWithoutFloorOrPeerHasNone() throws Exception {
        assertEquals(Optional.empty(), Overview.write(results(small("Weft", 6), small("Peer 1.0", 60)), folder));
        assertEquals(Optional.empty(),
                Overview.write(results(small("Weft", 6), small("selector loop (floor)", 5)), folder));
    }

    @Test
    void keptReportHasTheOverviewAlone() throws Exception {
        Report.writeWithOverview(results(small("selector loop (floor)", 5), small("Weft", 6), small("Peer 1.0", 60)),
                folder);
        String report = Files.readString(folder.resolve("report.md"));
        assertEquals(1, report.split("!\\[", -1).length - 1);
        assertTrue(report.contains("](" + Overview.FILE + ")"));
        try (var files = Files.list(folder)) {
            assertEquals(2, files.count());
        }
    }
}
