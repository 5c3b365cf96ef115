package dev.weft.tools.conform.cases;

import static dev.weft.tools.conform.cases.Payloads.join;
import static dev.weft.tools.conform.wire.Frame.text;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.weft.tools.conform.wire.Client;
import dev.weft.tools.conform.wire.Event;
import dev.weft.tools.conform.wire.Failure;
import dev.weft.tools.conform.wire.Frame;
import dev.weft.tools.conform.wire.Head;
import dev.weft.tools.conform.wire.Peer;
import dev.weft.tools.conform.wire.Side;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * The opening handshake of a client: every connection checks its request, and these cases answer it: which responses are
 * accepted, and which the client must not take for an open connection (RFC 6455 §4.1).
 */
final class HandshakeAnswers {
    private static final String ACCEPT = "Sec-WebSocket-Accept";
    private static final long ENDLESS = 64 << 20;
    /** What a client that takes the connection for open would echo. */
    private static final Frame HELLO = text("Hello");

    /** How a response must be taken. */
    private enum Rule {
        ACCEPT, REFUSE,
        /** To accept it is tolerated, but weak. */
        BETTER_REFUSE,
        /** To refuse it is tolerated, but weak. */
        BETTER_ACCEPT, EITHER
    }

    private HandshakeAnswers() {}

    static void add(Cases cases) {
        requests(cases);
        accepted(cases);
        FirstFrames.add(cases);
        refused(cases);
        statuses(cases);
        malformed(cases);
        endless(cases);
    }

    private static void requests(Cases cases) {
        cases.client("key.fresh", "the keys of ten requests differ", "§4.1", 10, client -> {
            List<String> keys = new ArrayList<>();
            for (int i = 0; i < 10; i++) {
                keys.addAll(client.openForValues("Sec-WebSocket-Key"));
            }
            if (new HashSet<>(keys).size() < 10) {
                throw new Failure("§4.1: ten requests had the keys " + keys);
            }
        });
    }

    // ---- responses, with a message in the same write

    private static void answer(Cases cases, String name, String title, String section, Rule rule,
            UnaryOperator<Head> change) {
        cases.client(name, title, section, client -> judge(client.answer(change, HELLO), rule));
    }

    private static void judge(Peer peer, Rule rule) {
        if (rule == Rule.ACCEPT) {
            peer.expect(HELLO);
            peer.close();
            return;
        }
        switch (peer.next("expected the end of the connection")) {
            case Event.End end -> {
                if (rule == Rule.BETTER_ACCEPT) {
                    peer.findings().nonStrict("does not accept it");
                }
            }
            case Event.Message message -> {
                peer.match(HELLO, message);
                if (rule == Rule.REFUSE) {
                    throw new Failure("takes the connection for open");
                }
                if (rule == Rule.BETTER_REFUSE) {
                    peer.findings().nonStrict("takes the connection for open");
                }
                peer.close();
            }
            case Event.Close close ->
                peer.findings().nonStrict("§7.1.7: sends close " + close.code() + " although nothing was established");
            case Event.Pong pong -> throw new Failure("unexpected " + pong);
            case Event.Violation violation -> throw new Failure("does not give up the connection: " + violation.what());
        }
    }

    /** Waits until the client gives up a connection that it must not take for open. */
    static void refuses(Peer peer) {
        judge(peer, Rule.REFUSE);
    }

    private static void accepted(Cases cases) {
        accepts(cases, "plain", "a plain response is accepted", head -> head);
        accepts(cases, "case.names", "header names in capitals", head -> head.renamed(true));
        accepts(cases, "case.lower", "header names in small letters", head -> head.renamed(false));
        accepts(cases, "case.values", "Upgrade: WEBSOCKET and Connection: uPGRADE",
                head -> head.replace("Upgrade: WEBSOCKET").replace("Connection: uPGRADE"));
        accepts(cases, "connection.list", "Connection: keep-alive, Upgrade",
                head -> head.replace("Connection: keep-alive, Upgrade"));
        accepts(cases, "connection.two-lines", "two Connection lines, the second says Upgrade",
                head -> head.without("Connection").with("Connection: keep-alive", "Connection: Upgrade"));
        accepts(cases, "blanks.none", "no blank after the colons",
                head -> head.each(field -> field.replaceFirst(": ", ":")));
        accepts(cases, "blanks.many", "blanks and tabs around the values",
                head -> head.each(field -> field.replaceFirst(": ", ": \t ") + " \t"));
        accepts(cases, "order", "the header lines in the opposite order", Head::reversed);
        accepts(cases, "reason.none", "a status line without a reason phrase", head -> head.line("HTTP/1.1 101 "));
        accepts(cases, "reason.other", "another reason phrase", head -> head.line("HTTP/1.1 101 Web Socket, \u00e4"));
        answer(cases, "reason.no-blank", "a status line that ends after the status", "RFC 9112 §4", Rule.EITHER,
                head -> head.line("HTTP/1.1 101"));
        accepts(cases, "more-headers", "40 more header lines, three cookies, and an empty value", head -> {
            Head all = head.with("Server: conform", "Set-Cookie: a=b", "Set-Cookie: c=" + "x".repeat(2000),
                    "Set-Cookie: e=\"f g\"; Path=/", "X-Empty:", "X-Bytes: \u00e4\u00ff");
            for (int i = 0; i < 40; i++) {
                all = all.with("X-Header-" + i + ": value " + i);
            }
            return all;
        });
        accepts(cases, "version-header", "Sec-WebSocket-Version: 13 in the response",
                head -> head.with("Sec-WebSocket-Version: 13"));
        answer(cases, "content-length", "Content-Length: 5, which has no meaning in a response with 101",
                "RFC 9112 §6.3", Rule.EITHER, head -> head.with("Content-Length: 5"));
        for (int size : new int[]{1, 7}) {
            cases.client("chopped-" + size, "a response written " + size + " bytes at a time is accepted", "§4.1",
                    client -> {
                        Peer peer = client.openChopped(size);
                        peer.echoes(HELLO);
                        peer.close();
                    });
        }
        for (String interim : List.of("100 Continue", "103 Early Hints")) {
            cases.client("interim." + interim.substring(0, 3), interim + ", then the response", "RFC 9110 §15.2",
                    client -> judge(client.answerBytes(head -> join(
                            new Head("HTTP/1.1 " + interim, List.of("Link: </style.css>")).bytes(), opened(head))),
                            Rule.BETTER_ACCEPT));
        }
    }

    /** A response and a message. */
    private static byte[] opened(Head head) {
        return join(head.bytes(), HELLO.bytes(Side.SERVER));
    }

    private static void accepts(Cases cases, String name, String title, UnaryOperator<Head> change) {
        answer(cases, name, title, "§4.1", Rule.ACCEPT, change);
    }

    private static void refused(Cases cases) {
        refuses(cases, "accept.none", "no Sec-WebSocket-Accept", head -> head.without(ACCEPT));
        accept(cases, "empty", "an empty accept value", value -> "");
        accept(cases, "other", "the accept value of another key", value -> "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        accept(cases, "last-letter", "an accept value with another last letter",
                value -> value.substring(0, 26) + (value.charAt(26) == 'A' ? 'E' : 'A') + "=");
        accept(cases, "case", "the accept value in small letters", value -> value.toLowerCase(Locale.ROOT));
        accept(cases, "no-padding", "the accept value without its padding", value -> value.replace("=", ""));
        accept(cases, "longer", "the accept value with more after it", value -> value + "AAAA");
        accept(cases, "first-half", "the first half of the accept value", value -> value.substring(0, 14));
        accept(cases, "quoted", "the accept value in quotes", value -> '"' + value + '"');
        answer(cases, "accept.twice", "the accept value on two lines", "§11.3.3", Rule.BETTER_REFUSE,
                head -> head.with(ACCEPT + ": " + head.values(ACCEPT).getFirst()));
        answer(cases, "accept.right-and-wrong", "a right accept value, then a wrong one", "§11.3.3",
                Rule.BETTER_REFUSE, head -> head.with(ACCEPT + ": s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        answer(cases, "accept.wrong-and-right", "a wrong accept value, then a right one", "§11.3.3",
                Rule.BETTER_REFUSE, head -> new Head(head.line(), List.of(ACCEPT + ": s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
                        .with(head.fields().toArray(String[]::new)));
        refuses(cases, "upgrade.none", "no Upgrade", head -> head.without("Upgrade"));
        refuses(cases, "upgrade.other", "Upgrade: h2c", head -> head.replace("Upgrade: h2c"));
        refuses(cases, "upgrade.like", "Upgrade: websocket2", head -> head.replace("Upgrade: websocket2"));
        answer(cases, "upgrade.list", "Upgrade: websocket, h2c", "§4.1", Rule.BETTER_REFUSE,
                head -> head.replace("Upgrade: websocket, h2c"));
        refuses(cases, "connection.none", "no Connection", head -> head.without("Connection"));
        refuses(cases, "connection.other", "Connection: keep-alive", head -> head.replace("Connection: keep-alive"));
        refuses(cases, "connection.like", "Connection: Upgraded", head -> head.replace("Connection: Upgraded"));
        refuses(cases, "subprotocol.unasked", "a subprotocol that the client did not ask for",
                head -> head.with("Sec-WebSocket-Protocol: x-unasked"));
        refuses(cases, "extension.unasked", "an extension that the client did not offer",
                head -> head.with("Sec-WebSocket-Extensions: x-unasked"));
        refuses(cases, "extension.unasked-parameter", "an extension with a parameter that the client did not offer",
                head -> head.with("Sec-WebSocket-Extensions: x-unasked; level=9"));
        refuses(cases, "extension.webkit", "an extension of long ago that the client did not offer",
                head -> head.with("Sec-WebSocket-Extensions: x-webkit-deflate-frame"));
        refuses(cases, "extension.malformed", "an extension header that is none",
                head -> head.with("Sec-WebSocket-Extensions: =;=,\"x"));
    }

    private static void refuses(Cases cases, String name, String title, UnaryOperator<Head> change) {
        answer(cases, name, title + ": refused", "§4.1", Rule.REFUSE, change);
    }

    private static void accept(Cases cases, String name, String title, UnaryOperator<String> change) {
        refuses(cases, "accept." + name, title,
                head -> head.replace(ACCEPT + ": " + change.apply(head.values(ACCEPT).getFirst())));
    }

    // ---- responses that do not upgrade, although all the rest of them does

    private static void statuses(Cases cases) {
        Map<String, String> more = Map.of("301", "Location: /elsewhere", "302", "Location: /elsewhere", "307",
                "Location: ://", "426", "Sec-WebSocket-Version: 99", "503", "Retry-After: 1");
        for (String status : List.of("200", "201", "204", "301", "302", "303", "304", "307", "400", "401", "403", "404",
                "407", "426", "429", "500", "503", "599")) {
            cases.client("status." + status, "status " + status + ", and the end of the stream: refused", "§4.1",
                    client -> {
                        Peer peer = client.answerBytes(head -> opened(closing(head, status, more.get(status))));
                        peer.endOutput();
                        refuses(peer);
                    });
        }
        cases.client("status.body", "status 403 with a body of 100,000 bytes: refused", "§4.1", client -> {
            Peer peer = client.answerBytes(head -> join(
                    new Head("HTTP/1.1 403 No", List.of("Content-Length: 100000", "Connection: close")).bytes(),
                    new byte[100_000]));
            peer.endOutput();
            refuses(peer);
        });
        cases.client("status.short-body", "status 403 with a body that ends before its length: refused", "§4.1",
                client -> {
                    Peer peer = client.answerBytes(head -> new Head("HTTP/1.1 403 No", List.of("Content-Length: 100000",
                            "Connection: close")).bytes());
                    peer.endOutput();
                    refuses(peer);
                });
        cases.client("end.at-once", "the end of the stream and no response: refused", "§4.1", client -> {
            Peer peer = client.answerBytes(head -> new byte[0]);
            peer.endOutput();
            refuses(peer);
        });
        cases.client("end.inside-head", "the end of the stream inside the response: refused", "§4.1", client -> {
            Peer peer = client.answerBytes(head -> Arrays.copyOf(head.bytes(), head.bytes().length - 2));
            peer.endOutput();
            refuses(peer);
        });
    }

    private static Head closing(Head head, String status, String field) {
        Head changed = head.line("HTTP/1.1 " + status + " No").with("Connection: close");
        return field == null ? changed : changed.with(field);
    }

    // ---- responses that are none

    private static void malformed(Cases cases) {
        line(cases, "http-2", "HTTP/2 101 Switching Protocols");
        line(cases, "http-version", "HTTP/x.y 101 Switching Protocols");
        line(cases, "other-protocol", "ICY 101 Switching Protocols");
        line(cases, "status-letters", "HTTP/1.1 1o1 Switching Protocols");
        line(cases, "status-long", "HTTP/1.1 1010 Switching Protocols");
        line(cases, "status-short", "HTTP/1.1 10 Switching Protocols");
        line(cases, "status-none", "HTTP/1.1");
        line(cases, "garbage", "\u0016\u0003\u0001\u0002\0\u0001\0");
        answer(cases, "malformed.http-1.0", "HTTP/1.0 101", "RFC 9110 §7.8", Rule.BETTER_REFUSE,
                head -> head.line("HTTP/1.0 101 Switching Protocols"));
        field(cases, "blank-before-colon", "a blank before a header's colon", "RFC 9112 §5.1", "X-Header : value");
        field(cases, "nul", "a NUL in a header's value", "RFC 9110 §5.5", "X-Header: a\0b");
        field(cases, "bare-cr", "a bare CR in a header's value", "RFC 9112 §2.2", "X-Header: a\rb");
        field(cases, "no-colon", "a header line without a colon", "RFC 9112 §5", "no colon here");
        field(cases, "no-name", "a header line without a name", "RFC 9112 §5", ": value");
        answer(cases, "malformed.folded", "a folded header line: refused, or read as one", "RFC 9112 §5.2",
                Rule.EITHER, head -> head.with("X-Header: value\r\n folded"));
    }

    private static void line(Cases cases, String name, String line) {
        answer(cases, "malformed." + name, "a status line that is none (" + name + "): refused", "RFC 9112 §4",
                Rule.REFUSE, head -> head.line(line));
    }

    private static void field(Cases cases, String name, String what, String section, String line) {
        answer(cases, "malformed." + name, what + ": better refused", section, Rule.BETTER_REFUSE,
                head -> head.with(line));
    }

    private static void endless(Cases cases) {
        endless(cases, "status-line", "a status line without end", "HTTP/1.1 101 ", "x".repeat(16_384));
        endless(cases, "header", "a header line without end", "HTTP/1.1 101 Yes\r\nX-Header: ", "x".repeat(16_384));
        endless(cases, "headers", "header lines without end", "HTTP/1.1 101 Yes\r\n",
                "X-Header: value\r\n".repeat(1000));
        endless(cases, "interim", "100 Continue without end", "", "HTTP/1.1 100 Continue\r\n\r\n".repeat(600));
        endless(cases, "body", "a body without end after status 403", "HTTP/1.1 403 No\r\n\r\n", "x".repeat(16_384));
        cases.perilousClient("huge.header", "a header line of 1 MiB is refused, or at least does no harm", "§10.4",
                client -> huge(client, "X-Header: " + "x".repeat(1 << 20)));
        String[] headers = new String[10_000];
        Arrays.setAll(headers, i -> "X-Header-" + i + ": value");
        cases.perilousClient("huge.headers", "10,000 header lines are refused, or at least do no harm", "§10.4",
                client -> huge(client, headers));
    }

    private static void endless(Cases cases, String name, String what, String start, String again) {
        cases.perilousClient("endless." + name, what + ": the client ends the connection", "§10.4", client -> {
            Peer peer = client.answerBytes(head -> start.getBytes(ISO_8859_1));
            peer.pour(again.getBytes(ISO_8859_1), ENDLESS);
            if (!peer.endsInTime()) {
                peer.findings().nonStrict("does not end the connection after " + (ENDLESS >> 20) + " MiB or "
                        + peer.settings().timeout().toMillis() + " ms");
            }
        });
    }

    private static void huge(Client client, String... fields) {
        judge(client.answer(head -> head.with(fields), HELLO), Rule.BETTER_REFUSE);
    }
}
