package dev.weft.bench;

import java.time.Duration;

/**
 * How long a suite may take.
 *
 * @param budget what it is told to keep to
 * @param limit when it is ended by force
 */
record Plan(Suite suite, Duration budget, Duration limit) {
    private static final Duration LEAST_GRACE = Duration.ofSeconds(8);

    /** With the budget of its name; all suites with their grace end within 5 minutes if quick, else within 90. */
    static Plan of(Suite suite, boolean quick) {
        Duration budget = switch (suite.name()) {
            case "parser" -> quick ? Duration.ofSeconds(90) : Duration.ofMinutes(18);
            case "memory" -> quick ? Duration.ofSeconds(60) : Duration.ofMinutes(14);
            case "echo" -> quick ? Duration.ofSeconds(100) : Duration.ofMinutes(24);
            default -> throw new IllegalArgumentException("no budget is set for the suite " + suite.name());
        };
        Duration grace = budget.dividedBy(16);
        return new Plan(suite, budget, budget.plus(grace.compareTo(LEAST_GRACE) > 0 ? grace : LEAST_GRACE));
    }
}
