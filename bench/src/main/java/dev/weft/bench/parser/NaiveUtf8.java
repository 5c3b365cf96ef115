package dev.weft.bench.parser;

/** A naive validation: code point by code point, with the table of RFC 3629 §4 as conditions. */
final class NaiveUtf8 {
    private NaiveUtf8() {}

    /** Whether these bytes are one valid text. */
    static boolean isValid(byte[] array, int from, int to) {
        int at = from;
        while (at < to) {
            int first = array[at++] & 0xff;
            if (first < 0x80) {
                continue;
            }
            int tail = first < 0xc2 ? -1 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : -1;
            if (tail < 0 || to - at < tail) {
                return false;
            }
            int second = array[at] & 0xff;
            int least = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
            int most = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
            if (second < least || second > most) {
                return false;
            }
            for (int i = 1; i < tail; i++) {
                if ((array[at + i] & 0xc0) != 0x80) {
                    return false;
                }
            }
            at += tail;
        }
        return true;
    }
}
