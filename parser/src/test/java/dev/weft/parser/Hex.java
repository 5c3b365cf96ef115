package dev.weft.parser;

import java.io.ByteArrayOutputStream;
import java.util.HexFormat;

/** Octets as tests write them: pairs of hex digits, spaces where they help. */
final class Hex {
    private Hex() {}

    static byte[] of(String digits) {
        return HexFormat.of().parseHex(digits.replace(" ", ""));
    }

    static String string(byte[] octets) {
        return octets.length <= 64
                ? HexFormat.ofDelimiter(" ").formatHex(octets)
                : HexFormat.ofDelimiter(" ").formatHex(octets, 0, 64) + " … " + octets.length + " octets";
    }

    static byte[] join(byte[]... parts) {
        var joined = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            joined.writeBytes(part);
        }
        return joined.toByteArray();
    }
}
