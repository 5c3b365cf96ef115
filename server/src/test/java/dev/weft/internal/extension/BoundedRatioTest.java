package dev.weft.internal.extension;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weft.ConnectionLimits;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Role;
import dev.weft.parser.deflate.DeflateCodecs;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.deflate.NegotiatedDeflate;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BoundedRatioTest {
    private static final int SAVED = 1 << 16;
    private static final byte[] BYTES = new byte[SAVED * 4];

    /** Takes as many bytes as it is told, and returns as many as it is asked for. */
    private static final class Endless implements Extension.Transform {
        @Override
        public void input(byte[] array, int from, int to, boolean last) {}

        @Override
        public int output(byte[] target, int from, int to) {
            return to - from;
        }

        @Override
        public void close() {}
    }

    private final BoundedRatio bounded = new BoundedRatio(new Endless(), 10);

    private void input(int count) throws ProtocolViolationException {
        bounded.input(BYTES, 0, count, false);
    }

    private int output(int count) throws ProtocolViolationException {
        return bounded.output(BYTES, 0, count);
    }

    @Test
    void aSmallStartMustPass() throws Exception {
        input(1);
        assertEquals(SAVED + 10, output(SAVED + 10));
    }

    @Test
    void moreThanTheRatioMustFail() throws Exception {
        input(1);
        output(SAVED);
        for (int i = 0; i < 100; i++) {
            input(7);
            output(70);
        }
        input(1);
        output(20);
        ProtocolViolationException violation = assertThrows(ProtocolViolationException.class, () -> output(1));
        assertEquals(1008, violation.closeCode());
        assertEquals(Optional.of("maxCompressionRatio"), violation.limit());
    }

    @Test
    void whatIsSavedMustBeBounded() throws Exception {
        input(SAVED);
        input(0);
        output(SAVED);
        assertThrows(ProtocolViolationException.class, () -> output(1));
    }

    @Test
    void theDefaultMustCostNothing() {
        DeflateSettings settings = DeflateSettings.DEFAULT;
        NegotiatedDeflate agreed = new NegotiatedDeflate(false, false, 15, 15);
        try (DeflateCodecs codecs = new DeflateCodecs(settings)) {
            assertFalse(new DeflateExtension(agreed, settings, codecs, Role.SERVER)
                    .decoder() instanceof BoundedRatio);
            assertInstanceOf(BoundedRatio.class, new DeflateExtension(agreed, settings, codecs, Role.SERVER,
                    ConnectionLimits.builder().maxCompressionRatio(1031).build()).decoder());
        }
    }
}
