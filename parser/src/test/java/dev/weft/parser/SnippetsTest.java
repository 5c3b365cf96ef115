package dev.weft.parser;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import org.junit.jupiter.api.Test;

class SnippetsTest {
    @Test
    void readSnippetMustReadWhatTheWriteSnippetWrites() throws Exception {
        byte[] large = Vectors.random(100_000);
        var wire = new ByteArrayOutputStream();
        Snippets.write(wire, large.clone());
        var payloads = new ByteArrayOutputStream();
        Snippets.parse(new ByteArrayInputStream(wire.toByteArray()), payloads);
        assertArrayEquals(Hex.join(Vectors.utf8("Hello"), large), payloads.toByteArray());
    }
}
