package dev.weft.parser.proxy;

import java.util.Arrays;
import java.util.Optional;
import java.util.StringJoiner;

/** IP addresses as text: strict, because each proxy that is more lenient may mean another address. */
final class IpLiteral {
    private static final int GROUPS = 8;

    private IpLiteral() {}

    /** Four decimal numbers of 0 to 255 without leading zeros; empty if it is anything else. */
    static Optional<byte[]> parse4(String text) {
        byte[] bytes = new byte[4];
        int at = 0;
        for (int i = 0; i < bytes.length; i++) {
            int end = i == bytes.length - 1 ? text.length() : text.indexOf('.', at);
            int number = end < 0 ? -1 : ForwardedAddress.port(text.substring(Math.min(at, end), end));
            if (number < 0 || number > 255) {
                return Optional.empty();
            }
            bytes[i] = (byte) number;
            at = end + 1;
        }
        return Optional.of(bytes);
    }

    /** RFC 4291 §2.2, all three forms, without a zone; empty if it is anything else. */
    static Optional<byte[]> parse6(String text) {
        int gap = text.indexOf("::");
        if (gap < 0) {
            byte[] all = groups(text);
            return all.length == 2 * GROUPS ? Optional.of(all) : Optional.empty();
        }
        String head = text.substring(0, gap);
        String tail = text.substring(gap + 2);
        byte[] first = groups(head);
        byte[] last = groups(tail);
        // The gap stands for one group at least. Only the last groups may be an IPv4 address.
        if (first.length == 0 != head.isEmpty() || last.length == 0 != tail.isEmpty() || head.indexOf('.') >= 0
                || first.length + last.length > 2 * (GROUPS - 1)) {
            return Optional.empty();
        }
        byte[] bytes = Arrays.copyOf(first, 2 * GROUPS);
        System.arraycopy(last, 0, bytes, bytes.length - last.length, last.length);
        return Optional.of(bytes);
    }

    /** The bytes of groups that colons separate, the last of which may be an IPv4 address; none if they are malformed. */
    private static byte[] groups(String text) {
        String[] parts = text.split(":", GROUPS + 1);
        byte[] bytes = new byte[2 * parts.length + 2];
        int length = 0;
        for (int i = 0; i < parts.length; i++) {
            String part = parts[i];
            if (i == parts.length - 1 && part.indexOf('.') >= 0) {
                Optional<byte[]> four = parse4(part);
                if (four.isEmpty()) {
                    return new byte[0];
                }
                System.arraycopy(four.get(), 0, bytes, length, 4);
                length += 4;
            } else {
                int group = group(part);
                if (group < 0) {
                    return new byte[0];
                }
                bytes[length++] = (byte) (group >> 8);
                bytes[length++] = (byte) group;
            }
        }
        return Arrays.copyOf(bytes, length);
    }

    /** One to four hexadecimal digits; -1 if it is anything else. */
    private static int group(String text) {
        if (text.isEmpty() || text.length() > 4) {
            return -1;
        }
        int group = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            int digit = c < 0x80 ? Character.digit(c, 16) : -1;
            if (digit < 0) {
                return -1;
            }
            group = group << 4 | digit;
        }
        return group;
    }

    static String format4(byte[] bytes) {
        StringJoiner text = new StringJoiner(".");
        for (byte b : bytes) {
            text.add(Integer.toString(b & 0xff));
        }
        return text.toString();
    }

    /** All eight groups, without a gap. */
    static String format6(byte[] bytes) {
        StringJoiner text = new StringJoiner(":");
        for (int i = 0; i < bytes.length; i += 2) {
            text.add(Integer.toHexString((bytes[i] & 0xff) << 8 | bytes[i + 1] & 0xff));
        }
        return text.toString();
    }
}
