package dev.weft.bench.report;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.Paint;
import java.awt.Stroke;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.List;
import java.util.Locale;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.axis.CategoryAxis;
import org.jfree.chart.axis.CategoryLabelPosition;
import org.jfree.chart.axis.CategoryLabelPositions;
import org.jfree.chart.axis.CategoryLabelWidthType;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.NumberTickUnit;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.chart.labels.CategoryItemLabelGenerator;
import org.jfree.chart.labels.ItemLabelAnchor;
import org.jfree.chart.labels.ItemLabelPosition;
import org.jfree.chart.labels.StandardCategoryItemLabelGenerator;
import org.jfree.chart.plot.CategoryPlot;
import org.jfree.chart.plot.PlotOrientation;
import org.jfree.chart.renderer.category.BarRenderer;
import org.jfree.chart.renderer.category.CategoryItemRendererState;
import org.jfree.chart.renderer.category.StandardBarPainter;
import org.jfree.chart.text.TextBlockAnchor;
import org.jfree.chart.title.TextTitle;
import org.jfree.chart.ui.HorizontalAlignment;
import org.jfree.chart.ui.RectangleAnchor;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.chart.ui.TextAnchor;
import org.jfree.data.category.CategoryDataset;
import org.jfree.data.category.DefaultCategoryDataset;

/** The bars of one scenario. */
final class Panel {
    private static final int BAR = 20;
    private static final int AROUND = 62;
    private static final double ROOM_FOR_FIGURES = 1.35;

    private final List<Measurement> ranking;
    private final boolean logarithmic;
    private final int nameWidth;

    Panel(List<Measurement> ranking, boolean logarithmic, int nameWidth) {
        this.ranking = ranking;
        this.logarithmic = logarithmic;
        this.nameWidth = nameWidth;
    }

    static int height(int bars) {
        return AROUND + bars * BAR;
    }

    void draw(Graphics2D graphics, String scenario, Rectangle2D where) {
        DefaultCategoryDataset data = new DefaultCategoryDataset();
        ranking.forEach(one -> data.addValue(one.median(), "", one.subject()));
        ValueAxis values = values();
        CategoryPlot plot = new CategoryPlot(data, names(), values, new Bars(values.getLowerBound()));
        plot.setOrientation(PlotOrientation.HORIZONTAL);
        plot.setBackgroundPaint(Color.WHITE);
        plot.setOutlineVisible(false);
        plot.setRangeGridlinePaint(new Color(0xe3e7eb));
        plot.setRangeGridlineStroke(new BasicStroke(1));
        plot.setInsets(RectangleInsets.ZERO_INSETS);
        JFreeChart chart = new JFreeChart(null, null, plot, false);
        TextTitle title = new TextTitle(scenario, Charts.FONT.deriveFont(Font.BOLD, 12f));
        title.setPaint(Charts.INK);
        title.setHorizontalAlignment(HorizontalAlignment.LEFT);
        chart.setTitle(title);
        chart.setBackgroundPaint(Color.WHITE);
        chart.setPadding(new RectangleInsets(4, 0, 6, 10));
        // Panels in one row may have different numbers of bars; all bars have the same thickness.
        chart.draw(graphics, new Rectangle2D.Double(where.getX(), where.getY(), where.getWidth(),
                height(ranking.size())));
    }

    private CategoryAxis names() {
        CategoryAxis names = new CategoryAxis();
        for (Measurement one : ranking) {
            boolean weft = Kind.of(one.subject()) == Kind.WEFT;
            names.setTickLabelFont(one.subject(), Charts.FONT.deriveFont(weft ? Font.BOLD : Font.PLAIN));
            names.setTickLabelPaint(one.subject(), weft ? Charts.WEFT : Charts.INK);
        }
        // Right-aligned, because the width of the text is unknown: it depends on the viewer's font.
        names.setCategoryLabelPositions(CategoryLabelPositions.replaceLeftPosition(CategoryLabelPositions.STANDARD,
                new CategoryLabelPosition(RectangleAnchor.LEFT, TextBlockAnchor.CENTER_LEFT, TextAnchor.CENTER_LEFT, 0,
                        CategoryLabelWidthType.RANGE, 1f)));
        names.setMaximumCategoryLabelWidthRatio(1f);
        names.setFixedDimension(nameWidth);
        names.setTickMarksVisible(false);
        names.setAxisLineVisible(false);
        names.setCategoryMargin(0.28);
        names.setLowerMargin(0.01);
        names.setUpperMargin(0.01);
        return names;
    }

    private ValueAxis values() {
        double greatest = ranking.stream().mapToDouble(Measurement::max).max().orElse(1);
        ValueAxis values;
        if (logarithmic) {
            double least = ranking.stream().mapToDouble(Measurement::min).filter(one -> one > 0).min().orElse(1);
            double from = Math.pow(10, Math.floor(Math.log10(least * 0.8)));
            double to = Math.max(greatest, from * 10);
            LogAxis axis = new LogAxis();
            axis.setSmallestValue(from / 10);
            axis.setRange(from, from * Math.pow(to / from, ROOM_FOR_FIGURES));
            // One tick for each power of ten, or for every other if there are many.
            axis.setTickUnit(new NumberTickUnit(to / from > 1e4 ? 2 : 1), false, true);
            axis.setNumberFormatOverride(new DecimalFormat("#,##0.######",
                    DecimalFormatSymbols.getInstance(Locale.ROOT)));
            values = axis;
        } else {
            NumberAxis axis = new NumberAxis();
            axis.setRange(Math.min(0, ranking.stream().mapToDouble(Measurement::min).min().orElse(0)),
                    greatest > 0 ? greatest * ROOM_FOR_FIGURES : 1);
            values = axis;
        }
        values.setTickLabelFont(Charts.FONT.deriveFont(9f));
        values.setTickLabelPaint(Charts.FAINT);
        values.setAxisLineVisible(false);
        values.setTickMarksVisible(false);
        return values;
    }

    /** One bar for each subject, with its figure, and a line from the minimum to the maximum of the rounds. */
    private final class Bars extends BarRenderer {
        private static final long serialVersionUID = 1;

        /** The position of the bars in this drawing. */
        private transient Rectangle2D area;

        Bars(double base) {
            setBase(base);
            setIncludeBaseInRange(false);
            setBarPainter(new StandardBarPainter());
            setShadowVisible(false);
            setDrawBarOutline(true);
            setMaximumBarWidth(1);
            setDefaultItemLabelFont(Charts.FONT);
            setDefaultItemLabelPaint(Charts.INK);
            setDefaultItemLabelsVisible(true);
            setDefaultItemLabelGenerator(new StandardCategoryItemLabelGenerator() {
                private static final long serialVersionUID = 1;

                @Override
                public String generateLabel(CategoryDataset data, int row, int column) {
                    return Figures.text(ranking.get(column).median());
                }
            });
            setDefaultPositiveItemLabelPosition(
                    new ItemLabelPosition(ItemLabelAnchor.OUTSIDE3, TextAnchor.CENTER_LEFT));
            setPositiveItemLabelPositionFallback(
                    new ItemLabelPosition(ItemLabelAnchor.OUTSIDE3, TextAnchor.CENTER_LEFT));
        }

        @Override
        public Paint getItemPaint(int row, int column) {
            return Charts.colour(kind(column));
        }

        @Override
        public Paint getItemOutlinePaint(int row, int column) {
            return kind(column) == Kind.BASELINE ? Charts.FAINT : Charts.colour(kind(column));
        }

        @Override
        public Stroke getItemOutlineStroke(int row, int column) {
            return kind(column) == Kind.BASELINE ? Charts.dashes() : new BasicStroke(1);
        }

        private Kind kind(int column) {
            return Kind.of(ranking.get(column).subject());
        }

        /** The figure follows the bar and its line. */
        @Override
        protected void drawItemLabel(Graphics2D graphics, CategoryDataset data, int row, int column, CategoryPlot plot,
                CategoryItemLabelGenerator generator, Rectangle2D bar, boolean negative) {
            double end = Math.max(bar.getMaxX(), x(plot, ranking.get(column).max()));
            super.drawItemLabel(graphics, data, row, column, plot, generator,
                    new Rectangle2D.Double(bar.getX(), bar.getY(), end + 2 - bar.getX(), bar.getHeight()), false);
        }

        @Override
        public void drawItem(Graphics2D graphics, CategoryItemRendererState state, Rectangle2D area, CategoryPlot plot,
                CategoryAxis names, ValueAxis values, CategoryDataset data, int row, int column, int pass) {
            this.area = area;
            super.drawItem(graphics, state, area, plot, names, values, data, row, column, pass);
            Measurement one = ranking.get(column);
            if (one.rounds().size() > 1 && one.max() > one.min()) {
                double y = names.getCategoryMiddle(column, data.getColumnCount(), area, plot.getDomainAxisEdge());
                graphics.setPaint(Charts.INK);
                graphics.setStroke(new BasicStroke(1.2f));
                graphics.draw(new Line2D.Double(x(plot, one.min()), y, x(plot, one.max()), y));
            }
        }

        private double x(CategoryPlot plot, double value) {
            ValueAxis axis = plot.getRangeAxis();
            return axis.valueToJava2D(Math.max(value, axis.getLowerBound()), area, plot.getRangeAxisEdge());
        }
    }
}
