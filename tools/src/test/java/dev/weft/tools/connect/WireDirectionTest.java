package dev.weft.tools.connect;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WireDirectionTest {
    private static final String ACCEPTED = "HTTP/1.1 101 Switching Protocols\r\nA: b\r\n\r\n";

    private final List<String> lines = new ArrayList<>();
    private final WireDirection wire = new WireDirection(lines::add);

    private void show(String text) {
        wire.show(ByteBuffer.wrap(text.getBytes(ISO_8859_1)));
    }

    private static byte[] bytes(String hex) {
        return HexFormat.of().parseHex(hex.replace(" ", ""));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            81 05 48656c6c6f | frame TEXT FIN, 5 bytes
            81 85 37fa213d 7f9f4d5158 | frame TEXT FIN MASK, 5 bytes
            01 03 48656c | frame TEXT, 3 bytes
            80 02 6c6f | frame CONTINUATION FIN, 2 bytes
            c1 01 00 | frame TEXT FIN RSV1, 1 byte
            b3 00 | frame opcode 3 FIN RSV2 RSV3, 0 bytes
            89 05 48656c6c6f | frame PING FIN, 5 bytes: 48 65 6c 6c 6f
            8a 85 37fa213d 7f9f4d5158 | frame PONG FIN MASK, 5 bytes: 48 65 6c 6c 6f
            88 00 | frame CLOSE FIN, 0 bytes
            88 04 03e9 6f1b | frame CLOSE FIN, 4 bytes: 1001 "o\\u001b"
            88 01 03 | frame CLOSE FIN, 1 byte: 03
            82 7e 0100 | frame BINARY FIN, 256 bytes
            82 7f 0000000000010000 | frame BINARY FIN, 65536 bytes
            89 7e 0080 | frame PING FIN, 128 bytes
            """)
    void frameMustBeShownWhereverItsBytesAreCut(String hex, String line) {
        byte[] frame = bytes(hex);
        for (int cut = 0; cut <= frame.length; cut++) {
            List<String> shown = new ArrayList<>();
            WireDirection cutWire = new WireDirection(shown::add);
            cutWire.show(ByteBuffer.wrap(ACCEPTED.getBytes(ISO_8859_1)));
            shown.clear();
            cutWire.show(ByteBuffer.wrap(frame, 0, cut));
            cutWire.show(ByteBuffer.wrap(frame, cut, frame.length - cut));
            assertEquals(List.of(line), shown, "cut at " + cut);
        }
    }

    @Test
    void payloadMustNotBeTakenForFrames() {
        show(ACCEPTED);
        wire.show(ByteBuffer.wrap(bytes("82 02 8100 81 00")));
        assertEquals(List.of("HTTP/1.1 101 Switching Protocols", "A: b", "frame BINARY FIN, 2 bytes",
                "frame TEXT FIN, 0 bytes"), lines);
    }

    @Test
    void requestMustBeFollowedByFrames() {
        show("GET / HTTP/1.1\r\nHost: a\r\n\r\n\u0081\u0080\u0000\u0000\u0000\u0000");
        assertEquals(List.of("GET / HTTP/1.1", "Host: a", "frame TEXT FIN MASK, 0 bytes"), lines);
    }

    @Test
    void interimResponseMustBeFollowedByAnother() {
        show("HTTP/1.1 103 Early Hints\r\n\r\n" + ACCEPTED);
        assertEquals(List.of("HTTP/1.1 103 Early Hints", "HTTP/1.1 101 Switching Protocols", "A: b"), lines);
    }

    @Test
    void bodyAndControlCharactersMustNotBeShown() {
        show("HTTP/1.1 404 No\u001b\r\n\r\nnothing here\r\n\r\n");
        assertEquals(List.of("HTTP/1.1 404 No\\u001b"), lines);
    }
}
