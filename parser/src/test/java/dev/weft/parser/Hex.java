package dev.weft.parser;

import java.io.ByteArrayOutputStream;
import java.util.HexFormat;

/** Bytes as tests write them: pairs of hex digits, with spaces where they help. */
final class Hex {
    private Hex() {}

    static byte[] of(String digits) {
        return HexFormat.of().parseHex(digits.replace(" ", ""));
    }

    static String string(byte[] bytes) {
        return bytes.length <= 64
                ? HexFormat.ofDelimiter(" ").formatHex(bytes)
                : HexFormat.ofDelimiter(" ").formatHex(bytes, 0, 64) + " … " + bytes.length + " bytes";
    }

    static byte[] join(byte[]... parts) {
        var joined = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            joined.writeBytes(part);
        }
        return joined.toByteArray();
    }
}
