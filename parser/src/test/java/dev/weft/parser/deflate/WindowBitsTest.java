package dev.weft.parser.deflate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.Role;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.Deflater;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Every agreement on windows and context takeover, with codecs that do not use zlib and have exactly that window.
 */
class WindowBitsTest {
    private static final int MESSAGES = 1000;

    private static NegotiatedDeflate negotiated(int bits, boolean takeover) {
        return new NegotiatedDeflate(!takeover, !takeover, bits, bits);
    }

    @ParameterizedTest
    @CsvSource({"8,true", "8,false", "9,true", "9,false", "10,true", "10,false", "11,true", "11,false", "12,true",
            "12,false", "13,true", "13,false", "14,true", "14,false", "15,true", "15,false"})
    void whatIsSentCanBeReadWithTheAgreedWindow(int bits, boolean takeover) {
        Random random = new Random(bits);
        DeflateSettings settings = DeflateSettings.builder().maxIdleDeflaters(2).outgoingHistorySize(1 << bits).level(6)
                .build();
        try (DeflateCodecs codecs = new DeflateCodecs(settings)) {
            MessageDeflater deflater = codecs.deflater(negotiated(bits, takeover), Role.SERVER);
            MessageDeflater other = codecs.deflater(negotiated(15, true), Role.SERVER);
            NaiveInflater inflater = new NaiveInflater(bits, takeover);
            for (int n = 0; n < MESSAGES; n++) {
                byte[] message = SampleMessages.numbered(n, random);
                byte[] payload = random.nextBoolean()
                        ? SampleMessages.deflated(deflater, message, random)
                        : SampleMessages.deflated(deflater, message);
                assertArrayEquals(message, inflater.message(payload), () -> "message of " + message.length);
                // From time to time the connection is idle, and others use its compressor.
                for (int i = random.nextInt(20) - 16; i > 0; i--) {
                    SampleMessages.deflated(other, SampleMessages.text(100, random));
                }
            }
            if (bits < 15) {
                assertTrue(inflater.furthest() > 3 << bits - 2, () -> "the window is used: " + inflater.furthest());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"8,true", "8,false", "9,true", "9,false", "10,true", "10,false", "11,true", "11,false", "12,true",
            "12,false", "13,true", "13,false", "14,true", "14,false", "15,true", "15,false"})
    void whatComesMayUseAllOfTheAgreedWindow(int bits, boolean takeover) throws Exception {
        Random random = new Random(bits);
        try (DeflateCodecs codecs = new DeflateCodecs(DeflateSettings.DEFAULT)) {
            MessageInflater inflater = codecs.inflater(negotiated(bits, takeover), Role.SERVER);
            NaiveDeflater deflater = new NaiveDeflater(bits, takeover, random);
            for (int n = 0; n < MESSAGES; n++) {
                byte[] message = SampleMessages.numbered(n, random);
                byte[] payload = deflater.payload(message);
                assertArrayEquals(message, SampleMessages.inflated(inflater, payload, random),
                        () -> "of " + message.length);
                assertTrue(inflater.retainedSize() <= (takeover ? 1 << bits : 0));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1,true", "6,true", "9,true", "1,false", "6,false", "9,false"})
    void whatZlibSendsIsRead(int level, boolean takeover) throws Exception {
        Random random = new Random(level);
        byte[] target = new byte[1 << 18];
        Deflater zlib = new Deflater(level, true);
        try (DeflateCodecs codecs = new DeflateCodecs(DeflateSettings.DEFAULT)) {
            MessageInflater inflater = codecs.inflater(negotiated(15, takeover), Role.CLIENT);
            for (int n = 0; n < MESSAGES; n++) {
                byte[] message = SampleMessages.numbered(n, random);
                if (message.length == 0) {
                    continue;
                }
                if (!takeover) {
                    zlib.reset();
                }
                zlib.setInput(message);
                int length = zlib.deflate(target, 0, target.length, Deflater.SYNC_FLUSH) - 4;
                byte[] payload = Arrays.copyOf(target, length);
                assertArrayEquals(message, SampleMessages.inflated(inflater, payload, random));
            }
            assertEquals(takeover ? 1 << 15 : 0, inflater.retainedSize());
        } finally {
            zlib.end();
        }
    }

    @ParameterizedTest
    @CsvSource({"8", "12", "15"})
    void whatOneEndSendsTheOtherReads(int bits) throws Exception {
        Random random = new Random(bits);
        NegotiatedDeflate negotiated = new NegotiatedDeflate(false, true, bits, 15);
        try (DeflateCodecs codecs = new DeflateCodecs(DeflateSettings.DEFAULT)) {
            MessageDeflater serverOut = codecs.deflater(negotiated, Role.SERVER);
            MessageInflater clientIn = codecs.inflater(negotiated, Role.CLIENT);
            MessageDeflater clientOut = codecs.deflater(negotiated, Role.CLIENT);
            MessageInflater serverIn = codecs.inflater(negotiated, Role.SERVER);
            for (int n = 0; n < MESSAGES; n++) {
                byte[] message = SampleMessages.numbered(n, random);
                byte[] request = SampleMessages.deflated(clientOut, message, random);
                assertArrayEquals(message, SampleMessages.inflated(serverIn, request, random));
                byte[] reply = SampleMessages.deflated(serverOut, message, random);
                assertArrayEquals(message, SampleMessages.inflated(clientIn, reply, random));
                assertEquals(0, serverIn.retainedSize());
                assertEquals(0, clientOut.retainedSize());
            }
            assertTrue(serverOut.retainedSize() <= Math.min(1 << bits, 2048));
        }
    }
}
