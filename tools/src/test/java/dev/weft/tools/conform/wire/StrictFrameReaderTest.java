package dev.weft.tools.conform.wire;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StrictFrameReaderTest {
    private static StrictFrameReader reader(String bytes, AgreedParameters agreement) {
        return new StrictFrameReader(new ByteArrayInputStream(HexFormat.of().parseHex(bytes.replace(" ", ""))),
                Side.SERVER, agreement,
                1000,
                new Transcript());
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "8185 00000000 48656c6c6f", // masked
            "c100", "a100", "9100", // RSV bits without an agreement
            "8300", "8b00", // reserved opcodes
            "827e 0001 00", "827f 0000000000000001 00", "827f 000000000000ffff", // not minimal
            "827f 8000000000000000", // top bit
            "0900", "897e 007e", // control frames that are fragmented or too long
            "8000", // continues nothing
            "0100 8100", // begins a message inside another
            "8801 03", "8802 03ed", "8802 03ee", "8802 03f7", "8802 03e7", "8802 0bb7", // close payloads and codes
            "8803 03e8 ff", // reason that is not UTF-8
            "8205 00", // ends inside a frame
            "827e 03e9" // more bytes than it received
    })
    void violationsAreFailures(String bytes) {
        StrictFrameReader reader = reader(bytes, null);
        assertThrows(Failure.class, () -> {
            while (!(reader.read().event() instanceof Event.End)) {
                // The violation may be reported later.
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "4101 f2 c007 48cdc9c90700", // RSV1 on a continuation
            "c900", // RSV1 on a ping
            "e107 f248cdc9c90700", // RSV2
            "c105 f200110000", // refers to nothing
            "c102 0600" // no deflate block
    })
    void violationsOfAnAgreementAreFailures(String bytes) {
        StrictFrameReader reader = reader(bytes, new AgreedParameters(false, false, 15, 15));
        assertThrows(Failure.class, reader::read);
    }

    @Test
    void contextThatWasGivenUpIsNotKept() throws IOException {
        String twice = "c107 f248cdc9c90700 c105 f200110000"; // RFC 7692 §7.2.3.2
        StrictFrameReader keeping = reader(twice, new AgreedParameters(false, false, 15, 15));
        keeping.read();
        assertArrayEquals(new byte[]{'H', 'e', 'l', 'l', 'o'},
                assertInstanceOf(Event.Message.class, keeping.read().event()).payload());
        StrictFrameReader forgetting = reader(twice, new AgreedParameters(true, false, 15, 15));
        forgetting.read();
        assertThrows(Failure.class, forgetting::read);
    }

    @Test
    void fragmentsMakeMessageAndControlFramesMayComeBetween() throws IOException {
        StrictFrameReader reader = reader("0103 48656c 8900 8a01 78 8002 6c6f 8802 03e8", null);
        assertEquals(0, reader.read().ping().length);
        assertEquals(1, assertInstanceOf(Event.Pong.class, reader.read().event()).payload().length);
        Event.Message message = assertInstanceOf(Event.Message.class, reader.read().event());
        assertArrayEquals(new byte[]{'H', 'e', 'l', 'l', 'o'}, message.payload());
        assertEquals(new Event.Close(1000, ""), reader.read().event());
        assertEquals(new Event.End(false), reader.read().event());
    }
}
