package dev.weft.bench.deflate;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.math.BigInteger;
import java.util.Arrays;
import java.util.Random;

/** Messages like those of a market data feed: JSON, similar but never identical. */
public final class Corpus {
    /** Larger than any window, so that context helps no more than it does in practice. */
    private static final int BYTES = 1 << 20;
    private static final String[] SYMBOLS = {"AAPL", "MSFT", "GOOG", "AMZN", "NVDA", "SAP", "ASML", "TSLA"};

    private Corpus() {}

    /** Messages of this size in bytes. Their number is prime, so that each of several connections gets all of them. */
    public static byte[][] messages(int size) {
        Random random = new Random(7692);
        byte[][] messages = new byte[BigInteger.valueOf(BYTES / size).nextProbablePrime().intValue()][];
        for (int n = 0; n < messages.length; n++) {
            StringBuilder text = new StringBuilder("[");
            while (text.length() < size) {
                text.append("{\"type\":\"trade\",\"symbol\":\"").append(SYMBOLS[random.nextInt(SYMBOLS.length)])
                        .append("\",\"price\":").append(random.nextInt(100_000) / 100.0).append(",\"quantity\":")
                        .append(random.nextInt(1000)).append(",\"sequence\":").append(random.nextInt(1 << 30))
                        .append(",\"timestamp\":").append(1_700_000_000_000L + random.nextInt(1 << 30))
                        .append(",\"aggressor\":\"").append(random.nextBoolean() ? "buy" : "sell").append("\"},");
            }
            messages[n] = Arrays.copyOf(text.toString().getBytes(UTF_8), size);
        }
        return messages;
    }
}
