package dev.weft.tools.conform.cases;

import static dev.weft.parser.CloseCode.INVALID_FRAME_PAYLOAD_DATA;
import static dev.weft.parser.CloseCode.NORMAL_CLOSURE;
import static dev.weft.parser.CloseCode.NO_STATUS_RECEIVED;
import static dev.weft.parser.CloseCode.PROTOCOL_ERROR;
import static dev.weft.tools.conform.cases.Payloads.ascii;
import static dev.weft.tools.conform.cases.Payloads.hex;
import static dev.weft.tools.conform.cases.Payloads.join;
import static dev.weft.tools.conform.cases.Payloads.random;
import static dev.weft.tools.conform.wire.Frame.binary;
import static dev.weft.tools.conform.wire.Frame.close;
import static dev.weft.tools.conform.wire.Frame.continuation;
import static dev.weft.tools.conform.wire.Frame.ping;
import static dev.weft.tools.conform.wire.Frame.text;

import dev.weft.tools.conform.wire.Event;
import dev.weft.tools.conform.wire.Failure;
import dev.weft.tools.conform.wire.Frame;
import dev.weft.tools.conform.wire.Peer;
import dev.weft.tools.conform.wire.Settings;
import dev.weft.tools.conform.wire.Side;
import dev.weft.tools.conform.wire.Subject;
import java.util.List;
import java.util.stream.IntStream;

/** The closing handshake: payloads, codes, and data after it (RFC 6455 §5.5.1, §7). */
final class Closing {
    private Closing() {}

    static void add(Cases cases) {
        payloads(cases);
        codes(cases);
        afterwards(cases);
        withoutHandshake(cases);
    }

    private static void payloads(Cases cases) {
        cases.script("payload.empty", "a Close frame without payload is answered by one, or by 1000", "§5.5.1",
                peer -> {
                    peer.sendClose(new byte[0]);
                    peer.closed(NO_STATUS_RECEIVED);
                });
        cases.script("payload.code", "a Close frame with a code is answered by the same", "§5.5.1", Peer::close);
        cases.script("payload.reason", "a Close frame with code and reason is answered by the same code", "§5.5.1",
                peer -> peer.closes(NORMAL_CLOSURE, "Auf Wiedersehen, tschüß, 再見 🧵"));
        cases.script("payload.reason-123", "a Close frame with a reason of 123 bytes is answered", "§5.5.1",
                peer -> peer.closes(NORMAL_CLOSURE, "x".repeat(123)));
        cases.script("payload.chopped-1", "a Close frame, written byte by byte, is answered", "§5.5.1", peer -> {
            peer.sendChopped(1, close(NORMAL_CLOSURE, "byte by byte"));
            peer.closed(NORMAL_CLOSURE);
        });
        for (String hexByte : List.of("00", "03", "ff")) {
            cases.script("payload.1-byte-" + hexByte, "a Close frame of one byte fails with 1002", "§5.5.1", peer -> {
                peer.send(close(hex(hexByte)));
                Event event = peer.next("expected close 1002");
                if (event instanceof Event.Close close && close.code() == NO_STATUS_RECEIVED) {
                    throw new Failure("treats it as a Close frame without a code");
                }
                peer.failed(PROTOCOL_ERROR, event);
            });
        }
        cases.script("payload.reason-124", "a Close frame with a reason of 124 bytes fails with 1002", "§5.5",
                peer -> {
                    peer.send(close(NORMAL_CLOSURE, "x".repeat(124)));
                    peer.fails(PROTOCOL_ERROR);
                });
        MalformedText.INVALID.forEach((name, bytes) -> badReason(cases, name, bytes.replace("|", "")));
        MalformedText.TRUNCATED.forEach((name, bytes) -> badReason(cases, "truncated-" + name, bytes));
    }

    private static void badReason(Cases cases, String name, String bytes) {
        cases.script("reason." + name, "a Close frame whose reason is not UTF-8 fails with 1007 or 1002", "§5.5.1",
                peer -> {
                    peer.send(close(join(hex("03e8"), ascii(5), hex(bytes))));
                    Event event = peer.next("expected close 1007");
                    boolean plain = event instanceof Event.Close close && close.code() == PROTOCOL_ERROR;
                    peer.failed(plain ? PROTOCOL_ERROR : INVALID_FRAME_PAYLOAD_DATA, event);
                });
    }

    private static void codes(Cases cases) {
        good(cases, "codes.1000-1003", "close codes 1000 to 1003 are answered by the same", "§7.4.1", 1000, 1003);
        if (cases.subject() == Side.SERVER) {
            good(cases, "codes.1007-1011", "close codes 1007 to 1011 are answered by the same", "§7.4.1", 1007, 1011);
        } else {
            good(cases, "codes.1007-1009", "close codes 1007 to 1009 are answered by the same", "§7.4.1", 1007, 1009);
            good(cases, "codes.1011", "close code 1011 is answered by the same", "§7.4.1", 1011, 1011);
            cases.each("codes.1010", "close code 1010, which no server sends: answered by the same, or fails with 1002",
                    "§7.4.1", settings -> List.of(1010), Closing::noServersCode);
        }
        cases.each("codes.1012-1014", "close codes 1012 to 1014, registered later, are answered by the same",
                "§7.4.2, IANA registry", settings -> codes(settings, 1012, 1014), Closing::registered);
        good(cases, "codes.3000-3999", "close codes 3000 to 3999, for libraries, are answered by the same", "§7.4.2",
                3000, 3999);
        good(cases, "codes.4000-4999", "close codes 4000 to 4999, for applications, are answered by the same", "§7.4.2",
                4000, 4999);
        bad(cases, "codes.0-999", "close codes 0 to 999 fail with 1002", "§7.4.2", 0, 999);
        bad(cases, "codes.1004", "close code 1004 fails with 1002", "§7.4.1", 1004, 1004);
        bad(cases, "codes.1005", "close code 1005 fails with 1002", "§7.4.1", 1005, 1005);
        bad(cases, "codes.1006", "close code 1006 fails with 1002", "§7.4.1", 1006, 1006);
        bad(cases, "codes.1015", "close code 1015 fails with 1002", "§7.4.1", 1015, 1015);
        bad(cases, "codes.1016-1999", "close codes 1016 to 1999 fail with 1002", "§7.4.2", 1016, 1999);
        bad(cases, "codes.2000-2999", "close codes 2000 to 2999 fail with 1002", "§7.4.2", 2000, 2999);
        cases.each("codes.over-4999", "close codes 5000, 10000, 32768 and 65535, of no range; 1002 is best", "§7.4.2",
                settings -> List.of(5000, 10_000, 32_768, 65_535), Closing::noRange);
    }

    private static List<Integer> codes(Settings settings, int from, int to) {
        int step = settings.quick() && to - from > 100 ? 37 : 1;
        return IntStream.rangeClosed(from, to).filter(code -> (code - from) % step == 0 || code == to).boxed().toList();
    }

    private static void good(Cases cases, String name, String title, String section, int from, int to) {
        cases.each(name, title, section, settings -> codes(settings, from, to),
                (code, part) -> part.open().closes(code, code % 2 == 0 ? "" : "reason"));
    }

    private static void bad(Cases cases, String name, String title, String section, int from, int to) {
        cases.each(name, title, section, settings -> codes(settings, from, to), (code, part) -> {
            Peer peer = part.open();
            peer.send(close(code, code % 2 == 0 ? "" : "reason"));
            peer.fails(PROTOCOL_ERROR);
        });
    }

    /** RFC 6455 itself does not define these codes, so a program that knows only that RFC may refuse them. */
    private static void registered(int code, Subject subject) {
        Peer peer = subject.open();
        peer.send(close(code, ""));
        Event event = peer.next("expected close " + code);
        if (event instanceof Event.Close close && close.code() == PROTOCOL_ERROR) {
            peer.findings().nonStrict("refuses close code " + code);
            peer.ended();
        } else {
            peer.failed(code, event);
        }
    }

    private static void noServersCode(int code, Subject subject) {
        Peer peer = subject.open();
        peer.send(close(code, ""));
        Event event = peer.next("expected close " + code);
        boolean refused = event instanceof Event.Close close && close.code() == PROTOCOL_ERROR;
        peer.failed(refused ? PROTOCOL_ERROR : code, event);
    }

    private static void noRange(int code, Subject subject) {
        Peer peer = subject.open();
        peer.send(close(code, ""));
        Event event = peer.next("expected close 1002");
        // The reader reports an echo of such a code as a violation, which is correct in all other cases.
        boolean echoed = event instanceof Event.Violation violation && violation.what().contains("close code " + code)
                || event instanceof Event.Close close && close.code() != PROTOCOL_ERROR;
        if (echoed) {
            peer.findings().inform("takes close code " + code);
        } else {
            peer.failed(PROTOCOL_ERROR, event);
        }
    }

    private static void afterwards(Cases cases) {
        after(cases, "text", text("after"));
        after(cases, "binary", binary(random(300)));
        after(cases, "ping", ping("after"));
        after(cases, "close", close(1001, ""));
        after(cases, "bad-frame", Frame.of(3, ascii(5)));
        after(cases, "bad-text", text(hex("ff")));
        after(cases, Framing.maskedWrongly(cases), text("after").masksWrongly());
        after(cases, "64K", binary(random(65_536)));
        cases.script("after.echo-first", "a message and a Close frame in one write: the echo, then the Close frame",
                "§5.5.1", peer -> {
                    peer.send(text("last"), close(NORMAL_CLOSURE, ""));
                    peer.expect(text("last"));
                    peer.closed(NORMAL_CLOSURE);
                });
        cases.script("after.echo-256K-first", "256 KiB and a Close frame in one write: the echo comes whole, then the "
                + "Close frame", "§5.5.1", peer -> {
                    peer.send(binary(random(262_144)), close(NORMAL_CLOSURE, ""));
                    peer.expect(binary(random(262_144)));
                    peer.closed(NORMAL_CLOSURE);
                });
        cases.script("after.fragment", "a Close frame inside a message, and the message's rest: no echo", "§5.5.1",
                peer -> {
                    peer.send(text("Hel").unfinished(), close(NORMAL_CLOSURE, ""), continuation("lo"));
                    peer.closed(NORMAL_CLOSURE);
                });
        cases.script("after.violation", "after a failure of the connection nothing is answered", "§7.1.7", peer -> {
            peer.send(Frame.of(3, ascii(5)), text("never"), ping("never"), close(NORMAL_CLOSURE, ""));
            peer.fails(PROTOCOL_ERROR);
        });
        cases.body("at-once", "a Close frame in the same write as the handshake's head is answered", "§5.5.1",
                subject -> subject.open(close(NORMAL_CLOSURE, "")).closed(NORMAL_CLOSURE));
        if (cases.subject() == Side.CLIENT) {
            cases.script("waits-for-server",
                    "after the closing handshake, the client leaves it to the server to end the "
                            + "connection",
                    "§7.1.1", peer -> {
                        peer.stayOpen();
                        peer.sendClose(hex("03e8"));
                        if (!(peer.next("expected close 1000") instanceof Event.Close close)
                                || close.code() != NORMAL_CLOSURE) {
                            throw new Failure("expected close 1000");
                        }
                        if (peer.poll() instanceof Event.End) {
                            peer.findings().nonStrict("ends the connection before the server does");
                        } else {
                            peer.endOutput();
                            peer.ended();
                        }
                    });
        }
    }

    private static void after(Cases cases, String name, Frame frame) {
        cases.script("after." + name, "a Close frame, and more in the same write (" + name
                + "): the Close is answered, the rest is not", "§5.5.1", peer -> {
                    peer.send(close(NORMAL_CLOSURE, ""), frame);
                    peer.closed(NORMAL_CLOSURE);
                });
        cases.script("after." + name + ".chopped-1",
                "a Close frame, and more (" + name + "), written in small pieces: the "
                        + "Close is answered, the rest is not",
                "§5.5.1", peer -> {
                    peer.sendChopped(frame.payload().length > 1000 ? 997 : 1, close(NORMAL_CLOSURE, ""), frame);
                    peer.closed(NORMAL_CLOSURE);
                });
    }

    private static void withoutHandshake(Cases cases) {
        cases.script("fin.idle",
                "our FIN without a Close frame: the " + cases.subject().label() + " ends the connection too", "§7.1.1",
                peer -> gone(peer));
        cases.script("fin.after-message",
                "a message and our FIN: the " + cases.subject().label() + " ends the connection", "§7.1.1", peer -> {
                    peer.echoes(text("Hello"));
                    gone(peer);
                });
        cases.script("fin.inside-message", "our FIN inside a message: no echo, and the connection ends", "§7.1.1",
                peer -> {
                    peer.send(text("Hel").unfinished());
                    gone(peer);
                });
        cases.script("fin.inside-frame", "our FIN inside a frame: no echo, and the connection ends", "§7.1.1", peer -> {
            peer.sendBytes(peer.bytes(List.of(text("Hello"))), 0, cases.subject() == Side.SERVER ? 8 : 4);
            gone(peer);
        });
        cases.script("fin.inside-header", "our FIN inside a frame's header: the connection ends", "§7.1.1", peer -> {
            peer.sendBytes(peer.bytes(List.of(text("Hello"))), 0, 1);
            gone(peer);
        });
    }

    private static void gone(Peer peer) {
        peer.endOutput();
        Event event = peer.next("expected the end of the connection");
        if (event instanceof Event.Message || event instanceof Event.Pong) {
            throw new Failure("unexpected " + event);
        }
        if (event instanceof Event.Close) {
            event = peer.next("expected the end of the connection");
        }
        if (event instanceof Event.Violation violation) {
            throw new Failure(violation.what());
        }
    }
}
