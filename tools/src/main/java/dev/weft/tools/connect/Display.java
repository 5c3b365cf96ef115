package dev.weft.tools.connect;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.Message;
import dev.weft.tools.options.PeerText;
import dev.weft.tools.options.Terminals;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.Locale;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Writes messages to standard output, and everything else to standard error. On a terminal, control characters of messages are
 * escaped; elsewhere the messages' bytes are not changed. For any thread.
 */
final class Display {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("HH:mm:ss.SSS", Locale.ROOT);
    /** The maximum number of characters of a message that are shown on a terminal. */
    private static final int MOST_CHARACTERS = 16_384;
    private static final int MOST_BYTES = 256;
    private static final int MOST_IN_LOG = 200;
    private static final String RECEIVED = "36";
    private static final String SENT = "32";
    private static final String NOTE = "2";
    private static final String TROUBLE = "31";

    private final OutputStream out;
    private final PrintWriter err;
    private final Terminals terminals;
    private final Form form;
    private final boolean verbose;
    private final ReentrantLock lock = new ReentrantLock();
    /** Writes lines above the prompt; {@code null} if there is no prompt. Guarded by the lock. */
    private Consumer<String> abovePrompt;

    /** Thrown when the reader of standard output has closed it. */
    static final class OutputGoneException extends IOException {
        private static final long serialVersionUID = 1;

        OutputGoneException(IOException cause) {
            super(cause);
        }
    }

    Display(OutputStream out, PrintWriter err, Terminals terminals, Form form, boolean verbose) {
        this.out = out;
        this.err = err;
        this.terminals = terminals;
        this.form = form;
        this.verbose = verbose;
    }

    /** From now on, writes everything above a prompt with this consumer; {@code null} if there is no prompt any more. */
    void setPrompt(Consumer<String> lines) {
        lock.lock();
        try {
            abovePrompt = lines;
        } finally {
            lock.unlock();
        }
    }

    /** Writes a message from the peer. */
    void received(Message message) throws OutputGoneException {
        lock.lock();
        try {
            boolean shown = abovePrompt != null || terminals.output();
            if (verbose && !shown) {
                err.println(colour(TIME.format(LocalTime.now()) + " < " + describe(message), RECEIVED,
                        terminals.errors()));
                err.flush();
            }
            if (abovePrompt != null) {
                abovePrompt.accept(stamp() + colour("< " + shown(message), RECEIVED, true));
            } else {
                write(shown ? (stamp() + shown(message) + "\n").getBytes(UTF_8) : bytes(message));
            }
        } finally {
            lock.unlock();
        }
    }

    private void write(byte[] bytes) throws OutputGoneException {
        try {
            out.write(bytes);
            out.flush();
        } catch (IOException e) {
            throw new OutputGoneException(e);
        }
    }

    private String stamp() {
        return verbose ? TIME.format(LocalTime.now()) + " " : "";
    }

    private String shown(Message message) {
        return switch (message) {
            case Message.Text(String text) when form != Form.BASE64 -> PeerText.lines(text, MOST_CHARACTERS);
            case Message.Binary(byte[] bytes) when form != Form.BASE64 -> PeerText.binary(bytes, MOST_BYTES);
            default -> Base64.getEncoder().encodeToString(payload(message));
        };
    }

    private byte[] bytes(Message message) {
        byte[] payload = payload(message);
        if (form == Form.BINARY) {
            return payload;
        }
        byte[] line = form == Form.BASE64 ? Base64.getEncoder().encode(payload) : payload;
        byte[] ended = new byte[line.length + 1];
        System.arraycopy(line, 0, ended, 0, line.length);
        ended[line.length] = '\n';
        return ended;
    }

    private static byte[] payload(Message message) {
        return switch (message) {
            case Message.Text(String text) -> text.getBytes(UTF_8);
            case Message.Binary(byte[] bytes) -> bytes;
            case Message.Close end -> throw new IllegalArgumentException("the end is not a message");
        };
    }

    private static String describe(Message message) {
        return switch (message) {
            case Message.Text(String text) -> "text (" + PeerText.bytes(text.getBytes(UTF_8).length) + ") "
                    + PeerText.line(text, MOST_IN_LOG);
            case Message.Binary(byte[] bytes) -> "binary " + PeerText.binary(bytes, MOST_IN_LOG / 4);
            case Message.Close(var status) -> status.toString();
        };
    }

    /** Shows a message that was sent, with {@code --verbose} only. */
    void sent(Message message) {
        log("> " + describe(message), SENT);
    }

    /** Writes a line, with {@code --verbose} only. The caller has escaped text of the peer in it. */
    void detail(String line) {
        log(line, NOTE);
    }

    private void log(String line, String colour) {
        if (verbose) {
            say(TIME.format(LocalTime.now()) + " " + line, colour);
        }
    }

    /** Writes a line for a waiting user at a terminal. The caller has escaped text of the peer in it. */
    void note(String line) {
        say(line, NOTE);
    }

    /** Writes a line about a problem. The caller has escaped text of the peer in it. */
    void trouble(String line) {
        say("connect: " + line, TROUBLE);
    }

    private void say(String line, String colour) {
        lock.lock();
        try {
            if (abovePrompt != null) {
                abovePrompt.accept(colour(line, colour, true));
            } else {
                err.println(colour(line, colour, terminals.errors()));
                err.flush();
            }
        } finally {
            lock.unlock();
        }
    }

    private String colour(String line, String colour, boolean terminal) {
        return terminal && terminals.colours() ? "\u001b[" + colour + "m" + line + "\u001b[0m" : line;
    }
}
