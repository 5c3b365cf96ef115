package dev.weft.bench.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Dimension;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.apache.batik.svggen.SVGGeneratorContext;
import org.apache.batik.svggen.SVGGraphics2D;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/**
 * Plots of figures, one for each metric of a suite. A plot has a panel for each scenario, in which each subject has a bar, with
 * the best on top. Names and figures are next to the bars, so no legend is needed. The background is painted, so that the plot
 * is readable on a dark page too. Each panel has its own scale. If the figures of any panel are far apart, all panels are
 * logarithmic.
 */
final class Charts {
    static final Color WEFT = new Color(0xd9480f);
    static final Color PEER = new Color(0x8fa3b8);
    static final Color BASELINE = new Color(0xe9ecef);
    static final Color INK = new Color(0x1f2328);
    static final Color FAINT = new Color(0x6e7781);
    /** The logical font: a viewer without the font that replaces it on this machine uses its own sans-serif font. */
    static final Font FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 11);

    private static final double FAR_APART = 30;
    private static final int MARGIN = 16;
    private static final int HEAD = 58;
    private static final int PANEL_WIDTH = 470;
    /** Leaves room for the heading above a single panel. */
    private static final int LONE_PANEL_WIDTH = 700;
    private static final int SWATCH = 11;

    private Charts() {}

    /** Draws all metrics that have something to compare; returns the file names. */
    static Map<Grid, String> write(Results results, Path folder) throws IOException {
        Map<Grid, String> names = new LinkedHashMap<>();
        for (Grid grid : Grid.of(results.measurements())) {
            if (grid.subjects().size() > 1) {
                String name = grid.fileName() + ".svg";
                Files.writeString(folder.resolve(name), svg(grid));
                names.put(grid, name);
            }
        }
        return names;
    }

    static String svg(Grid grid) throws IOException {
        return svg(size(grid), graphics -> draw(grid, graphics));
    }

    /** A drawing of this size. */
    static String svg(Dimension size, Consumer<Graphics2D> drawing) throws IOException {
        SVGGraphics2D graphics = new SVGGraphics2D(context(), false);
        graphics.setSVGCanvasSize(size);
        drawing.accept(graphics);
        Element root = graphics.getRoot();
        // Without this, a page narrower than the plot would cut it off instead of shrinking it.
        root.setAttributeNS(null, "viewBox", "0 0 " + size.width + " " + size.height);
        StringWriter text = new StringWriter();
        graphics.stream(root, text, true, false);
        return text.toString();
    }

    private static SVGGeneratorContext context() throws IOException {
        try {
            Document document = DocumentBuilderFactory.newInstance().newDocumentBuilder().getDOMImplementation()
                    .createDocument("http://www.w3.org/2000/svg", "svg", null);
            SVGGeneratorContext context = SVGGeneratorContext.createDefault(document);
            context.setComment(null);
            context.setPrecision(1);
            return context;
        } catch (ParserConfigurationException e) {
            throw new IOException(e);
        }
    }

    static Dimension size(Grid grid) {
        int columns = columns(grid);
        int height = HEAD + MARGIN;
        for (int first = 0; first < grid.scenarios().size(); first += columns) {
            height += rowHeight(grid, first);
        }
        return new Dimension(columns * panelWidth(grid) + 2 * MARGIN, height);
    }

    static void draw(Grid grid, Graphics2D graphics) {
        Dimension size = size(grid);
        graphics.setColor(Color.WHITE);
        graphics.fill(new Rectangle2D.Double(0, 0, size.width, size.height));
        head(grid, graphics);
        boolean logarithmic = isFarApart(grid);
        int nameWidth = nameWidth(grid);
        int columns = columns(grid);
        int width = panelWidth(grid);
        int top = HEAD;
        for (int first = 0; first < grid.scenarios().size(); first += columns) {
            int height = rowHeight(grid, first);
            List<String> row = row(grid, first);
            for (int column = 0; column < row.size(); column++) {
                new Panel(grid.ranking(row.get(column)), logarithmic, nameWidth).draw(graphics, row.get(column),
                        new Rectangle2D.Double(MARGIN + column * width, top, width, height));
            }
            top += height;
        }
    }

    /** The title, what the colours mean, and how to read the rest. */
    private static void head(Grid grid, Graphics2D graphics) {
        graphics.setFont(FONT.deriveFont(Font.BOLD, 15f));
        graphics.setColor(INK);
        graphics.drawString(grid.suite() + ": " + grid.title(), MARGIN, 24);
        graphics.setFont(FONT);
        int x = MARGIN;
        for (Kind kind : Kind.values()) {
            if (grid.subjects().stream().anyMatch(subject -> Kind.of(subject) == kind)) {
                Rectangle2D swatch = new Rectangle2D.Double(x, 37, SWATCH, SWATCH);
                graphics.setColor(colour(kind));
                graphics.fill(swatch);
                if (kind == Kind.BASELINE) {
                    graphics.setColor(FAINT);
                    graphics.setStroke(dashes());
                    graphics.draw(swatch);
                }
                graphics.setColor(INK);
                graphics.drawString(kind.toString(), x + SWATCH + 5, 47);
                x += SWATCH + 5 + 75;
            }
        }
        graphics.setColor(FAINT);
        graphics.drawString((isFarApart(grid) ? "logarithmic; " : "") + "each panel has its own scale"
                + (hasSpread(grid) ? "; line: least to greatest round" : ""), x, 47);
    }

    static Color colour(Kind kind) {
        return switch (kind) {
            case WEFT -> WEFT;
            case PEER -> PEER;
            case BASELINE -> BASELINE;
        };
    }

    static BasicStroke dashes() {
        return new BasicStroke(1, BasicStroke.CAP_BUTT, BasicStroke.JOIN_MITER, 10, new float[]{3, 2}, 0);
    }

    private static boolean hasSpread(Grid grid) {
        return grid.cells().values().stream().anyMatch(one -> one.rounds().size() > 1);
    }

    private static boolean isFarApart(Grid grid) {
        return grid.scenarios().stream().anyMatch(scenario -> {
            double[] positive = grid.ranking(scenario).stream().mapToDouble(Measurement::median).filter(one -> one > 0)
                    .sorted().toArray();
            return positive.length > 1 && positive[positive.length - 1] > positive[0] * FAR_APART;
        });
    }

    private static int columns(Grid grid) {
        return Math.min(2, grid.scenarios().size());
    }

    private static int panelWidth(Grid grid) {
        return columns(grid) == 1 ? LONE_PANEL_WIDTH : PANEL_WIDTH;
    }

    private static List<String> row(Grid grid, int first) {
        return grid.scenarios().subList(first, Math.min(first + columns(grid), grid.scenarios().size()));
    }

    private static int rowHeight(Grid grid, int first) {
        return row(grid, first).stream().mapToInt(scenario -> Panel.height(grid.ranking(scenario).size())).max()
                .orElse(0);
    }

    /** The width of the longest name, with some extra for viewers whose font is wider. */
    private static int nameWidth(Grid grid) {
        Graphics2D scratch = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
        FontMetrics plain = scratch.getFontMetrics(FONT.deriveFont(Font.BOLD));
        int widest = Stream.concat(grid.subjects().stream(), Stream.of("")).mapToInt(plain::stringWidth).max()
                .orElse(0);
        scratch.dispose();
        return Math.min(widest + 14, PANEL_WIDTH / 2);
    }
}
