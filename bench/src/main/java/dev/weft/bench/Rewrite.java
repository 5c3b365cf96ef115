package dev.weft.bench;

import dev.weft.bench.report.Report;
import dev.weft.bench.report.Results;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Writes the report of a stored run again. */
@Command(name = "report", sortOptions = false, usageHelpAutoWidth = true, description = {
        "Writes report.md and the plots of a run once more, from its results.json. Measures nothing.",
        "Exits with 0, or 2 for a wrong command line."})
final class Rewrite implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "RUN", description = "The run's folder.")
    private Path folder;

    @Option(names = "--overview", description = "Draw the overview alone, as the repository keeps it.")
    private boolean overview;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Print this.")
    private boolean help;

    private Rewrite() {}

    @Override
    public Integer call() throws IOException {
        if (!Files.isDirectory(folder)) {
            throw new ParameterException(spec.commandLine(), folder + " is not a folder");
        }
        Results results = Compare.read(spec, folder);
        if (overview) {
            Report.writeWithOverview(results, folder);
        } else {
            Report.write(results, folder);
        }
        spec.commandLine().getOut().println(folder.resolve("report.md"));
        return 0;
    }
}
