package dev.weft.tools.connect;

import java.io.IOError;
import java.io.IOException;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.DefaultParser;
import org.jline.reader.impl.completer.StringsCompleter;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/** Reads lines from a terminal, with editing and the history of this run; messages appear above the line being typed. */
final class Prompt implements TypedInput.Lines, AutoCloseable {
    private final Terminal terminal;
    private final LineReader reader;

    /**
     * Takes over the terminal.
     *
     * @throws IOException if there is no terminal
     */
    Prompt() throws IOException {
        this(TerminalBuilder.builder().system(true).exec(true).jni(false).ffm(false).dumb(true).build());
    }

    /** A prompt on this terminal, which it owns. */
    Prompt(Terminal terminal) {
        this.terminal = terminal;
        DefaultParser words = new DefaultParser();
        words.setEofOnUnclosedQuote(false);
        words.setEscapeChars(null);
        words.setQuoteChars(new char[0]);
        this.reader = LineReaderBuilder.builder().terminal(terminal).parser(words)
                .completer(new StringsCompleter(TypedInput.COMMANDS))
                .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true).build();
    }

    /** Writes a line above the prompt. For any thread. */
    void above(String line) {
        reader.printAbove(line);
    }

    @Override
    public String next() {
        while (true) {
            try {
                return reader.readLine("> ");
            } catch (EndOfFileException e) {
                return null;
            } catch (UserInterruptException e) {
                if (e.getPartialLine().isEmpty()) {
                    return null;
                }
                // The user gave up only the line.
            } catch (IOError | IllegalStateException e) {
                // A signal ends the process: the terminal has been restored.
                return null;
            }
        }
    }

    /** Restores the terminal. */
    @Override
    public void close() throws IOException {
        terminal.close();
    }
}
