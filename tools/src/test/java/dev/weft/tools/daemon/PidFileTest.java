package dev.weft.tools.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class PidFileTest {
    private static final String OWN = ProcessHandle.current().pid() + "\n";

    @TempDir
    private Path folder;

    @Test
    void aFileLeftOverMustNotCountEvenIfItsNumberIsInUse() throws Exception {
        Path file = Files.writeString(folder.resolve("a.pid"), ProcessHandle.current().parent().orElseThrow().pid()
                + "\n and a rest that is longer than the number\n");
        try (PidFile taken = PidFile.take(file)) {
            assertEquals(OWN, Files.readString(file), taken::toString);
        }
        assertFalse(Files.exists(file));
    }

    @Test
    void twoServersMustNotHaveTheSameFile() throws Exception {
        Path file = folder.resolve("a.pid");
        try (PidFile taken = PidFile.take(file)) {
            assertEquals(file + " belongs to a server that is running, with the pid " + OWN.strip(),
                    assertThrows(IOException.class, () -> PidFile.take(file), taken::toString).getMessage());
        }
        PidFile.take(file).close();
    }

    @Test
    void anotherFileMustNotBeOverwritten() throws Exception {
        Path file = Files.writeString(folder.resolve("notes"), "1 thing to do\n");
        assertEquals(file + " is not a pid file: its first line is not a number",
                assertThrows(IOException.class, () -> PidFile.take(file)).getMessage());
        assertEquals("1 thing to do\n", Files.readString(file));
        assertEquals("the pid file " + folder + " cannot be written: Is a directory",
                assertThrows(IOException.class, () -> PidFile.take(folder)).getMessage());
    }

    @Test
    void anEmptyFileMayBeTaken() throws Exception {
        Path file = Files.createFile(folder.resolve("a.pid"));
        try (PidFile taken = PidFile.take(file)) {
            assertEquals(OWN, Files.readString(file), taken::toString);
        }
    }

    @Test
    void aMissingFolderIsNamed() {
        Path file = folder.resolve("missing/a.pid");
        assertEquals(file + " cannot be created: the folder does not exist",
                assertThrows(IOException.class, () -> PidFile.take(file)).getMessage());
    }
}
