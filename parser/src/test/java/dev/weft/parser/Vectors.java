package dev.weft.parser;

import static dev.weft.parser.Role.CLIENT;
import static dev.weft.parser.Role.SERVER;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Valid and invalid streams of frames, with the result that a parser of either role must give (RFC 6455 §5.2–§5.7). */
final class Vectors {
    static final int MAX_FRAME_LENGTH = 1 << 20;

    /**
     * A stream and its contents.
     *
     * @param bytes    a valid stream ends at the end of a frame; an invalid one ends with the byte that breaks the rule
     * @param violation {@code null} for a valid stream
     */
    record Vector(String name, Role role, int claimedRsv, byte[] bytes, List<Frame> frames,
            Outcome.Violation violation) {

        FrameParser parser() {
            return new FrameParser(role, MAX_FRAME_LENGTH, claimedRsv);
        }

        Outcome outcome() {
            return new Outcome(frames, null, 0, violation, violation == null, false);
        }

        @Override
        public String toString() {
            return role + ", " + name;
        }
    }

    private static final byte[] KEY = Hex.of("37 fa 21 3d");

    private Vectors() {}

    static List<Vector> all() {
        var all = new ArrayList<>(good());
        all.addAll(bad());
        return all;
    }

    static List<Vector> good() {
        var good = new ArrayList<Vector>();
        rfcExamples(good);
        for (int length : new int[]{0, 1, 2, 3, 4, 7, 8, 124, 125, 126, 127, 128, 129, 65535, 65536, 1 << 20}) {
            both(good, length + " bytes", Frame.of(true, Opcode.BINARY, random(length)), text("next"));
        }
        Frame ping = Frame.of(true, Opcode.PING, random(125));
        Frame pong = Frame.of(true, Opcode.PONG, random(0));
        Frame close = Frame.of(true, Opcode.CLOSE, Hex.of("03 e8"));
        Frame first = Frame.of(false, Opcode.TEXT, random(5));
        Frame middle = Frame.of(false, Opcode.CONTINUATION, random(300));
        Frame last = Frame.of(true, Opcode.CONTINUATION, random(7));
        Frame firstEmpty = Frame.of(false, Opcode.BINARY, random(0));
        Frame middleEmpty = Frame.of(false, Opcode.CONTINUATION, random(0));
        Frame lastEmpty = Frame.of(true, Opcode.CONTINUATION, random(0));
        both(good, "no byte at all");
        both(good, "every control frame between messages", ping, pong, close);
        both(good, "control frames between fragments", first, ping, middle, pong, close, last, text("next"));
        both(good, "empty first fragment", firstEmpty, middle, last, text("next"));
        both(good, "empty middle fragment", first, middleEmpty, last, text("next"));
        both(good, "empty last fragment", first, middle, lastEmpty, text("next"));
        both(good, "nothing but empty fragments", firstEmpty, middleEmpty, middleEmpty, lastEmpty, text("next"));
        var many = new ArrayList<Frame>();
        many.add(firstEmpty);
        many.addAll(Collections.nCopies(65_535, Frame.of(false, Opcode.CONTINUATION, random(1))));
        many.add(last);
        both(good, "65,537 fragments", many.toArray(Frame[]::new));
        return good;
    }

    /** The bytes that are printed in §5.7. */
    private static void rfcExamples(List<Vector> good) {
        Frame hello = text("Hello");
        add(good, "unmasked text", CLIENT, "81 05 48 65 6c 6c 6f", hello);
        add(good, "masked text", SERVER, "81 85 37 fa 21 3d 7f 9f 4d 51 58", hello);
        add(good, "fragmented unmasked text", CLIENT, "01 03 48 65 6c  80 02 6c 6f",
                Frame.of(false, Opcode.TEXT, utf8("Hel")), Frame.of(true, Opcode.CONTINUATION, utf8("lo")));
        add(good, "unmasked ping", CLIENT, "89 05 48 65 6c 6c 6f", Frame.of(true, Opcode.PING, utf8("Hello")));
        add(good, "masked pong", SERVER, "8a 85 37 fa 21 3d 7f 9f 4d 51 58",
                Frame.of(true, Opcode.PONG, utf8("Hello")));
        byte[] bytes256 = random(256);
        good.add(new Vector("256 bytes", CLIENT, 0, Hex.join(Hex.of("82 7e 0100"), bytes256),
                List.of(Frame.of(true, Opcode.BINARY, bytes256)), null));
        byte[] bytes64Ki = random(1 << 16);
        good.add(new Vector("64 KiB", CLIENT, 0, Hex.join(Hex.of("82 7f 0000000000010000"), bytes64Ki),
                List.of(Frame.of(true, Opcode.BINARY, bytes64Ki)), null));
    }

    static List<Vector> bad() {
        var bad = new ArrayList<Vector>();
        badFirstBytes(bad);
        badOrder(bad);
        for (String control : List.of("88", "89", "8a")) {
            violates(bad, "control frame in 16-bit form", 1002, "5.5", control + " fe", control + " 7e");
            violates(bad, "control frame in 64-bit form", 1002, "5.5", control + " ff", control + " 7f");
        }
        for (String first : List.of("81", "02", "88", "89")) {
            violates(bad, "wrong mask bit", 1002, "5.1", first + " 00", first + " 80");
            violates(bad, "wrong mask bit, 16-bit form", 1002, "5.1", first + " 7e", first + " fe");
            violates(bad, "wrong mask bit, 64-bit form", 1002, "5.1", first + " 7f", first + " ff");
        }
        badLengths(bad);
        return bad;
    }

    private static void badFirstBytes(List<Vector> bad) {
        for (String first : List.of("c1", "a1", "91", "f1", "41", "c2", "a2", "92")) {
            violates(bad, "RSV bits that none claimed", 1002, "5.2", first, first);
        }
        for (String first : List.of("c8", "c9", "ca", "f9")) {
            violates(bad, "RSV bits on a control frame", 1002, "5.2", first, first);
            violates(bad, FrameHeader.RSV, "claimed RSV bits on a control frame", 1002, "5.2", first, first);
        }
        violates(bad, FrameHeader.RSV1, "RSV2 where RSV1 is claimed", 1002, "5.2", "a1", "a1");
        violates(bad, FrameHeader.RSV1, "RSV1 and RSV3 where RSV1 is claimed", 1002, "5.2", "d2", "d2");
        violates(bad, FrameHeader.RSV1, "RSV1 with a reserved opcode", 1002, "5.2", "c3", "c3");
        for (int opcode : new int[]{3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
            String whole = Integer.toHexString(0x80 | opcode);
            String fragment = "0" + Integer.toHexString(opcode);
            violates(bad, "reserved opcode", 1002, "5.2", whole, whole);
            violates(bad, "reserved opcode without FIN", 1002, "5.2", fragment, fragment);
        }
        for (String first : List.of("08", "09", "0a")) {
            violates(bad, "fragmented control frame", 1002, "5.5", first, first);
        }
    }

    private static void badOrder(List<Vector> bad) {
        for (String first : List.of("80", "00")) {
            violates(bad, "continuation with nothing to continue", 1002, "5.4", first, first);
        }
        Frame start = Frame.of(false, Opcode.TEXT, utf8("a"));
        Frame ping = Frame.of(true, Opcode.PING, random(3));
        Frame end = Frame.of(true, Opcode.CONTINUATION, utf8("b"));
        for (String first : List.of("81", "01", "82", "02")) {
            after(bad, 0, "new data frame inside a message", "5.4", first, start);
            after(bad, 0, "new data frame inside a message, after a ping", "5.4", first, start, ping);
        }
        after(bad, 0, "continuation after the last fragment", "5.4", "80", start, end);
        after(bad, 0, "continuation after the last fragment and a ping", "5.4", "00", start, end, ping);
        Frame compressed = new Frame(false, FrameHeader.RSV1, 1, utf8("a"));
        after(bad, FrameHeader.RSV1, "claimed RSV1 on a continuation", "5.2", "c0", compressed);
        after(bad, FrameHeader.RSV1, "claimed RSV1 on a new data frame inside a message", "5.4", "c1", compressed);
        after(bad, FrameHeader.RSV1, "RSV1 on a ping inside a message", "5.2", "c9", compressed);
    }

    private static void badLengths(List<Vector> bad) {
        for (String length : List.of("0000", "0001", "007d")) { // 0, 1, 125
            violates(bad, "16-bit form of a short length", 1002, "5.2", "82 fe" + length, "82 7e" + length);
        }
        for (String length : List.of("0000000000000000", "000000000000007d", "000000000000007e", "000000000000ffff")) {
            violates(bad, "64-bit form of a short length", 1002, "5.2", "82 ff" + length, "82 7f" + length);
        }
        for (String length : List.of("8000000000000000", "8000000000000005", "ffffffffffffffff")) { // from 2^63
            violates(bad, "top bit of the length set", 1002, "5.2", "82 ff" + length, "82 7f" + length);
        }
        // maxFrameLength + 1, 2^31-1, 2^31, 2^32, 2^63-1
        for (String length : List.of("0000000000100001", "000000007fffffff", "0000000080000000", "0000000100000000",
                "7fffffffffffffff")) {
            violates(bad, "over maxFrameLength", 1009, "10.4", "82 ff" + length, "82 7f" + length);
        }
    }

    private static void add(List<Vector> to, String name, Role role, String bytes, Frame... frames) {
        to.add(new Vector("RFC 6455 §5.7: " + name, role, 0, Hex.of(bytes), List.of(frames), null));
    }

    private static void both(List<Vector> to, String name, Frame... frames) {
        for (Role role : Role.values()) {
            to.add(new Vector(name, role, 0, encode(role, frames), List.of(frames), null));
        }
    }

    private static void violates(List<Vector> to, String name, int code, String section, String toServer,
            String toClient) {
        violates(to, 0, name, code, section, toServer, toClient);
    }

    /** Once at the start of the connection, and once after valid frames, which must be delivered. */
    private static void violates(List<Vector> to, int claimedRsv, String name, int code, String section,
            String toServer, String toClient) {
        Frame[] before = {text("a"), Frame.of(true, Opcode.PING, random(3)), Frame.of(true, Opcode.BINARY, random(0))};
        var violation = new Outcome.Violation(code, section);
        for (Role role : Role.values()) {
            String bytes = role == SERVER ? toServer : toClient;
            String title = name + " (" + bytes + ")";
            to.add(new Vector(title, role, claimedRsv, Hex.of(bytes), List.of(), violation));
            to.add(new Vector(title + " after good frames", role, claimedRsv,
                    Hex.join(encode(role, before), Hex.of(bytes)), List.of(before), violation));
        }
    }

    private static void after(List<Vector> to, int claimedRsv, String name, String section, String bytes,
            Frame... before) {
        for (Role role : Role.values()) {
            to.add(new Vector(name + " (" + bytes + ")", role, claimedRsv,
                    Hex.join(encode(role, before), Hex.of(bytes)), List.of(before),
                    new Outcome.Violation(1002, section)));
        }
    }

    static byte[] encode(Role receiver, Frame... frames) {
        byte[][] parts = new byte[frames.length][];
        for (int i = 0; i < parts.length; i++) {
            parts[i] = receiver == SERVER ? frames[i].bytes(KEY) : frames[i].bytes();
        }
        return Hex.join(parts);
    }

    static Frame text(String text) {
        return Frame.of(true, Opcode.TEXT, utf8(text));
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
