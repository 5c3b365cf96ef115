package dev.weft.bench.parser;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.FrameWriter;
import dev.weft.parser.Opcode;
import dev.weft.parser.Role;
import dev.weft.parser.Utf8Validator;
import dev.weft.parser.http.RequestHead;
import io.netty.handler.codec.http.HttpRequest;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The baselines must do the same work as Weft. */
class BaselineTest {
    @ParameterizedTest
    @ValueSource(ints = {0, 16, 125, 126, 65_535, 65_536})
    void theNaiveFrameIsThatOfTheWriter(int payload) {
        byte[] bytes = new byte[payload];
        new Random(payload).nextBytes(bytes);
        for (Role role : Role.values()) {
            var writer = new FrameWriter(role, () -> 0x3d21fa37);
            byte[] expected = new byte[writer.headerLength(payload) + payload];
            writer.writeFrame(expected, 0, true, 0, Opcode.BINARY, bytes, 0, payload);
            byte[] actual = new byte[expected.length];
            var frame = NaiveFrame.write(role, bytes, 0x3d21fa37);
            assertEquals(expected.length, frame.remaining());
            frame.get(actual);
            assertArrayEquals(expected, actual);
        }
    }

    @ParameterizedTest
    @CsvSource({"ascii, 1", "latin, 2", "cjk, 3", "emoji, 4"})
    void textsAreValidAndOfTheirSizeAndKind(String kind, int longest) {
        for (int size : new int[]{1, 125, 1024, 16_384}) {
            byte[] text = Texts.of(kind, size);
            assertEquals(size, text.length);
            assertTrue(NaiveUtf8.isValid(text, 0, size));
            assertTrue(Utf8Validator.isValid(text, 0, size));
        }
        int most = new String(Texts.of(kind, 1024), UTF_8).codePoints()
                .map(each -> Character.toString(each).getBytes(UTF_8).length).max().orElseThrow();
        assertEquals(longest, most);
    }

    @ParameterizedTest
    @ValueSource(strings = {"80", "c0af", "c1bf", "e08080", "eda080", "f0808080", "f4908080", "f5", "e282", "c2",
            "c241"})
    void theNaiveValidationRefusesWhatIsNotUtf8(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        assertFalse(NaiveUtf8.isValid(bytes, 0, bytes.length));
    }

    @Test
    void allReadTheSameHead() throws Exception {
        byte[] bytes = BrowserHead.bytes();
        RequestHead weft = BrowserHead.byWeft(bytes);
        HttpRequest netty = new NettyHead().parse(bytes);
        Map<String, String> split = BrowserHead.split(bytes);
        assertEquals(split.size() - 1, netty.headers().size());
        assertEquals("GET " + weft.target() + " HTTP/1.1", split.get(""));
        assertEquals(weft.target(), netty.uri());
        split.forEach((name, value) -> {
            if (!name.isEmpty()) {
                assertEquals(value, weft.headers().first(name).orElseThrow());
                assertEquals(value, netty.headers().get(name));
            }
        });
    }
}
