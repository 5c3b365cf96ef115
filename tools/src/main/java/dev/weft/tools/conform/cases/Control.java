package dev.weft.tools.conform.cases;

import static dev.weft.parser.CloseCode.PROTOCOL_ERROR;
import static dev.weft.tools.conform.cases.Payloads.ascii;
import static dev.weft.tools.conform.cases.Payloads.random;
import static dev.weft.tools.conform.wire.Frame.binary;
import static dev.weft.tools.conform.wire.Frame.close;
import static dev.weft.tools.conform.wire.Frame.continuation;
import static dev.weft.tools.conform.wire.Frame.ping;
import static dev.weft.tools.conform.wire.Frame.pong;
import static dev.weft.tools.conform.wire.Frame.text;

import dev.weft.tools.conform.wire.Event;
import dev.weft.tools.conform.wire.Failure;
import dev.weft.tools.conform.wire.Frame;
import dev.weft.tools.conform.wire.Peer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Pings and pongs: single, many, and between fragments (RFC 6455 §5.5). */
final class Control {
    private Control() {}

    static void add(Cases cases) {
        pings(cases);
        crowds(cases);
        pongs(cases);
        betweenFragments(cases);
        violations(cases);
    }

    private static void pings(Cases cases) {
        for (int length : new int[]{0, 1, 2, 64, 124, 125}) {
            cases.script("ping." + length, "a ping of " + length + " bytes gets a pong with the same", "§5.5.3",
                    peer -> {
                        peer.send(ping(random(length)));
                        peer.expect(pong(random(length)));
                        peer.close();
                    });
        }
        byte[] notText = Payloads.hex("00 ff fe fd fc fb 00 ff");
        cases.script("ping.not-text", "a ping's payload need not be text", "§5.5.2", peer -> {
            peer.send(ping(notText));
            peer.expect(pong(notText));
            peer.close();
        });
        cases.script("ping.125.chopped-1", "a ping of 125 bytes, written byte by byte", "§5.5.2", peer -> {
            peer.sendChopped(1, ping(random(125)));
            peer.expect(pong(random(125)));
            peer.close();
        });
        cases.script("ping.around-messages", "pings before, between and after messages are answered", "§5.5.2",
                peer -> {
                    peer.send(ping("a"), text("one"), ping("b"), binary(random(300)), ping("c"));
                    peer.expect(pong("a"), text("one"), pong("b"), binary(random(300)), pong("c"));
                    peer.close();
                });
        cases.script("ping.after-message", "a ping after an echoed message is answered", "§5.5.2", peer -> {
            peer.echoes(text("one"));
            peer.send(ping("Hello"));
            peer.expect(pong("Hello"));
            peer.close();
        });
    }

    private static void crowds(Cases cases) {
        for (int count : new int[]{10, 100}) {
            cases.script("pings." + count, count + " pings in one write get " + count + " pongs in order", "§5.5.3",
                    peer -> crowd(peer, count, Integer.MAX_VALUE));
        }
        cases.script("pings.10.chopped-1", "ten pings written byte by byte get ten pongs in order", "§5.5.3",
                peer -> crowd(peer, 10, 1));
        cases.script("pings.one-by-one", "100 pings, each after the pong of the one before", "§5.5.3", peer -> {
            for (int i = 0; i < 100; i++) {
                peer.send(ping("ping " + i));
                peer.expect(pong("ping " + i));
            }
            peer.close();
        });
    }

    private static void crowd(Peer peer, int count, int size) {
        Frame[] pings = new Frame[count];
        List<byte[]> waiting = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            pings[i] = ping("ping " + i);
            waiting.add(pings[i].payload());
        }
        peer.sendChopped(size, pings);
        int skipped = 0;
        while (!waiting.isEmpty()) {
            Event event = peer.next("expected pongs");
            if (event instanceof Event.End && count > 10) {
                peer.findings().nonStrict("drops the connection of a peer with " + count + " pings on their way");
                return;
            }
            if (!(event instanceof Event.Pong pong)) {
                throw new Failure("expected pongs, got " + event);
            }
            while (!Arrays.equals(waiting.getFirst(), pong.payload())) {
                waiting.removeFirst();
                skipped++;
                if (waiting.isEmpty()) {
                    throw new Failure(
                            "a pong answers no ping, or a ping older than the last one answered: " + Frame.pong(
                                    pong.payload()));
                }
            }
            waiting.removeFirst();
        }
        if (skipped > 0) {
            peer.findings().nonStrict("§5.5.3: of " + count + " pings, " + skipped + " got no pong of their own");
        }
        peer.close();
    }

    private static void pongs(Cases cases) {
        for (int length : new int[]{0, 5, 125}) {
            cases.script("pong." + length, "an unasked pong of " + length + " bytes gets nothing", "§5.5.3", peer -> {
                peer.send(pong(random(length)));
                peer.send(ping("still here"));
                peer.expect(pong("still here"));
                peer.close();
            });
        }
        cases.script("pong.then-message", "an unsolicited pong, then a message, which is echoed", "§5.5.3", peer -> {
            peer.send(pong("unasked"), text("Hello"));
            peer.expect(text("Hello"));
            peer.close();
        });
        cases.script("pong.10", "ten unsolicited pongs between pings and messages are not answered", "§5.5.3", peer -> {
            for (int i = 0; i < 10; i++) {
                peer.send(pong("unasked " + i), ping("ping " + i), pong("ping " + i), text("text " + i));
                peer.expect(pong("ping " + i), text("text " + i));
            }
            peer.close();
        });
    }

    private static void betweenFragments(Cases cases) {
        cases.script("between.ping", "a ping between two fragments is answered before the second comes", "§5.4",
                peer -> {
                    peer.send(text("Hel").unfinished(), ping("now"));
                    peer.expect(pong("now"));
                    peer.send(continuation("lo"));
                    peer.expect(text("Hello"));
                    peer.close();
                });
        cases.script("between.ping.one-write", "a ping between two fragments, all in one write", "§5.4", peer -> {
            peer.send(text("Hel").unfinished(), ping("now"), continuation("lo"));
            peer.expect(pong("now"), text("Hello"));
            peer.close();
        });
        cases.script("between.ping.chopped-1", "a ping between two fragments, written byte by byte", "§5.4", peer -> {
            peer.sendChopped(1, text("Hel").unfinished(), ping("now"), continuation("lo"));
            peer.expect(pong("now"), text("Hello"));
            peer.close();
        });
        cases.script("between.many", "pings and pongs between ten fragments; each ping is answered at once", "§5.4",
                peer -> {
                    peer.send(binary(ascii(100)).unfinished());
                    for (int i = 1; i < 10; i++) {
                        peer.send(ping("ping " + i), pong("unasked"), continuation(ascii(100)).unfinished(), ping(""));
                        peer.expect(pong("ping " + i), pong(""));
                    }
                    peer.send(continuation(""));
                    byte[] whole = new byte[1000];
                    for (int i = 0; i < 10; i++) {
                        System.arraycopy(ascii(100), 0, whole, 100 * i, 100);
                    }
                    peer.expect(binary(whole));
                    peer.close();
                });
        cases.script("between.inside-code-point", "a ping between two fragments that cut a code point", "§5.4",
                peer -> {
                    peer.send(text(Payloads.hex("e7b9")).unfinished(), ping(Payloads.hex("ff")));
                    peer.expect(pong(Payloads.hex("ff")));
                    peer.send(continuation(Payloads.hex("94")));
                    peer.expect(text("織"));
                    peer.close();
                });
        cases.script("between.10-pings", "ten pings between two fragments get ten pongs in order", "§5.4", peer -> {
            List<Frame> pongs = new ArrayList<>();
            peer.send(text("a").unfinished());
            for (int i = 0; i < 10; i++) {
                peer.send(ping("ping " + i));
                pongs.add(pong("ping " + i));
            }
            peer.expect(pongs);
            peer.send(continuation("b"));
            peer.expect(text("ab"));
            peer.close();
        });
    }

    private static void violations(Cases cases) {
        violation(cases, "ping.126", "a ping of 126 bytes", ping(random(126)));
        violation(cases, "ping.65536", "a ping of 65,536 bytes", ping(random(65_536)));
        violation(cases, "pong.126", "a pong of 126 bytes", pong(random(126)));
        violation(cases, "close.126", "a Close frame of 126 bytes", close(1000, "x".repeat(124)));
        violation(cases, "fragmented.ping", "a ping without FIN", ping("Hello").unfinished());
        violation(cases, "fragmented.ping-and-rest", "a ping in two fragments", ping("Hel").unfinished(),
                continuation("lo"));
        violation(cases, "fragmented.ping-empty", "an empty ping without FIN", ping("").unfinished());
        violation(cases, "fragmented.pong", "a pong without FIN", pong("Hello").unfinished());
        violation(cases, "fragmented.close", "a Close frame without FIN", close(1000, "").unfinished());
        violation(cases, "fragmented.ping-inside", "a ping without FIN between two fragments",
                text("Hel").unfinished(), ping("x").unfinished(), continuation("lo"));
        violation(cases, "long-ping-inside", "a ping of 126 bytes between two fragments",
                text("Hel").unfinished(), ping(random(126)), continuation("lo"));
        cases.script("ping.126.after", "a good message, then a ping of 126 bytes: the echo, then 1002", "§5.5",
                peer -> {
                    peer.send(text("good"), ping(random(126)));
                    peer.failsAfter(PROTOCOL_ERROR, text("good"));
                });
    }

    private static void violation(Cases cases, String name, String what, Frame... frames) {
        cases.script(name, what + " fails with 1002", "§5.5", peer -> {
            peer.send(frames);
            peer.fails(PROTOCOL_ERROR);
        });
        cases.script(name + ".chopped-1", what + ", written byte by byte, fails with 1002", "§5.5", peer -> {
            peer.sendChopped(frames[0].payload().length > 1000 ? 997 : 1, frames);
            peer.fails(PROTOCOL_ERROR);
        });
    }
}
