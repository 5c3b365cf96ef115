package dev.weft.bench.conform;

import java.net.URI;

/** Drives a client through the cases of a fuzzing server. */
final class FuzzingRun {
    /**
     * The longest that one connection may take. Less than the time after which the suite gives the client up, with the timeout
     * of scripts/conform-peers.
     */
    static final long PATIENCE_SECONDS = 10;

    private FuzzingRun() {}

    /** A library's client. */
    @FunctionalInterface
    interface Client {
        /**
         * Opens a connection and waits for its end.
         *
         * @param echo whether every message is sent back
         * @return the first text message, or {@code null}
         */
        String visit(URI uri, boolean echo) throws Exception;
    }

    /** Runs all cases of the server whose address is the first argument. */
    static void run(String[] args, String agent, Client client) throws Exception {
        int count = Integer.parseInt(client.visit(URI.create(args[0] + "/getCaseCount"), false));
        for (int number = 1; number <= count; number++) {
            try {
                client.visit(URI.create(args[0] + "/runCase?case=" + number + "&agent=" + agent), true);
            } catch (Exception e) {
                // Many cases are there to make it fail.
            }
        }
        client.visit(URI.create(args[0] + "/updateReports?agent=" + agent), false);
    }
}
