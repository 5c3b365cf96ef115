package dev.weft.tools.echo;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Runs the command line with its options. */
public final class EchoCommandLine {
    private final EchoLauncher launcher;

    EchoCommandLine(EchoLauncher launcher) {
        this.launcher = launcher;
    }

    /** The options, for one command line of several programs. Not in the launcher, whose start would load the parser. */
    public static CommandSpec spec() {
        return new EchoOptions().spec();
    }

    /** Returns the exit status. */
    int run(String[] arguments) {
        EchoOptions options = new EchoOptions();
        try {
            options.parse(arguments);
        } catch (ParameterException e) {
            launcher.complain(e.getMessage() + " (--help shows all options)");
            return EchoLauncher.BAD_USAGE;
        }
        if (options.isHelpWanted()) {
            launcher.print(options.help());
            return EchoLauncher.OK;
        } else if (options.isVersionWanted()) {
            launcher.print(EchoLauncher.version() + System.lineSeparator());
            return EchoLauncher.OK;
        }
        return launcher.start(options.logLevel(), options.configuration());
    }
}
