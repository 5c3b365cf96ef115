package dev.weft.tools.conform.report;

import dev.weft.tools.conform.wire.Side;
import dev.weft.tools.conform.wire.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** A run as one self-contained HTML file: a table by family, then the cases of each family. */
public final class HtmlReport {
    private static final String HEAD = """
            <!DOCTYPE html>
            <html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>WebSocket conformance: %s</title>
            <style>
            :root { color-scheme: light dark; --line: #8884 }
            body { font: 15px/1.45 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
            table { border-collapse: collapse; width: 100%% }
            th, td { text-align: left; padding: .2rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top }
            td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
            code, pre { font: 13px/1.4 ui-monospace, monospace } pre { overflow-x: auto; margin: .4rem 0 }
            summary { cursor: pointer; padding: .3rem 0 } h2 { margin: 2rem 0 .3rem }
            .v { border-radius: .3rem; padding: 0 .4rem; white-space: nowrap; font-size: 13px; color: #fff }
            .OK { background: #25803f } .NON-STRICT { background: #a66300 } .FAILED { background: #b3261e }
            .INFORMATIONAL { background: #2a63b0 } .UNSUPPORTED, .SKIPPED { background: #666 }
            </style>
            """;

    private final StringBuilder html = new StringBuilder();

    private HtmlReport() {}

    /** Writes the report to a file. */
    public static void write(RunResults run, Path file) throws IOException {
        HtmlReport report = new HtmlReport();
        report.add(run);
        Files.writeString(file, report.html);
    }

    private void add(RunResults run) {
        html.append(HEAD.formatted(escape(run.target())));
        html.append("<h1>WebSocket conformance</h1>\n<p>").append(run.subject() == Side.SERVER
                ? "The server at <code>"
                : "The client that connected to <code>").append(escape(run.target())).append("</code>");
        if (!run.name().isEmpty()) {
            html.append(", which calls itself <code>").append(escape(run.name())).append("</code>");
        }
        html.append("; ").append(escape(run.started())).append(run.quick() ? ", quick run" : "").append("</p>\n");
        html.append("<table><tr><th>family<th class=n>cases");
        for (Verdict verdict : Verdict.values()) {
            html.append("<th class=n>").append(verdict.label());
        }
        html.append("<th class=n>time</tr>\n");
        run.families().forEach((family, sums) -> sums("<a href=\"#" + family + "\">" + family + "</a>", sums,
                sums.millis()));
        sums("<b>all</b>", run.total(), run.millis());
        html.append("</table>\n");
        run.families().forEach((family, sums) -> family(family,
                run.results().stream().filter(result -> result.family().equals(family)).toList()));
        html.append("</html>\n");
    }

    private void sums(String name, RunResults.Sums sums, long millis) {
        html.append("<tr><td>").append(name).append("<td class=n>").append(sums.cases());
        sums.counts().forEach((verdict, count) -> html.append("<td class=n>").append(count == 0 ? "" : count));
        html.append("<td class=n>").append(String.format(Locale.ROOT, "%.1f s", millis / 1e3)).append("</tr>\n");
    }

    private void family(String family, List<Result> results) {
        boolean open = results.stream().anyMatch(result -> result.verdict() != Verdict.OK);
        html.append("<h2 id=\"").append(family).append("\">").append(family).append("</h2>\n<details")
                .append(open ? " open" : "").append("><summary>").append(results.size())
                .append(" cases</summary><table>\n");
        results.forEach(this::result);
        html.append("</table></details>\n");
    }

    private void result(Result result) {
        html.append("<tr><td><span class=\"v ").append(result.verdict().label()).append("\">")
                .append(result.verdict().label()).append("</span><td><code>").append(escape(result.id()))
                .append("</code><td>").append(escape(result.title())).append(" <small>")
                .append(escape(result.section()))
                .append("</small>");
        if (!result.detail().isEmpty()) {
            html.append("<br><b>").append(escape(result.detail())).append("</b>");
        }
        if (!result.transcript().isEmpty()) {
            html.append("<details><summary>on the wire</summary><pre>")
                    .append(escape(String.join("\n", result.transcript()))).append("</pre></details>");
        }
        html.append("<td class=n>").append(result.millis()).append(" ms</tr>\n");
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }
}
