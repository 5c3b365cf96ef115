package dev.weft.tools;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class WeftProgramTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... args) {
        return WeftProgram.run(new PrintWriter(out), new PrintWriter(err), args);
    }

    @Test
    void helpMustNameEveryCommand() {
        assertEquals(0, run("--help"));
        for (String command : List.of("echo", "connect", "conform", "load", "bench", "completion")) {
            assertTrue(out.toString().contains("\n  " + command), out.toString());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"connect", "completion", "echo", "load", "bench"})
    void helpOfEveryCommandMustHaveItsExitCodes(String command) {
        assertEquals(0, run(command, "--help"));
        assertTrue(out.toString().matches("(?s).*Exit codes:\n +0 .*\n +2 .*"), out.toString());
    }

    @Test
    void wrongCommandLineMustBeOneLine() {
        assertEquals(2, run());
        assertEquals("weft: which command? (--help shows all commands)\n", err.toString());
        err.getBuffer().setLength(0);
        assertEquals(2, run("connekt"));
        assertEquals(1, err.toString().lines().count(), err.toString());
    }

    @Test
    void benchMustSayWhatRunsIt() {
        assertEquals(2, run("bench", "parser", "--quick"));
        assertEquals("weft: bench is run by scripts/weft, in the source tree (--help shows all commands)\n",
                err.toString());
    }

    @Test
    void completionMustOfferCommandsAndOptions(@TempDir Path folder) throws Exception {
        assertEquals(0, run("completion"));
        Path script = Files.writeString(folder.resolve("weft"), out.toString());
        assertEquals(List.of("connect", "conform", "completion"), complete(script, "weft", "co"));
        assertEquals(List.of("--subprotocol"), complete(script, "weft", "connect", "--subp"));
    }

    /** The completions that bash offers for the last word. */
    private static List<String> complete(Path script, String... words) throws IOException, InterruptedException {
        Process bash = new ProcessBuilder("bash", "-c", "source " + script + "; COMP_WORDS=(" + String.join(" ", words)
                + "); COMP_CWORD=" + (words.length - 1)
                + "; _complete_weft; printf '%s\\n' \"${COMPREPLY[@]}\"").redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        bash.getOutputStream().close();
        assertTrue(bash.waitFor(20, TimeUnit.SECONDS), "bash hangs");
        return bash.inputReader().lines().map(String::strip).toList();
    }
}
