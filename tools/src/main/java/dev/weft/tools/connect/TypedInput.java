package dev.weft.tools.connect;

import dev.weft.CloseReason;
import dev.weft.Message;
import dev.weft.PingTimeoutException;
import dev.weft.WebSocketConnection;
import dev.weft.parser.CloseCode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** Sends what a user types: each line is a message or a command. */
final class TypedInput implements Input {
    /** The words that begin a command line, which is not a message. */
    static final List<String> COMMANDS = List.of("/ping", "/close", "/base64", "/help");

    private static final Duration PING_TIMEOUT = Duration.ofSeconds(10);

    private final Lines lines;
    private final Form form;

    /** A user's lines. */
    @FunctionalInterface
    interface Lines {
        /** Waits for the next line, without its line end; null if there are no more lines. */
        String next() throws IOException;
    }

    TypedInput(Lines lines, Form form) {
        this.lines = lines;
        this.form = form;
    }

    @Override
    public void sendTo(Conversation conversation) throws IOException {
        String line = lines.next();
        while (line != null && conversation.connection().isOpen()) {
            try {
                handle(conversation, line);
            } catch (UnsendableException | IllegalArgumentException e) {
                conversation.display().trouble(e.getMessage());
            }
            line = conversation.connection().isOpen() ? lines.next() : null;
        }
    }

    private void handle(Conversation conversation, String line) throws IOException, UnsendableException {
        if (line.startsWith("//")) {
            send(conversation, line.substring(1), form);
        } else if (line.startsWith("/")) {
            command(conversation, line.strip().split("\\s+", 2));
        } else if (!line.isEmpty()) {
            send(conversation, line, form);
        }
    }

    private static void send(Conversation conversation, String line, Form form)
            throws IOException, UnsendableException {
        WebSocketConnection connection = conversation.connection();
        Message message = form == Form.LINES
                ? new Message.Text(line)
                : PipedInput.message(line.getBytes(StandardCharsets.UTF_8), form, "what was typed");
        conversation.display().sent(message);
        if (message instanceof Message.Text(String text)) {
            connection.send(text);
        } else if (message instanceof Message.Binary(byte[] bytes)) {
            connection.send(bytes);
        }
    }

    private static void command(Conversation conversation, String[] words) throws IOException, UnsendableException {
        String rest = words.length > 1 ? words[1] : "";
        switch (words[0]) {
            case "/ping" -> ping(conversation);
            case "/close" -> close(conversation.connection(), rest);
            case "/base64" -> send(conversation, rest, Form.BASE64);
            case "/help" -> help(conversation.display());
            default -> throw new UnsendableException("there is no command " + words[0]
                    + "; begin a message with // to send a single /, or see /help");
        }
    }

    private static void ping(Conversation conversation) throws IOException {
        try {
            Duration time = conversation.connection().ping(PING_TIMEOUT);
            conversation.display().note(String.format(Locale.ROOT, "pong after %.3f ms", time.toNanos() / 1e6));
        } catch (PingTimeoutException e) {
            conversation.display().trouble("no pong within " + PING_TIMEOUT.toSeconds() + " s");
        }
    }

    private static void close(WebSocketConnection connection, String rest) throws UnsendableException {
        String[] words = rest.split("\\s+", 2);
        int code = CloseCode.NORMAL_CLOSURE;
        if (!rest.isEmpty()) {
            if (!words[0].matches("[0-9]{4}")) {
                throw new UnsendableException(
                        "/close CODE REASON: " + words[0] + " is not a code such as 1000 or 4000");
            }
            code = Integer.parseInt(words[0]);
        }
        CloseReason reason = CloseReason.sendable(code, words.length > 1 ? words[1] : "");
        connection.close(reason.code(), reason.reason());
    }

    private static void help(Display display) {
        display.note("""
                /ping                 send a ping, and say how long the pong took
                /close [CODE [REASON]] close the connection, with 1000 if no code is given
                /base64 DATA          send a binary message
                //TEXT                send a message that begins with /
                Ctrl-D, Ctrl-C        close the connection""");
    }
}
