package dev.weft.tools.echo;

import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/**
 * The options of a launch, parsed.
 *
 * @param arguments of the command line
 */
record LaunchOptions(String[] arguments, OptionSources sources, EchoOptions options) {
    /**
     * Reads and parses them.
     *
     * @throws ParameterException with a message for the user
     */
    static LaunchOptions read(Map<String, String> environment, String... arguments) {
        EchoOptions options = new EchoOptions();
        OptionSources sources;
        try {
            sources = OptionSources.read(options.spec(), environment, arguments);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(new CommandLine(options.spec()), e.getMessage(), e);
        }
        try {
            options.parse(sources.arguments());
            return new LaunchOptions(arguments, sources, options);
        } catch (ParameterException e) {
            throw new ParameterException(e.getCommandLine(), sources.located(e.getMessage()), e);
        }
    }

    /**
     * Reads the same sources as they are now.
     *
     * @throws ParameterException with a message for the user
     */
    LaunchOptions readAgain() {
        return read(System.getenv(), arguments);
    }
}
