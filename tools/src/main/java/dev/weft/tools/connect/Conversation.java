package dev.weft.tools.connect;

import dev.weft.CloseReason;
import dev.weft.CloseStatus;
import dev.weft.ConnectionClosedException;
import dev.weft.Message;
import dev.weft.WebSocketConnection;
import dev.weft.parser.CloseCode;
import dev.weft.tools.options.PeerText;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/** One connection: shows the received messages until the end. One thread runs it; another one sends. */
final class Conversation {
    /** The codes of a normal end (§7.4.1): 1000, or no code. */
    private static final Set<Integer> NORMAL = Set.of(CloseCode.NORMAL_CLOSURE, CloseCode.NO_STATUS_RECEIVED);
    private static final int MOST_CHARACTERS = 500;

    private final WebSocketConnection connection;
    private final Display display;
    /** The number of messages after which the conversation ends; 0 for no limit. */
    private final int count;
    private final AtomicReference<String> inputFailure = new AtomicReference<>();
    private volatile long lastReceived = System.nanoTime();
    private int received;

    Conversation(WebSocketConnection connection, Display display, int count) {
        this.connection = connection;
        this.display = display;
        this.count = count;
    }

    WebSocketConnection connection() {
        return connection;
    }

    Display display() {
        return display;
    }

    /** Ends the conversation, because the input cannot be sent. For any thread. */
    void failInput(String why) {
        inputFailure.compareAndSet(null, why);
        connection.close();
    }

    /** Waits until no message has been received for this long, or the connection is closed. */
    void awaitQuiet(Duration quiet) throws InterruptedException {
        long since = System.nanoTime();
        while (connection.isOpen()) {
            long left = Math.max(since, lastReceived) + quiet.toNanos() - System.nanoTime();
            if (left <= 0) {
                return;
            }
            TimeUnit.NANOSECONDS.sleep(left);
        }
    }

    /** Receives until the end; returns the exit status. */
    int run() {
        CloseStatus status;
        try {
            status = receiveAll();
        } catch (Display.OutputGoneException e) {
            connection.close();
            return ExitStatus.OK;
        } catch (ConnectionClosedException e) {
            status = e.status();
        } catch (IOException e) {
            display.trouble("the connection is lost: " + e.getMessage());
            return ExitStatus.LOST;
        }
        if (inputFailure.get() != null) {
            display.trouble(inputFailure.get());
            return ExitStatus.USAGE;
        }
        return outcome(status);
    }

    private CloseStatus receiveAll() throws IOException {
        while (true) {
            Message message = connection.receive();
            lastReceived = System.nanoTime();
            if (message instanceof Message.Close(CloseStatus status)) {
                return status;
            }
            if (count == 0 || received < count) {
                received++;
                display.received(message);
                if (received == count) {
                    connection.close();
                }
            }
        }
    }

    private int outcome(CloseStatus status) {
        display.detail("* the connection is over: " + status);
        boolean byPeer = status.closedFirst().equals(Optional.of(CloseStatus.Side.REMOTE));
        if (status.sent().isPresent() && status.failure().isPresent()) {
            display.trouble("closed by this end with " + describe(status.sent().get()) + cause(status));
            return ExitStatus.CLOSED;
        } else if (!status.clean()) {
            display.trouble(status.sent().isPresent()
                    ? "the server has not answered the Close frame"
                    : "the connection is lost" + cause(status));
            return ExitStatus.LOST;
        } else if (byPeer && !NORMAL.contains(status.code())) {
            display.trouble("closed by the server with " + describe(status.received().orElseThrow()));
            return ExitStatus.CLOSED;
        } else if (received < count) {
            display.trouble("received " + received + " of " + count + " messages");
            return ExitStatus.TOO_FEW;
        }
        return ExitStatus.OK;
    }

    private static String describe(CloseReason reason) {
        return reason.code()
                + (reason.reason().isEmpty() ? "" : " \"" + PeerText.line(reason.reason(), MOST_CHARACTERS) + "\"");
    }

    private static String cause(CloseStatus status) {
        return status.failure().map(cause -> ": " + PeerText.line(String.valueOf(cause.getMessage()), MOST_CHARACTERS))
                .orElse("");
    }
}
