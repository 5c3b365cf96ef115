package dev.weft.bench;

import dev.weft.bench.report.Comparison;
import dev.weft.bench.report.Results;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Compares two stored runs. */
@Command(name = "compare", sortOptions = false, usageHelpAutoWidth = true, description = {
        "Reports in Markdown which figures became worse or better, beyond noise, from one run to another. Measures nothing.",
        "Exits with 0, or 2 for a wrong command line."})
final class Compare implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "EARLIER", description = "A run's results.json or folder.")
    private Path earlier;

    @Parameters(index = "1", paramLabel = "LATER", description = "Another's.")
    private Path later;

    @Option(names = "--fail-if-slower", description = "Exit with 1 if something became worse beyond noise.")
    private boolean failIfSlower;

    @Option(names = {"-h", "--help"}, usageHelp = true, description = "Print this.")
    private boolean help;

    private Compare() {}

    @Override
    public Integer call() {
        Comparison comparison = Comparison.of(read(spec, earlier), read(spec, later));
        PrintWriter out = spec.commandLine().getOut();
        out.print(comparison.markdown());
        out.flush();
        return failIfSlower && comparison.hasWorse() ? 1 : 0;
    }

    static Results read(CommandSpec spec, Path file) {
        try {
            return Results.read(file);
        } catch (NoSuchFileException e) {
            throw new ParameterException(spec.commandLine(), "there is no " + e.getFile(), e);
        } catch (IOException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }
}
