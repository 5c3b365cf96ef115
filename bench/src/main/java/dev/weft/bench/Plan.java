package dev.weft.bench;

import java.time.Duration;

/**
 * How long a suite may take.
 *
 * @param budget the time that the suite is asked to stay within
 * @param limit the time after which it is ended by force
 */
record Plan(Suite suite, Duration budget, Duration limit) {
    private static final Duration LEAST_GRACE = Duration.ofSeconds(8);

    /**
     * The plan with the budget of this name. All suites with their grace end within 5 minutes in a quick run, otherwise within
     * 90.
     */
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
