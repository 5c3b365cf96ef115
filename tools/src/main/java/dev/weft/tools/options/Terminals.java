package dev.weft.tools.options;

import java.util.Map;

/**
 * Which of the standard streams are a terminal, and whether colours are wanted there.
 *
 * @param input   whether standard input is one
 * @param output  whether standard output is one
 * @param errors  whether standard error is one
 * @param colours whether colours are wanted where there is a terminal
 */
public record Terminals(boolean input, boolean output, boolean errors, boolean colours) {
    /** None: all are files or pipes. */
    public static final Terminals NONE = new Terminals(false, false, false, false);

    /** The property that the scripts set to the numbers of the streams that are terminals: Java 21 cannot tell. */
    private static final String PROPERTY = "weft.terminals";

    /** Those of this process. */
    public static Terminals ofProcess() {
        return of(System.getProperty(PROPERTY, ""), System.getenv());
    }

    /** From the numbers of the streams that are terminals, and the variables {@code NO_COLOR} and {@code TERM}. */
    static Terminals of(String numbers, Map<String, String> environment) {
        return new Terminals(numbers.contains("0"), numbers.contains("1"), numbers.contains("2"),
                environment.getOrDefault("NO_COLOR", "").isEmpty()
                        && !environment.getOrDefault("TERM", "dumb").equals("dumb"));
    }
}
