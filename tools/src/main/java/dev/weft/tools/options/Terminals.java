package dev.weft.tools.options;

import java.util.Map;

/**
 * Which of the standard streams are terminals, and whether to use colours.
 *
 * @param input   whether standard input is a terminal
 * @param output  whether standard output is a terminal
 * @param errors  whether standard error is a terminal
 * @param colours whether to use colours on terminals
 */
public record Terminals(boolean input, boolean output, boolean errors, boolean colours) {
    /** No terminals: all streams are files or pipes. */
    public static final Terminals NONE = new Terminals(false, false, false, false);

    /**
     * The property that the scripts set to the numbers of the streams that are terminals, because Java 21 cannot detect this.
     */
    private static final String PROPERTY = "weft.terminals";

    /** The terminals of this process. */
    public static Terminals ofProcess() {
        return of(System.getProperty(PROPERTY, ""), System.getenv());
    }

    /** Derived from the numbers of the streams that are terminals, and the variables {@code NO_COLOR} and {@code TERM}. */
    static Terminals of(String numbers, Map<String, String> environment) {
        return new Terminals(numbers.contains("0"), numbers.contains("1"), numbers.contains("2"),
                environment.getOrDefault("NO_COLOR", "").isEmpty()
                        && !environment.getOrDefault("TERM", "dumb").equals("dumb"));
    }
}
