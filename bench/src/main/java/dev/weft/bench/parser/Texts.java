package dev.weft.bench.parser;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Random;

/** Valid UTF-8 of many kinds. */
final class Texts {
    private Texts() {}

    /**
     * Text of this number of bytes.
     *
     * @param kind {@code ascii}; {@code latin}: one character in eight has two bytes; {@code cjk}: all have three bytes except
     *             spaces; {@code emoji}: all have four
     */
    static byte[] of(String kind, int size) {
        var random = new Random(1);
        StringBuilder text = new StringBuilder();
        int bytes = 0;
        while (bytes < size) {
            int codePoint = switch (kind) {
                case "ascii" -> random.nextInt(' ', 127);
                case "latin" -> random.nextInt(8) == 0 ? random.nextInt(0xc0, 0x180) : random.nextInt('a', 'z' + 1);
                case "cjk" -> random.nextInt(16) == 0 ? ' ' : random.nextInt(0x4e00, 0x9fa0);
                case "emoji" -> random.nextInt(0x1f300, 0x1f600);
                default -> throw new IllegalArgumentException("no such text: " + kind);
            };
            int length = codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
            if (bytes + length > size) {
                codePoint = '.';
                length = 1;
            }
            text.appendCodePoint(codePoint);
            bytes += length;
        }
        return text.toString().getBytes(UTF_8);
    }
}
