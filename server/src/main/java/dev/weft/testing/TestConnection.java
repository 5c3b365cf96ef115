package dev.weft.testing;

import dev.weft.CloseStatus;
import dev.weft.Message;
import dev.weft.WebSocketConnection;
import dev.weft.internal.Escape;
import dev.weft.internal.time.TimeLimit;
import dev.weft.internal.Bounds;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * One end of a connection over memory, with expectations for tests. An expectation (a method {@code expect…}) waits for
 * at most 5 seconds, or the time set by {@link #within}. If it is not met, it throws an {@link AssertionError} that
 * says what happened instead.
 * <p>
 * The expectations receive, so only one thread at a time may call them. Any thread may call the other methods.
 */
public final class TestConnection {
    private static final Duration DEFAULT_LIMIT = Duration.ofSeconds(5);
    private static final int SHOWN = 200;

    private final WebSocketConnection connection;
    private volatile Duration limit = DEFAULT_LIMIT;
    /** Used by the thread that receives: the last received message, for the text of a failure. */
    private Message last = new Message.Text("");

    TestConnection(WebSocketConnection connection) {
        this.connection = connection;
    }

    /** Two connected ends with default settings. The caller must close the pair. Does not wait. */
    public static TestPair pair() {
        return TestPair.builder().connect();
    }

    /** The connection itself, for everything that this class does not offer. */
    public WebSocketConnection connection() {
        return connection;
    }

    /**
     * Sets how long each later expectation waits.
     *
     * @param longest at most 20 days
     * @throws IllegalArgumentException if the time is negative or longer than that
     */
    public TestConnection within(Duration longest) {
        Bounds.check("limit", longest, Duration.ZERO, TimeLimit.LONGEST);
        limit = longest;
        return this;
    }

    /** Sends a text message, like {@link WebSocketConnection#send(String)}; a failure throws an {@link AssertionError}. */
    public TestConnection send(String text) {
        try {
            connection.send(text);
        } catch (IOException e) {
            throw failure("could not send " + quoted(text), e);
        }
        return this;
    }

    /** Sends a binary message, like {@link WebSocketConnection#send(byte[])}; a failure throws an {@link AssertionError}. */
    public TestConnection send(byte[] bytes) {
        try {
            connection.send(bytes);
        } catch (IOException e) {
            throw failure("could not send " + bytes.length + " bytes", e);
        }
        return this;
    }

    /** Expects the next message to be this text. */
    public TestConnection expectText(String expected) {
        String what = "text " + quoted(Objects.requireNonNull(expected, "expected"));
        if (!(next(what) instanceof Message.Text(String text) && text.equals(expected))) {
            throw unexpected(what);
        }
        return this;
    }

    /** Expects the next message to be a text that satisfies the condition. */
    public TestConnection expectText(Predicate<String> condition) {
        Objects.requireNonNull(condition, "condition");
        String what = "a text that fulfils the condition";
        if (!(next(what) instanceof Message.Text(String text) && condition.test(text))) {
            throw unexpected(what);
        }
        return this;
    }

    /** Expects the next message to be a text, and returns it. */
    public String expectText() {
        if (next("a text message") instanceof Message.Text(String text)) {
            return text;
        }
        throw unexpected("a text message");
    }

    /** Expects the next message to be binary with exactly these bytes. */
    public TestConnection expectBinary(byte[] expected) {
        String what = "binary " + hex(expected);
        if (!(next(what) instanceof Message.Binary(byte[] bytes) && Arrays.equals(bytes, expected))) {
            throw unexpected(what);
        }
        return this;
    }

    /** Expects the next message to be binary, and returns its bytes. */
    public byte[] expectBinary() {
        if (next("a binary message") instanceof Message.Binary(byte[] bytes)) {
            return bytes;
        }
        throw unexpected("a binary message");
    }

    /**
     * Expects that no message arrives and the connection does not end within this time. Waits for the whole time, in real time.
     *
     * @param time at most 20 days
     */
    public TestConnection expectNothingFor(Duration time) {
        Optional<Message> message;
        try {
            message = connection.receive(time);
        } catch (IOException e) {
            throw failure("expected nothing for " + text(time) + ", but the connection has ended", e);
        }
        if (message.isPresent()) {
            last = message.get();
            throw unexpected("nothing for " + text(time));
        }
        return this;
    }

    /**
     * Expects the connection to end next, with a Close frame that has this code: a frame from the peer, or one from this end if
     * it failed the connection. A message before the end is unexpected.
     */
    public CloseStatus expectClose(int code) {
        String what = "a close with " + code;
        CloseStatus status = end(what);
        boolean received = status.received().isPresent() && status.code() == code;
        boolean failed = status.received().isEmpty() && status.sent().isPresent()
                && status.sent().get().code() == code;
        if (!received && !failed) {
            throw new AssertionError("expected " + what + ", but the connection ended otherwise: " + status);
        }
        return status;
    }

    /** Like {@link #expectClose(int)}, and also expects this reason. */
    public CloseStatus expectClose(int code, String reason) {
        CloseStatus status = expectClose(code);
        String actual = status.received().or(status::sent).orElseThrow().reason();
        if (!actual.equals(reason)) {
            throw new AssertionError("expected a close with " + code + " " + quoted(reason)
                    + ", but the reason was " + quoted(actual));
        }
        return status;
    }

    /**
     * Expects the connection to end next, without a Close frame from the peer: because the network connection failed, a
     * deadline expired, or an end aborted.
     */
    public CloseStatus expectBroken() {
        CloseStatus status = end("a broken connection");
        if (status.received().isPresent()) {
            throw new AssertionError("expected a broken connection, but it was closed: " + status);
        }
        return status;
    }

    private CloseStatus end(String what) {
        Optional<Message> message;
        try {
            message = connection.receive(limit);
        } catch (IOException e) {
            return connection.closeStatus().orElseThrow(() -> failure("expected " + what + ", but it is not over", e));
        }
        if (message.isEmpty()) {
            throw nothing(what);
        }
        last = message.get();
        if (message.get() instanceof Message.Close(CloseStatus status)) {
            return status;
        }
        throw unexpected(what);
    }

    private Message next(String what) {
        try {
            last = connection.receive(limit).orElseThrow(() -> nothing(what));
            return last;
        } catch (IOException e) {
            throw failure("expected " + what + ", but the connection has ended", e);
        }
    }

    private AssertionError nothing(String what) {
        return new AssertionError("expected " + what + ", but nothing was received within " + text(limit)
                + connection.closeStatus().map(status -> "; the connection has ended: " + status)
                        .orElse("; the connection is open"));
    }

    private AssertionError unexpected(String what) {
        return new AssertionError("expected " + what + ", but received " + switch (last) {
            case Message.Text(String text) -> "text " + quoted(text);
            case Message.Binary(byte[] bytes) -> "binary " + hex(bytes);
            case Message.Close(CloseStatus status) -> "the end: " + status;
        });
    }

    private AssertionError failure(String what, IOException cause) {
        return new AssertionError(what + connection.closeStatus().map(status -> ": " + status)
                .orElse(": " + cause), cause);
    }

    private static String text(Duration time) {
        return time.toMillis() + " ms";
    }

    private static String quoted(String text) {
        return text.length() <= SHOWN
                ? '"' + Escape.text(text) + '"'
                : '"' + Escape.text(text.substring(0, SHOWN)) + "…\" (" + text.length() + " characters)";
    }

    private static String hex(byte[] bytes) {
        String all = HexFormat.of().formatHex(bytes, 0, Math.min(bytes.length, SHOWN / 2));
        return all + (bytes.length > SHOWN / 2 ? "…" : "") + " (" + bytes.length + " bytes)";
    }

    @Override
    public String toString() {
        return "Test" + connection;
    }
}
