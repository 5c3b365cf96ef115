package dev.weft.bench.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A run as {@code report.md}, with its plots. It starts with where Weft loses. Then each suite follows, with its remarks, a
 * table for each metric, and how Weft compares with the best peer in each cell. Everything is generated from the figures.
 */
public final class Report {
    /** A wider table is transposed if that makes it narrower. */
    private static final int COLUMNS = 8;

    private final Results results;
    private final List<Grid> grids;
    /** File names of the plots. */
    private final Map<Grid, String> plots;
    private final Optional<String> overview;
    private final Markdown text = new Markdown();

    private Report(Results results, Map<Grid, String> plots, Optional<String> overview) {
        this.results = results;
        this.overview = overview;
        this.grids = Grid.of(results.measurements());
        this.plots = plots;
    }

    /** Writes the report and the plots. */
    public static void write(Results results, Path folder) throws IOException {
        Path report = folder.resolve("report.md");
        // First without the plots: the JDK cannot draw on a machine that has no fonts.
        Files.writeString(report, markdown(results, Map.of(), Optional.empty()));
        Files.writeString(report, markdown(results, Charts.write(results, folder), Overview.write(results, folder)));
    }

    /** Writes the report with the overview as its only plot, as the repository keeps it. */
    public static void writeWithOverview(Results results, Path folder) throws IOException {
        Files.writeString(folder.resolve("report.md"), markdown(results, Map.of(), Overview.write(results, folder)));
    }

    static String markdown(Results results, Map<Grid, String> plots, Optional<String> overview) {
        Report report = new Report(results, plots, overview);
        report.head();
        report.overview();
        report.losses();
        results.remarks().stream().map(Remark::suite).filter(suite -> report.grids.stream()
                .noneMatch(grid -> grid.suite().equals(suite))).distinct().forEach(report::remarks);
        report.grids.stream().map(Grid::suite).distinct().forEach(report::suite);
        return report.text.toString();
    }

    private void head() {
        Machine machine = results.machine();
        text.line("# Benchmarks, " + results.started().replace('T', ' ').replace("Z", " UTC"));
        if (results.quick()) {
            text.line(
                    "**A quick run: rounds, forks and scenarios were left out. It shows orders of magnitude, not percents.**");
        }
        if (!results.complete()) {
            text.line("**The run was interrupted: figures are missing.**");
        }
        if (machine.load() > machine.cores() / 4.0) {
            text.line("**The machine was busy when the run began (load " + Figures.text(machine.load()) + " on "
                    + machine.cores() + " cores): the figures are worth little.**");
        }
        text.table(List.of("", ""), List.of(
                List.of("command", "`" + results.command() + "`"),
                List.of("commit", machine.commit() + (machine.dirty() ? ", **with changes that are not in it**" : "")),
                List.of("CPU", machine.cpu() + ", " + machine.cores() + " cores, "
                        + (machine.memory() + (1 << 29) >> 30) + " GiB"),
                List.of("kernel", machine.kernel() + ", governor " + machine.governor() + ", load "
                        + Figures.text(machine.load()) + " at the start"),
                List.of("JDK", machine.jdk()), List.of("JVM", machine.jvm() + " `" + machine.jvmOptions() + "`"),
                List.of("took", String.format(Locale.ROOT, "%.1f min", results.seconds() / 60))));
        text.line(
                "A cell holds the median of its rounds, and the minimum and maximum in brackets. The best of "
                        + "Weft and its peers is bold; baselines, which do less than a WebSocket library must, are not compared. "
                        + "A ratio is Weft's cost as a multiple of the other's: over 1 Weft loses, whether less or more is better. If the "
                        + "ranges of two figures overlap, this run does not distinguish them. — means: not measured.");
    }

    private void overview() {
        overview.ifPresent(
                file -> text.line("![echo: server CPU per message, as a multiple of the selector loop's](" + file
                        + ")"));
    }

    private void losses() {
        text.line("## Where Weft loses");
        List<Standing> toPeers = Standing.of(grids, Kind.PEER);
        text.line(toPeers.isEmpty() ? "No peer was measured." : verdict(toPeers));
        lost(toPeers, "better peer");
        List<Standing> toBaselines = Standing.of(grids, Kind.BASELINE).stream().filter(Standing::isLost).toList();
        if (!toBaselines.isEmpty()) {
            text.line("And to baselines, which show what there is to gain at most:");
            lost(toBaselines, "baseline");
        }
    }

    private void lost(List<Standing> standings, String rival) {
        List<Standing> lost = standings.stream().filter(Standing::isLost).toList();
        if (!lost.isEmpty()) {
            text.table(List.of("ratio", "suite", "scenario", "metric", "Weft", rival, "also better"),
                    lost.stream()
                            .map(one -> List.of(Figures.ratio(one.ratio()) + (one.isClear() ? "" : ", ranges overlap"),
                                    one.grid().suite(), one.weft().scenario(),
                                    one.grid().metric() + ", " + one.grid().unit(),
                                    named(one.weft()), named(one.rival()),
                                    String.join(", ", one.alsoBetter().stream().map(Measurement::subject).toList())))
                            .toList());
        }
    }

    /** Such as {@code Weft is worse than the best peer in 2 of 12 cells}. */
    private static String verdict(List<Standing> standings) {
        Map<String, int[]> sums = new TreeMap<>();
        for (Standing one : standings) {
            int[] sum = sums.computeIfAbsent(one.weft().subject(), subject -> new int[2]);
            sum[0] += one.isLost() ? 1 : 0;
            sum[1]++;
        }
        StringBuilder text = new StringBuilder();
        sums.forEach((subject, sum) -> text.append(text.isEmpty() ? "" : " ").append(subject)
                .append(" is worse than the best peer in ").append(sum[0]).append(" of ").append(sum[1])
                .append(sum[1] == 1 ? " cell." : " cells."));
        return text.toString();
    }

    private static String named(Measurement one) {
        return one.subject() + ": " + Figures.text(one);
    }

    private void suite(String suite) {
        remarks(suite);
        grids.stream().filter(grid -> grid.suite().equals(suite)).forEach(this::grid);
        List<Standing> standings = Standing.of(grids.stream().filter(grid -> grid.suite().equals(suite)).toList(),
                Kind.PEER);
        if (!standings.isEmpty()) {
            text.line("### Weft and the best peer, the worst ratio first");
            text.table(List.of("ratio", "", "scenario", "metric", "Weft", "best peer"), standings.stream()
                    .map(one -> List.of(Figures.ratio(one.ratio()), word(one), one.weft().scenario(),
                            one.grid().metric() + ", " + one.grid().unit(), named(one.weft()), named(one.rival())))
                    .toList());
        }
    }

    private static String word(Standing one) {
        return (one.ratio() == 1 ? "equal" : one.isLost() ? "loses" : "wins")
                + (one.isClear() ? "" : ", ranges overlap");
    }

    private void remarks(String suite) {
        text.line("## " + (suite.isEmpty() ? "" : suite.substring(0, 1).toUpperCase(Locale.ROOT) + suite.substring(1)));
        List<String> sentences = results.remarks().stream().filter(one -> one.suite().equals(suite))
                .map(Remark::sentence).distinct().toList();
        if (!sentences.isEmpty()) {
            text.bullets(sentences);
        }
    }

    private void grid(Grid grid) {
        text.line("### " + grid.title());
        if (plots.containsKey(grid)) {
            text.line("![" + grid.suite() + ": " + grid.title() + "](" + plots.get(grid) + ")");
        }
        List<List<String>> rows = new ArrayList<>();
        rows.add(head("", grid.scenarios()));
        for (String subject : grid.subjects()) {
            rows.add(head(Kind.of(subject) == Kind.BASELINE ? "*" + subject + "*" : subject,
                    grid.scenarios().stream().map(scenario -> cell(grid, scenario, subject)).toList()));
        }
        for (String weft : grid.subjects().stream().filter(one -> Kind.of(one) == Kind.WEFT).toList()) {
            List<String> ratios = grid.scenarios().stream().map(scenario -> ratio(grid, scenario, weft)).toList();
            if (ratios.stream().anyMatch(one -> !one.equals("—"))) {
                rows.add(head(weft + " to the best peer", ratios));
            }
        }
        boolean turn = grid.scenarios().size() >= COLUMNS && rows.size() <= grid.scenarios().size();
        List<List<String>> table = turn ? Markdown.turn(rows) : rows;
        text.table(table.getFirst(), table.subList(1, table.size()));
    }

    private static List<String> head(String head, List<String> rest) {
        List<String> row = new ArrayList<>(List.of(head));
        row.addAll(rest);
        return row;
    }

    private static String cell(Grid grid, String scenario, String subject) {
        Measurement one = grid.at(scenario, subject);
        if (one == null) {
            return "—";
        }
        boolean best = Kind.of(subject) != Kind.BASELINE && grid.ranking(scenario).stream()
                .filter(other -> Kind.of(other.subject()) != Kind.BASELINE)
                .allMatch(other -> Figures.cost(one, other) <= 1);
        String median = Figures.text(one.median());
        return (best ? "**" + median + "**" : median) + Figures.spread(one);
    }

    private static String ratio(Grid grid, String scenario, String weft) {
        return Standing.of(List.of(grid), Kind.PEER).stream()
                .filter(one -> one.weft().subject().equals(weft) && one.weft().scenario().equals(scenario)).findFirst()
                .map(one -> Figures.ratio(one.ratio()) + (one.isLost() ? " loses" : "")).orElse("—");
    }
}
