package dev.weft.bench.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Dimension;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.Line2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.DoubleStream;

/**
 * One plot that is easy to read at a glance: the server's CPU per echoed message, as a multiple of that of the bare selector
 * loop, in a few scenarios. It has a row for each subject and a column for each scenario, all on one linear scale from 0. A bar
 * beyond the end of the scale is cut, with its figure next to it.
 */
final class Overview {
    static final String FILE = "echo-cpu-to-floor.svg";

    private static final String METRIC = "server CPU per message";
    private static final String FLOOR = "selector loop (floor)";
    /** The end of the scale. */
    private static final double MOST = 4;
    private static final int MARGIN = 16;
    private static final int HEAD = 64;
    private static final int COLUMN_HEAD = 40;
    private static final int FOOT = 24;
    private static final int ROW = 24;
    private static final int BAR = 14;
    private static final int NAMES = 120;
    private static final int COLUMN = 200;
    private static final int SCALE = 140;
    private static final Color LINES = new Color(0xe3e7eb);

    /** A scenario of the suite, described for readers who do not know it. */
    private record Column(String scenario, String title, String subtitle) {}

    private static final List<Column> COLUMNS = List.of(
            new Column("64 x 125 B text w1", "Small texts, full load", "64 connections, 125 B"),
            new Column("1000 x 1 KiB w1", "Many connections, full load", "1,000 connections, 1 KiB"),
            new Column("64 x 64 KiB w1", "Large messages, full load", "64 connections, 64 KiB"),
            new Column("64 x 16 B at 10000/s", "Light load", "64 connections, 16 B, 10,000 a second"));

    private final Grid grid;
    private final List<Column> columns;
    private final List<String> subjects;

    private Overview(Grid grid, List<Column> columns) {
        this.grid = grid;
        this.columns = columns;
        this.subjects = grid.subjects().stream().filter(subject -> Kind.of(subject) != Kind.BASELINE)
                .filter(subject -> Kind.of(subject) == Kind.PEER || subject.equals("Weft"))
                .filter(subject -> columns.stream().allMatch(column -> grid.at(column.scenario, subject) != null))
                .sorted(Comparator.comparingDouble(this::mean)).toList();
    }

    /** The overview of a run; empty if the run lacks the floor, or has nothing to compare. */
    static Optional<Overview> of(Results results) {
        return Grid.of(results.measurements()).stream()
                .filter(grid -> grid.suite().equals("echo") && grid.metric().equals(METRIC)).findFirst()
                .map(grid -> new Overview(grid,
                        COLUMNS.stream().filter(column -> grid.at(column.scenario, FLOOR) != null).toList()))
                .filter(overview -> !overview.columns.isEmpty() && overview.subjects.size() > 1);
    }

    /** Draws the overview, if there is one; returns the file name. */
    static Optional<String> write(Results results, Path folder) throws IOException {
        Optional<Overview> overview = of(results);
        if (overview.isPresent()) {
            Files.writeString(folder.resolve(FILE), overview.get().svg());
        }
        return overview.map(drawn -> FILE);
    }

    private double ratio(Column column, String subject) {
        return grid.at(column.scenario, subject).median() / grid.at(column.scenario, FLOOR).median();
    }

    /** The geometric mean of the ratios, by which the rows are sorted. */
    private double mean(String subject) {
        DoubleStream logarithms = columns.stream().mapToDouble(column -> Math.log(ratio(column, subject)));
        return Math.exp(logarithms.average().orElse(0));
    }

    private Dimension size() {
        return new Dimension(2 * MARGIN + NAMES + columns.size() * COLUMN,
                HEAD + COLUMN_HEAD + subjects.size() * ROW + FOOT + MARGIN);
    }

    String svg() throws IOException {
        return Charts.svg(size(), this::draw);
    }

    void draw(Graphics2D graphics) {
        graphics.setColor(Color.WHITE);
        graphics.fill(new Rectangle2D.Double(0, 0, size().width, size().height));
        graphics.setFont(Charts.FONT.deriveFont(Font.BOLD, 15f));
        graphics.setColor(Charts.INK);
        graphics.drawString("Server CPU for an echoed message: shorter is better", MARGIN, 26);
        graphics.setFont(Charts.FONT.deriveFont(12f));
        graphics.setColor(Charts.FAINT);
        graphics.drawString(
                "1 (dashed) is a bare selector loop that only sends the bytes back: about the least that Java can need."
                        + " A slash: the bar is longer.",
                MARGIN, 46);
        for (int i = 0; i < subjects.size(); i++) {
            String subject = subjects.get(i);
            style(graphics, subject, 12);
            graphics.drawString(shortened(subject), MARGIN, HEAD + COLUMN_HEAD + i * ROW + BAR - 2);
        }
        for (int i = 0; i < columns.size(); i++) {
            column(graphics, columns.get(i), MARGIN + NAMES + i * COLUMN);
        }
    }

    private static void style(Graphics2D graphics, String subject, float size) {
        boolean weft = Kind.of(subject) == Kind.WEFT;
        graphics.setFont(Charts.FONT.deriveFont(weft ? Font.BOLD : Font.PLAIN, size));
        graphics.setColor(weft ? Charts.WEFT : Charts.INK);
    }

    /** Without the version, which is in the report. */
    private static String shortened(String subject) {
        return subject.replaceFirst(" \\d\\S*$", "");
    }

    private void column(Graphics2D graphics, Column column, int left) {
        graphics.setFont(Charts.FONT.deriveFont(Font.BOLD, 12f));
        graphics.setColor(Charts.INK);
        graphics.drawString(column.title, left, HEAD + 12);
        graphics.setFont(Charts.FONT);
        graphics.setColor(Charts.FAINT);
        graphics.drawString(column.subtitle, left, HEAD + 27);
        int top = HEAD + COLUMN_HEAD - 4;
        int bottom = HEAD + COLUMN_HEAD + subjects.size() * ROW;
        graphics.setStroke(new BasicStroke(1));
        for (int tick = 0; tick <= MOST; tick++) {
            double x = left + tick / MOST * SCALE;
            graphics.setColor(LINES);
            graphics.draw(new Line2D.Double(x, top, x, bottom));
            graphics.setColor(Charts.FAINT);
            graphics.drawString(Integer.toString(tick), (float) x - 3, bottom + 14);
        }
        for (int i = 0; i < subjects.size(); i++) {
            bar(graphics, subjects.get(i), ratio(column, subjects.get(i)), left, HEAD + COLUMN_HEAD + i * ROW);
        }
        double floor = left + SCALE / MOST;
        graphics.setColor(Charts.INK);
        graphics.setStroke(Charts.dashes());
        graphics.draw(new Line2D.Double(floor, top, floor, bottom));
    }

    private static void bar(Graphics2D graphics, String subject, double ratio, int left, int top) {
        double length = Math.min(ratio, MOST) / MOST * SCALE;
        graphics.setColor(Charts.colour(Kind.of(subject)));
        graphics.fill(new Rectangle2D.Double(left, top, length, BAR));
        if (ratio > MOST) {
            cut(graphics, left + length - 10, top);
        }
        style(graphics, subject, 11);
        graphics.drawString(text(ratio), (float) (left + length + 5), top + BAR - 3f);
    }

    /** A slanted gap near the end of a bar that is longer than the scale. */
    private static void cut(Graphics2D graphics, double x, double top) {
        Path2D gap = new Path2D.Double();
        gap.moveTo(x, top + BAR);
        gap.lineTo(x + 4, top);
        gap.lineTo(x + 8, top);
        gap.lineTo(x + 4, top + BAR);
        gap.closePath();
        graphics.setColor(Color.WHITE);
        graphics.fill(gap);
    }

    private static String text(double ratio) {
        return String.format(Locale.ROOT, ratio < 9.95 ? "%.1f" : "%.0f", ratio);
    }
}
