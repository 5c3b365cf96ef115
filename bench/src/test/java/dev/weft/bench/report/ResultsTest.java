package dev.weft.bench.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultsTest {
    @TempDir
    private Path folder;

    @Test
    void whatIsWrittenIsReadAgain() throws IOException {
        Results results = Samples.results(List.of(new Remark("echo", "No TLS; \"µs\" <b>.")), Samples.echo());
        results.write(folder);
        assertEquals(results, Results.read(folder.resolve("results.json")));
        assertEquals(results, Results.read(folder), "from its folder");
        assertEquals(List.of(folder.resolve("results.json")), List.of(Files.list(folder).toArray()),
                "nothing else is left");
    }

    @Test
    void anotherVersionIsRefused() throws IOException {
        Samples.results(Samples.cpu("s", "Weft", 1.0)).write(folder);
        Path file = folder.resolve("results.json");
        Files.writeString(file, Files.readString(file).replace("\"version\": 1", "\"version\": 7"));
        IOException refusal = assertThrows(IOException.class, () -> Results.read(file));
        assertTrue(refusal.getMessage().contains("version 7"), refusal.getMessage());
    }

    @Test
    void anUnknownFieldIsPassedOver() throws IOException {
        Results results = Samples.results(Samples.cpu("s", "Weft", 1.0));
        results.write(folder);
        Path file = folder.resolve("results.json");
        Files.writeString(file,
                Files.readString(file).replace("\"version\": 1", "\"colour\": \"red\", \"version\": 1"));
        assertEquals(results, Results.read(file));
    }

    @Test
    void whatIsNoResultIsRefusedWithTheNameOfTheFile() throws IOException {
        for (String text : List.of("", "{}", "[]", "{\"version\": 1}", "no JSON", "null",
                "{\"version\": 1, \"started\": \"now\", \"machine\": {}, \"remarks\": [], \"measurements\": []}")) {
            Path file = Files.writeString(folder.resolve("bad.json"), text);
            IOException refusal = assertThrows(IOException.class, () -> Results.read(file), text);
            assertTrue(refusal.getMessage().contains("bad.json is not a result"), refusal.getMessage());
        }
    }
}
