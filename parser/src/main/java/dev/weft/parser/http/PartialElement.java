package dev.weft.parser.http;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The beginning of an element (method, target, name, value) that is split across regions. The parsers that append to it
 * count the bytes, so it never exceeds twice their limits. It has no array until an element is split.
 */
final class PartialElement {

    private static final byte[] NONE = {};
    private static final int FIRST_CAPACITY = 64;

    private byte[] bytes = NONE;
    private int length;

    void append(byte[] array, int from, int to) {
        int needed = length + to - from;
        if (needed > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(needed, Math.max(FIRST_CAPACITY, 2 * bytes.length)));
        }
        System.arraycopy(array, from, bytes, length, to - from);
        length = needed;
    }

    /** Returns what was kept, followed by these bytes, as ISO-8859-1. Afterwards it is empty. */
    String take(byte[] array, int from, int to) {
        if (length == 0) {
            return new String(array, from, to - from, StandardCharsets.ISO_8859_1);
        }
        append(array, from, to);
        String text = new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
        length = 0;
        return text;
    }
}
