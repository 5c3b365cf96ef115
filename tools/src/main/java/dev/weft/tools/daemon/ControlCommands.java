package dev.weft.tools.daemon;

import dev.weft.server.ConnectionTable;

/** What a server does for the commands that control it. Each method is called on a platform thread; one at a time. */
public interface ControlCommands {
    /** What the server is doing, as lines for the user. */
    String status();

    /**
     * The connections that are first in an order, as a table.
     *
     * @param rows the maximum number of rows
     */
    String connections(int rows, ConnectionTable.Order order);

    /**
     * Reads again what can change while the server runs. After an exception, all is as it was before.
     *
     * @return what was done, as lines for the user
     * @throws CommandFailedException if something new cannot be used
     */
    String reload() throws CommandFailedException;

    /** Accepts no more connections; those that are open continue. */
    String drain();

    /** Begins to end the process. Returns at once. */
    String stop();

    /** A command was not done. The message is for the user. */
    final class CommandFailedException extends Exception {
        private static final long serialVersionUID = 1;

        public CommandFailedException(String message, Throwable cause) {
            super(message, cause);
        }
    }
}
