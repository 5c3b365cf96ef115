package dev.weft.tools.conform.cases;

import static dev.weft.parser.CloseCode.MESSAGE_TOO_BIG;
import static dev.weft.parser.CloseCode.PROTOCOL_ERROR;
import static dev.weft.tools.conform.cases.Payloads.ascii;
import static dev.weft.tools.conform.cases.Payloads.random;
import static dev.weft.tools.conform.cases.Payloads.size;
import static dev.weft.tools.conform.wire.Frame.binary;
import static dev.weft.tools.conform.wire.Frame.text;

import dev.weft.tools.conform.wire.Event;
import dev.weft.tools.conform.wire.Failure;
import dev.weft.tools.conform.wire.Frame;
import dev.weft.tools.conform.wire.Peer;
import dev.weft.tools.conform.wire.Side;
import dev.weft.tools.conform.wire.Subject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Large messages, many fragments, small writes and many messages, with their durations (RFC 6455 §5, §10.4). */
final class Limits {
    private static final int K = 1 << 10;
    private static final int M = 1 << 20;

    private Limits() {}

    static void add(Cases cases) {
        for (int length : new int[]{64 * K, 256 * K, M, 4 * M, 8 * M, 16 * M}) {
            for (boolean isText : new boolean[]{true, false}) {
                cases.heavyScript(kind(isText) + "." + size(length), "one frame of " + size(length) + " is echoed",
                        "§5.2",
                        length, peer -> {
                            peer.echoes(message(isText, length));
                            peer.close();
                        });
            }
        }
        for (int fragment : new int[]{64, 256, K, 4 * K, 16 * K, 64 * K, 256 * K, M, 4 * M}) {
            for (boolean isText : new boolean[]{true, false}) {
                cases.heavyScript(kind(isText) + ".4M.fragments-" + size(fragment), "a message of 4M and an empty last "
                        + "fragment, in fragments of " + size(fragment) + " (" + (4 * M / fragment + 1)
                        + " frames), is echoed", "§5.4", 4 * M,
                        peer -> fragments(peer, message(isText, 4 * M), fragment));
            }
        }
        for (int chop : new int[]{64, 128, 256, 512, K, 2 * K}) {
            for (boolean isText : new boolean[]{true, false}) {
                cases.heavyScript(kind(isText) + ".1M.chopped-" + size(chop),
                        "a message of 1M in writes of " + size(chop)
                                + " bytes is echoed",
                        "§5.2", M, peer -> {
                            peer.sendChopped(chop, message(isText, M));
                            peer.expect(message(isText, M));
                            peer.close();
                        });
            }
        }
        rounds(cases);
        lengthsThatLie(cases);
    }

    private static String kind(boolean isText) {
        return isText ? "text" : "binary";
    }

    private static Frame message(boolean isText, int length) {
        return isText ? text(ascii(length)) : binary(random(length));
    }

    private static void fragments(Peer peer, Frame message, int fragment) {
        List<Frame> frames = new ArrayList<>(message.fragments(fragment));
        Frame last = frames.removeLast();
        frames.add(last.unfinished());
        frames.add(Frame.continuation(new byte[0]));
        peer.send(frames);
        peer.expect(message);
        peer.close();
    }

    private static void rounds(Cases cases) {
        for (int length : new int[]{0, 16, 64, 256, K, 4 * K, 16 * K, 64 * K}) {
            for (boolean isText : new boolean[]{true, false}) {
                cases.heavyScript("rounds." + kind(isText) + "." + size(length), "1,000 messages of " + size(length)
                        + " bytes, each sent when the previous one has come back (50 if quick)", "§5", length, peer -> {
                            Frame message = message(isText, length);
                            for (int i = peer.settings().times(1000); i > 0; i--) {
                                peer.echoes(message);
                            }
                            peer.close();
                        });
            }
        }
        for (int length : new int[]{0, 125, K}) {
            cases.heavyScript("pipelined." + size(length), "20,000 messages of " + size(length)
                    + " bytes in writes of 100, sent without waiting for answers (1,000 if quick)", "§5", length,
                    peer -> {
                        Frame[] hundred = new Frame[100];
                        Arrays.setAll(hundred, i -> binary(random(length)));
                        int writes = peer.settings().times(200);
                        for (int i = 0; i < writes; i++) {
                            peer.send(hundred);
                        }
                        for (int i = 0; i < writes; i++) {
                            peer.expect(hundred);
                        }
                        peer.close();
                    });
        }
        if (cases.subject() == Side.SERVER) {
            cases.heavyBody("connections.200",
                    "200 connections, each in the middle of a message, then all are answered",
                    "§5",
                    0, subject -> {
                        List<Peer> peers = new ArrayList<>();
                        byte[] bytes = text(ascii(1000)).bytes(Side.CLIENT);
                        for (int i = 0; i < 200; i++) {
                            peers.add(subject.open());
                            peers.getLast().sendBytes(bytes, 0, 500);
                        }
                        for (Peer peer : peers) {
                            peer.sendBytes(bytes, 500, bytes.length);
                        }
                        for (Peer peer : peers) {
                            peer.expect(text(ascii(1000)));
                            peer.close();
                        }
                    });
        }
    }

    /** Only the header is sent, so a server would reserve the memory only if it trusted the length. */
    private static void lengthsThatLie(Cases cases) {
        for (String length : List.of("000000007fffffff", "0000000080000000", "0000000100000000", "7fffffffffffffff")) {
            cases.perilousBody("declared." + length,
                    "a frame declares 0x" + length + " bytes, and ten are sent: closed with "
                            + "1009, or waits; the next connection is served",
                    "§10.4", 2, subject -> declared(subject, length));
        }
    }

    private static void declared(Subject subject, String length) {
        Peer peer = subject.open();
        String masked = subject.side() == Side.SERVER ? "82ff" + length + "00000000" : "827f" + length;
        peer.sendBytes(Payloads.hex(masked + "00010203040506070809"));
        Event event = peer.poll();
        switch (event) {
            case null -> peer.findings().inform("waits for the whole frame");
            case Event.Close close when close.code() != MESSAGE_TOO_BIG && close.code() != PROTOCOL_ERROR ->
                peer.failed(
                        MESSAGE_TOO_BIG, event);
            case Event.Close close -> peer.ended();
            case Event.End end -> peer.failed(MESSAGE_TOO_BIG, event);
            default -> throw new Failure("expected close 1009 or nothing, got " + event);
        }
        Peer other = subject.open();
        other.echoes(text("Hello"));
        other.close();
    }
}
