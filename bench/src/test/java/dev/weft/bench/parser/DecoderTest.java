package dev.weft.bench.parser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.zip.CRC32;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** No decoder may be measured while it does nothing: each must deliver every byte of the payload, unmasked. */
class DecoderTest {
    private static final String[] PAYLOADS = {"0", "16", "125", "126", "1024", "16384", "65536", "1048576", "mixed"};
    private static final String[] FEEDS = {"reads", "whole", "sliced"};

    @ParameterizedTest
    @ValueSource(strings = {"weft", "netty-heap", "netty-direct", "java-websocket", "jetty", "helidon",
            "okhttp"})
    void everyByteOfPayloadIsDeliveredUnmasked(String name) throws Exception {
        for (String payload : PAYLOADS) {
            for (String feed : FEEDS) {
                var stream = new FrameStream(payload, feed);
                CRC32 expected = new CRC32();
                long bytes = unmaskNaively(stream.bytes(), expected);
                CRC32 actual = new CRC32();
                try (Decoder decoder = Decoder.of(name, stream, actual)) {
                    assertEquals(bytes, decoder.decode(stream.frames()), payload + ", " + feed);
                }
                assertEquals(expected.getValue(), actual.getValue(), payload + ", " + feed);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"copy, reads", "copy, sliced", "copy+xor, reads", "copy+xor, whole"})
    void baselinesReadAsManyBytesAsTheFramesHave(String name, String feed) throws Exception {
        var stream = new FrameStream("125", feed);
        int rounds = 10;
        try (Decoder decoder = Decoder.of(name, stream, null)) {
            long read = decoder.decode(rounds * stream.frames());
            long all = (long) rounds * stream.bytes().length;
            assertEquals(all, read, stream.largestRegion() + 1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "undertow"})
    void anUnknownDecoderIsRefused(String name) {
        assertThrows(IllegalArgumentException.class, () -> Decoder.of(name, new FrameStream("0", "reads"), null));
    }

    /** Reads the frames without any of the code that is measured. */
    private static long unmaskNaively(byte[] bytes, CRC32 check) {
        long total = 0;
        int at = 0;
        while (at < bytes.length) {
            int length = bytes[at + 1] & 0x7f;
            int extended = length < 126 ? 0 : length == 126 ? 2 : 8;
            at += 2;
            if (extended > 0) {
                length = 0;
                for (int i = 0; i < extended; i++) {
                    length = length << 8 | bytes[at++] & 0xff;
                }
            }
            byte[] payload = new byte[length];
            for (int i = 0; i < length; i++) {
                payload[i] = (byte) (bytes[at + 4 + i] ^ bytes[at + (i & 3)]);
            }
            check.update(payload);
            total += length;
            at += 4 + length;
        }
        return total;
    }
}
