package dev.weft.tools.conform.cases;

import static dev.weft.tools.conform.cases.Payloads.ascii;
import static dev.weft.tools.conform.cases.Payloads.random;
import static dev.weft.tools.conform.wire.Frame.binary;
import static dev.weft.tools.conform.wire.Frame.continuation;
import static dev.weft.tools.conform.wire.Frame.ping;
import static dev.weft.tools.conform.wire.Frame.pong;
import static dev.weft.tools.conform.wire.Frame.text;
import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.weft.tools.conform.cases.Case.Script;
import dev.weft.tools.conform.wire.Failure;
import dev.weft.tools.conform.wire.Head;
import dev.weft.tools.conform.wire.Peer;
import dev.weft.tools.conform.wire.Response;
import dev.weft.tools.conform.wire.Server;
import dev.weft.tools.conform.wire.Upgrade;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/** The opening handshake: what is accepted, what is refused and how, and frames sent with it (RFC 6455 §4). */
final class Handshake {
    private static final Script ECHO = peer -> {
        peer.echoes(text("Hello"));
        peer.close();
    };

    private Handshake() {}

    static void add(Cases cases) {
        accepted(cases);
        lists(cases);
        FirstFrames.add(cases);
        versions(cases);
        refused(cases);
        malformed(cases);
    }

    // ---- valid requests

    private static void accepted(Cases cases) {
        accepts(cases, "plain", "a plain handshake is accepted", request -> request);
        cases.server("accept-keys", "the accept value fits 50 random keys", "§4.2.2",
                server -> server.forEach(IntStream.range(0, 50).boxed().toList(), (i, part) -> ECHO.run(part.open())));
        accepts(cases, "key.rfc", "the accept value fits the key of the RFC's example",
                request -> request.key("dGhlIHNhbXBsZSBub25jZQ=="));
        accepts(cases, "key.zero", "the accept value fits a key of zeros",
                request -> request.key("AAAAAAAAAAAAAAAAAAAAAA=="));
        accepts(cases, "case.names", "header names in capitals", request -> request.head(head -> head.renamed(true)));
        accepts(cases, "case.lower", "header names in small letters",
                request -> request.head(head -> head.renamed(false)));
        accepts(cases, "case.values", "Upgrade: WEBSOCKET and Connection: uPGRADE",
                request -> request.replace("Upgrade: WEBSOCKET").replace("Connection: uPGRADE"));
        accepts(cases, "connection.list", "Connection: keep-alive, Upgrade",
                request -> request.replace("Connection: keep-alive, Upgrade"));
        accepts(cases, "connection.two-lines", "two Connection lines, the second says Upgrade",
                request -> request.without("Connection").with("Connection: keep-alive", "Connection: Upgrade"));
        accepts(cases, "blanks.none", "no blank after the colons",
                request -> request.head(head -> head.each(field -> field.replaceFirst(": ", ":"))));
        accepts(cases, "blanks.many", "blanks and tabs around the values",
                request -> request.head(head -> head.each(field -> field.replaceFirst(": ", ": \t ") + " \t")));
        accepts(cases, "order", "the header lines in the opposite order",
                request -> request.head(Head::reversed));
        accepts(cases, "more-headers", "40 more header lines and a cookie of 2,000 bytes", request -> {
            Upgrade all = request.with("Cookie: c=" + "x".repeat(2000), "User-Agent: conform", "Pragma: no-cache");
            for (int i = 0; i < 40; i++) {
                all = all.with("X-Header-" + i + ": value " + i);
            }
            return all;
        });
        cases.server("chopped-1", "a handshake written byte by byte is accepted", "§4.2.1",
                server -> ECHO.run(server.openChopped(1)));
        cases.server("chopped-7", "a handshake written seven bytes at a time is accepted", "§4.2.1",
                server -> ECHO.run(server.openChopped(7)));
    }

    private static void accepts(Cases cases, String name, String title, UnaryOperator<Upgrade> change) {
        cases.server(name, title, "§4.2", server -> ECHO.run(server.open(change.apply(server.upgrade()))));
    }

    /** Every connection checks the names in the response; in this case the request offers some. */
    private static void lists(Cases cases) {
        accepts(cases, "extension.unknown", "an unknown extension is offered, and not named in the response",
                request -> request.offering("x-unknown; a=1; b=\"two\""));
        accepts(cases, "extension.many", "eight unknown extensions on two lines are offered, none is named",
                request -> request.offering("x-1, x-2;p, x-3;p=1, x-4").offering("x-5, x-6, x-7, x-8"));
        accepts(cases, "extension.deflate-frame", "an extension of long ago is offered, and not named",
                request -> request.offering("x-webkit-deflate-frame, deflate-stream"));
        accepts(cases, "subprotocol.many", "subprotocols are offered: the response names at most one of them",
                request -> request.with("Sec-WebSocket-Protocol: chat, superchat, echo"));
        accepts(cases, "subprotocol.two-lines", "subprotocols on two lines: the response names at most one of them",
                request -> request.with("Sec-WebSocket-Protocol: chat", "Sec-WebSocket-Protocol: superchat"));
    }

    // ---- versions

    private static void versions(Cases cases) {
        for (String version : List.of("0", "1", "12", "14", "99", "255", "13.0", "x")) {
            cases.server("version." + version, "version " + version + " gets 426 and Sec-WebSocket-Version: 13", "§4.4",
                    server -> version(server, version, false));
        }
        for (String version : List.of("7", "8")) {
            cases.server("version." + version,
                    "version " + version + ", a draft, gets 426 and Sec-WebSocket-Version: 13",
                    "§4.4", server -> version(server, version, true));
        }
        refuses(cases, "version.none", "no version", "§4.2.1", request -> request.without("Sec-WebSocket-Version"));
    }

    private static void version(Server server, String version, boolean draft) {
        Response response = server.request(server.upgrade().replace("Sec-WebSocket-Version: " + version).bytes());
        if (response == null) {
            server.findings().nonStrict("ended without a response");
            return;
        }
        if (response.status() == 101) {
            if (!draft) {
                throw new Failure("§4.2.2: accepts version " + version);
            }
            server.findings().nonStrict("accepts version " + version + ", a draft");
            return;
        }
        if (response.status() < 400 || response.status() > 499) {
            throw new Failure("§4.4: expected 426, got " + response.status());
        }
        if (!response.tokens("Sec-WebSocket-Version").contains("13")) {
            throw new Failure("§4.4: status " + response.status()
                    + ", and no Sec-WebSocket-Version header that names the versions that the server supports");
        }
        if (response.status() != 426) {
            server.findings().nonStrict("expected 426, got " + response.status());
        }
    }

    // ---- invalid requests

    private static void refused(Cases cases) {
        refuses(cases, "key.none", "no key", "§4.2.1", request -> request.without("Sec-WebSocket-Key"));
        weak(cases, "key.empty", "an empty key", "§4.2.1", request -> request.key(""));
        weak(cases, "key.15-bytes", "a key of 15 bytes", "§4.2.1", request -> request.key("AAAAAAAAAAAAAAAAAAAA"));
        weak(cases, "key.17-bytes", "a key of 17 bytes", "§4.2.1",
                request -> request.key("AAAAAAAAAAAAAAAAAAAAAAA="));
        weak(cases, "key.not-base64", "a key that is not base64", "§4.2.1",
                request -> request.key("!!!!!!!!!!!!!!!!!!!!!!=="));
        weak(cases, "key.twice", "two keys", "§11.3.1",
                request -> request.with("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="));
        // RFC 9110 §7.8: a server may ignore Upgrade, and answer HEAD as it answers GET.
        serves(cases, "method.post", "POST", "§4.2.1", request -> method(request, "POST").with("Content-Length: 0"));
        serves(cases, "method.put", "PUT", "§4.2.1", request -> method(request, "PUT").with("Content-Length: 0"));
        serves(cases, "method.delete", "DELETE", "§4.2.1", request -> method(request, "DELETE"));
        serves(cases, "method.head", "HEAD", "§4.2.1", request -> method(request, "HEAD"));
        refuses(cases, "method.lower-case", "get", "§4.2.1", request -> method(request, "get"));
        serves(cases, "http-1.0", "HTTP/1.0", "§4.2.1",
                request -> request.line(request.head().line().replace("HTTP/1.1", "HTTP/1.0")));
        refuses(cases, "host.none", "no Host", "§4.2.1", request -> request.without("Host"));
        refuses(cases, "host.twice", "two different Hosts", "RFC 9112 §3.2",
                request -> request.with("Host: elsewhere"));
        serves(cases, "upgrade.none", "no Upgrade", "§4.2.1", request -> request.without("Upgrade"));
        serves(cases, "upgrade.other", "Upgrade: h2c", "§4.2.1", request -> request.replace("Upgrade: h2c"));
        serves(cases, "upgrade.like", "Upgrade: websocket2", "§4.2.1",
                request -> request.replace("Upgrade: websocket2"));
        refuses(cases, "connection.none", "no Connection", "§4.2.1", request -> request.without("Connection"));
        refuses(cases, "connection.other", "Connection: keep-alive", "§4.2.1",
                request -> request.replace("Connection: keep-alive"));
        refuses(cases, "connection.like", "Connection: Upgraded", "§4.2.1",
                request -> request.replace("Connection: Upgraded"));
        cases.server("not-an-upgrade", "a plain GET gets any response but 101", "§4.2.1", server -> refuse(server,
                server.upgrade().without("Upgrade").without("Connection").without("Sec-WebSocket-Key")
                        .without("Sec-WebSocket-Version").bytes(),
                false, true));
    }

    private static Upgrade method(Upgrade request, String method) {
        return request.line(request.head().line().replaceFirst("GET", method));
    }

    private static void malformed(Cases cases) {
        refuses(cases, "malformed.blank-before-colon", "a blank before a header's colon", "RFC 9112 §5.1",
                request -> request.with("X-Header : value"));
        weak(cases, "malformed.folded", "a folded header line", "RFC 9112 §5.2",
                request -> request.with("X-Header: value\r\n folded"));
        weak(cases, "malformed.nul", "a NUL in a header's value", "RFC 9110 §5.5",
                request -> request.with("X-Header: a\0b"));
        weak(cases, "malformed.bare-cr", "a bare CR in a header's value", "RFC 9112 §2.2",
                request -> request.with("X-Header: a\rb"));
        refuses(cases, "malformed.no-colon", "a header line without a colon", "RFC 9112 §5",
                request -> request.with("no colon here"));
        refuses(cases, "malformed.no-name", "a header line without a name", "RFC 9112 §5",
                request -> request.with(": value"));
        refuses(cases, "malformed.request-line", "a request line of one word", "RFC 9112 §3",
                request -> request.line("GET"));
        refuses(cases, "malformed.http-version", "HTTP/x.y", "RFC 9112 §2.3",
                request -> request.line(request.head().line().replace("HTTP/1.1", "HTTP/x.y")));
        cases.server("malformed.garbage", "bytes that are not a request are refused", "RFC 9112 §2.2", server -> refuse(
                server, "\u0016\u0003\u0001\u0002\0\u0001\0\r\n\r\n".getBytes(ISO_8859_1), false, false));
        cases.perilousServer("huge.header", "a header line of 1 MiB is refused, or at least does no harm", "§10.4",
                server -> {
                    refuse(server, server.upgrade().with("X-Header: " + "x".repeat(1 << 20)).bytes(), true, false);
                    ECHO.run(server.open());
                });
        cases.perilousServer("huge.headers", "2,000 header lines are refused, or at least do no harm", "§10.4",
                server -> {
                    Upgrade request = server.upgrade();
                    String[] more = IntStream.range(0, 2000).mapToObj(i -> "X-Header-" + i + ": value")
                            .toArray(String[]::new);
                    refuse(server, request.with(more).bytes(), true, false);
                    ECHO.run(server.open());
                });
    }

    /** Adds a case in which accepting is a violation. */
    private static void refuses(Cases cases, String name, String what, String section, UnaryOperator<Upgrade> change) {
        cases.server(name, what + " is refused", section,
                server -> refuse(server, change.apply(server.upgrade()).bytes(), false, false));
    }

    /** Adds a case of a request that does not ask for a WebSocket: any response except 101 is correct, including a page. */
    private static void serves(Cases cases, String name, String what, String section, UnaryOperator<Upgrade> change) {
        cases.server(name, what + " is not taken for a handshake", section,
                server -> refuse(server, change.apply(server.upgrade()).bytes(), false, true));
    }

    /** Adds a case in which accepting the request is only weak, because the RFC permits it. */
    private static void weak(Cases cases, String name, String what, String section, UnaryOperator<Upgrade> change) {
        cases.server(name, what + " is refused", section,
                server -> refuse(server, change.apply(server.upgrade()).bytes(), true, false));
    }

    private static void refuse(Server server, byte[] request, boolean mayAccept, boolean mayServe) {
        Response response = server.request(request);
        if (response == null) {
            server.findings().nonStrict("ended without a response");
        } else if (response.status() == 101) {
            if (!mayAccept) {
                throw new Failure("accepted with 101");
            }
            server.findings().nonStrict("accepted with 101");
        } else if (response.status() >= 500 && response.status() != 501 && response.status() != 505) {
            server.findings().nonStrict("refused with status " + response.status() + ", which blames the server");
        } else if (response.status() < 400 && !mayServe) {
            server.findings().nonStrict("answered by status " + response.status());
        }
    }
}
