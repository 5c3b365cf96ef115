package dev.weft.internal.http;

import java.util.Optional;

/**
 * The part of a file that a request asks for (RFC 9110 §14.1.2).
 *
 * @param first the offset of the first byte
 * @param last  the offset of the last byte; less than {@code first} if no byte of the file is requested
 */
public record ByteRange(long first, long last) {
    /** A range of bytes that the file does not have; the response is 416. */
    public static final ByteRange UNSATISFIABLE = new ByteRange(0, -1);

    private static final String UNIT = "bytes=";
    private static final int MOST_DIGITS = 18;

    /**
     * Parses the value of a Range header. Empty if it is not a single range of bytes: then the header is ignored, and the whole
     * file is sent.
     *
     * @param length the length of the file in bytes
     */
    public static Optional<ByteRange> of(String value, long length) {
        if (!value.regionMatches(true, 0, UNIT, 0, UNIT.length())) {
            return Optional.empty();
        }
        String range = value.substring(UNIT.length()).strip();
        int dash = range.indexOf('-');
        String from = range.substring(0, Math.max(dash, 0));
        String to = range.substring(dash + 1);
        if (dash < 0 || !isNumber(from) || !isNumber(to) || from.isEmpty() && to.isEmpty()) {
            return Optional.empty();
        }
        if (from.isEmpty()) {
            long count = Math.min(number(to), length);
            return Optional.of(count == 0 ? UNSATISFIABLE : new ByteRange(length - count, length - 1));
        }
        long first = number(from);
        long last = to.isEmpty() ? Long.MAX_VALUE : number(to);
        if (last < first) {
            return Optional.empty();
        }
        return Optional.of(first >= length ? UNSATISFIABLE : new ByteRange(first, Math.min(last, length - 1)));
    }

    private static boolean isNumber(String text) {
        return text.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    /** A number beyond all file sizes is as good as the largest one. */
    private static long number(String digits) {
        int zeros = 0;
        while (zeros < digits.length() - 1 && digits.charAt(zeros) == '0') {
            zeros++;
        }
        return digits.length() - zeros > MOST_DIGITS
                ? Long.MAX_VALUE
                : Long.parseLong(digits, zeros, digits.length(), 10);
    }

    /** The number of bytes. */
    public long count() {
        return last - first + 1;
    }
}
