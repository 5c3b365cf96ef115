package dev.weft.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class ChartsTest {
    @TempDir
    private Path folder;

    /** Fails if it is not well-formed. */
    private static NodeList elements(String svg, String name) throws Exception {
        DocumentBuilder builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
        builder.setEntityResolver((id, address) -> new InputSource(new ByteArrayInputStream(new byte[0])));
        Document document = builder.parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
        return document.getElementsByTagName(name);
    }

    private static List<String> texts(String svg) throws Exception {
        NodeList nodes = elements(svg, "text");
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < nodes.getLength(); i++) {
            texts.add(nodes.item(i).getTextContent().strip());
        }
        return texts;
    }

    @BeforeEach
    void assumeFonts() {
        Fonts.assumeAvailable();
    }

    @Test
    void everySubjectIsNamedInEachPanelWithItsFigure() throws Exception {
        for (Grid grid : Grid.of(Samples.echo())) {
            List<String> texts = texts(Charts.svg(grid));
            grid.cells().forEach((cell, one) -> {
                assertTrue(texts.contains(cell.scenario()), cell.scenario());
                assertTrue(texts.contains(Figures.text(one.median())), one + " in " + texts);
            });
            for (String subject : grid.subjects()) {
                assertEquals(grid.cells().keySet().stream().filter(cell -> cell.subject().equals(subject)).count(),
                        texts.stream().filter(subject::equals).count(), subject + " in " + texts);
            }
        }
    }

    @Test
    void figuresFarApartMustBeDrawnLogarithmically() throws Exception {
        List<Measurement> all = List.of(Samples.cpu("s", "Weft", 0.0, 0.5, 1.0),
                Samples.cpu("s", "Other <&> 1", 1000.0),
                Samples.cpu("s", "None", 0.0), Samples.cpu("t", "None", 0.0));
        List<String> texts = texts(Charts.svg(Grid.of(all).getFirst()));
        assertTrue(texts.stream().anyMatch(one -> one.startsWith("logarithmic")), texts.toString());
        assertTrue(texts.containsAll(List.of("Weft", "Other <&> 1", "None", "1,000", "0")), texts.toString());
    }

    @Test
    void figuresCloseByAreDrawnFromZero() throws Exception {
        List<String> texts = texts(Charts.svg(Grid.of(Samples.memory()).getFirst()));
        assertFalse(texts.stream().anyMatch(one -> one.startsWith("logarithmic")), texts.toString());
        assertTrue(texts.contains("0"), texts.toString());
    }

    @Test
    void barsAreAsLongAsTheirMediansAre() throws Exception {
        List<Measurement> all = List.of(Samples.cpu("s", "Weft", 9.0, 10.0, 12.0), Samples.cpu("s", "Second 1", 20.0),
                Samples.cpu("s", "Third 1", 30.0));
        NodeList nodes = elements(Charts.svg(Grid.of(all).getFirst()), "rect");
        List<Double> widths = new ArrayList<>();
        for (int i = 0; i < nodes.getLength(); i++) {
            widths.add(Double.valueOf(((Element) nodes.item(i)).getAttribute("width")));
        }
        assertTrue(widths.stream().anyMatch(one -> IntStream.of(2, 3)
                .allMatch(times -> widths.stream().anyMatch(other -> Math.abs(other - times * one) < 0.5))),
                widths::toString);
    }

    @Test
    void eachMetricWithSomethingToCompareIsAFile() throws IOException {
        List<Measurement> all = new ArrayList<>(Samples.memory());
        all.add(Samples.cpu("s", "Weft", 1.0));
        Map<Grid, String> names = Charts.write(Samples.results(List.of(), all), folder);
        assertEquals(List.of("memory-live-heap-per-connection.svg", "memory-rss-per-connection.svg"),
                names.values().stream().toList());
        for (String name : names.values()) {
            String svg = Files.readString(folder.resolve(name));
            assertTrue(svg.contains("viewBox="), "it can shrink");
            assertFalse(svg.contains("href="), "it refers to nothing outside");
        }
    }
}
