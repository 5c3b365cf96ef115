package dev.weft.parser.http;

/**
 * The limits of a request head. A peer is refused at the first byte beyond a limit, so no more than the limit is ever kept.
 *
 * @param requestLineLength
 *            bytes of the request line, without its line end; 8,192 by default; beyond: 414
 * @param headerLineLength
 *            bytes of one header line, without its line end; 8,192 by default; beyond: 431
 * @param headerCount
 *            header lines; 100 by default; beyond: 431
 * @param headersLength
 *            bytes of all header lines together, without their line ends; 32,768 by default; beyond: 431. A head being parsed
 *            holds about this much, and its strings' overhead, on the heap
 */
public record HttpLimits(int requestLineLength, int headerLineLength, int headerCount, int headersLength) {

    /** 8 KiB for a line, 100 header lines, 32 KiB of them. */
    public static final HttpLimits DEFAULT = new HttpLimits(8192, 8192, 100, 32_768);

    /**
     * @throws IllegalArgumentException
     *             if a limit is not positive
     */
    public HttpLimits {
        requirePositive("requestLineLength", requestLineLength);
        requirePositive("headerLineLength", headerLineLength);
        requirePositive("headerCount", headerCount);
        requirePositive("headersLength", headersLength);
    }

    private static void requirePositive(String setting, int value) {
        if (value <= 0) {
            throw new IllegalArgumentException(setting + " must be positive, not " + value);
        }
    }
}
