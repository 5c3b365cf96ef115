package dev.weft.tools.connect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Message;
import dev.weft.TestKeys;
import dev.weft.WebSocketHandler;
import dev.weft.server.HandshakeDecision;
import dev.weft.server.WebSocketServer;
import dev.weft.server.WebSocketServerBuilder;
import dev.weft.tools.echo.EchoHandler;
import dev.weft.tools.options.Terminals;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs the program in pipes, against servers in this process. */
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ConnectTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final StringWriter err = new StringWriter();
    private final List<WebSocketServer> servers = new ArrayList<>();
    private Terminals terminals = Terminals.NONE;

    private String start(WebSocketHandler handler) throws IOException {
        return start(WebSocketServer.builder().handler(handler));
    }

    private String start(WebSocketServerBuilder builder) throws IOException {
        WebSocketServer server = builder.start();
        servers.add(server);
        return "ws://127.0.0.1:" + server.port() + "/";
    }

    @AfterEach
    void closeServers() {
        servers.forEach(WebSocketServer::close);
    }

    private int connect(InputStream in, OutputStream to, String... args) {
        return Connect.command(in, to, terminals, connection -> {}).setErr(new PrintWriter(err, true))
                .setOut(new PrintWriter(err, true)).execute(args);
    }

    private int connect(byte[] in, String... args) {
        return connect(new ByteArrayInputStream(in), out, args);
    }

    private int connect(String in, String... args) {
        return connect(in.getBytes(UTF_8), args);
    }

    private String out() {
        return out.toString(UTF_8);
    }

    @Test
    void linesMustBecomeMessagesAndMessagesLines() throws Exception {
        assertEquals(0, connect("Hello\r\n\nGrüße 🧵\nlast", start(new EchoHandler()), "--count", "4"));
        assertEquals("Hello\n\nGrüße 🧵\nlast\n", out());
        assertEquals("", err.toString());
    }

    @Test
    void controlCharactersMustPassThroughPipesUnchanged() throws Exception {
        assertEquals(0, connect("\u001b[2J\u0007\n", start(new EchoHandler()), "-c1"));
        assertEquals("\u001b[2J\u0007\n", out());
    }

    @Test
    void controlCharactersMustBeEscapedOnTerminal() throws Exception {
        terminals = new Terminals(false, true, true, true);
        assertEquals(0, connect("\u001b[2J\u0007\n", start(new EchoHandler()), "-c1"));
        assertEquals("\\u001b[2J\\u0007\n", out());
    }

    @Test
    void bytesMustComeBackAsTheyWere() throws Exception {
        byte[] bytes = new byte[300_000];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i * 31 >> 3);
        }
        assertEquals(0, connect(bytes, start(new EchoHandler()), "--binary"));
        assertArrayEquals(bytes, out.toByteArray());
    }

    @Test
    void base64MustBeBinaryMessages() throws Exception {
        List<Message> received = new CopyOnWriteArrayList<>();
        assertEquals(0, connect("AP8=\n\n", start(ws -> {
            for (int i = 0; i < 2; i++) {
                Message message = ws.receive();
                received.add(message);
                ws.send(((Message.Binary) message).bytes());
            }
        }), "--base64", "-c", "2"));
        assertEquals("AP8=\n\n", out());
        assertArrayEquals(new byte[]{0, -1}, ((Message.Binary) received.getFirst()).bytes());
    }

    @Test
    void fileMustBeOneMessage(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("text"), "two\nlines\n");
        assertEquals(0, connect("not this", start(new EchoHandler()), "--text-from", file.toString(), "-c1"));
        assertEquals("two\nlines\n\n", out());
        assertEquals(2, connect("", start(new EchoHandler()), "--text-from", folder.resolve("none").toString()));
        assertTrue(err.toString().contains("cannot be read"), err.toString());
    }

    @Test
    void givenMessagesMustBeSentInPlaceOfInput() throws Exception {
        assertEquals(0, connect("not this", start(new EchoHandler()), "-x", "a", "--send", "b", "-c2"));
        assertEquals("a\nb\n", out());
    }

    @Test
    void countMustEndItEarly() throws Exception {
        assertEquals(0, connect("", start(ws -> {
            for (int i = 0; i < 10; i++) {
                ws.send("message " + i);
            }
            ws.awaitClose();
        }), "--no-input", "--count", "3"));
        assertEquals("message 0\nmessage 1\nmessage 2\n", out());
    }

    @Test
    void tooFewMessagesMustBeStatus5() throws Exception {
        assertEquals(ExitStatus.TOO_FEW, connect("", start(ws -> ws.send("one")), "-n", "-c2"));
        assertEquals("connect: received 1 of 2 messages\n", err.toString());
    }

    @Test
    void quietMustEndIt() throws Exception {
        BlockingQueue<Message> ends = new LinkedBlockingQueue<>();
        assertEquals(0, connect("a\n", start(ws -> {
            ws.receive();
            ends.add(ws.receive());
        }), "--wait", "10ms"));
        Message.Close end = (Message.Close) ends.poll(10, TimeUnit.SECONDS);
        assertEquals(1000, end.status().code());
    }

    @ParameterizedTest
    @CsvSource({"1000, 0", "1001, 4", "1011, 4", "4000, 4"})
    void closeCodeOfServerMustDecideTheStatus(int code, int status) throws Exception {
        assertEquals(status, connect("", start(ws -> ws.close(code, "why\u00e4")), "-n"));
        assertEquals(status == 0, err.toString().isEmpty(), err.toString());
        assertTrue(status == 0 || err.toString().contains("closed by the server with " + code + " \"whyä\""),
                err.toString());
    }

    @Test
    void lostConnectionMustBeStatus3() throws Exception {
        assertEquals(ExitStatus.LOST, connect("", start(ws -> ws.abort()), "-n"));
        assertTrue(err.toString().startsWith("connect: the connection is lost"), err.toString());
        assertEquals(1, err.toString().lines().count());
    }

    @Test
    void messageOverTheLimitMustBeStatus4() throws Exception {
        assertEquals(ExitStatus.CLOSED, connect("", start(ws -> {
            ws.send("x".repeat(2000));
            ws.awaitClose();
        }), "-n", "--max-message-size", "1k"));
        assertTrue(err.toString().startsWith("connect: closed by this end with 1009"), err.toString());
        assertEquals("", out());
    }

    @Test
    void missingServerMustBeStatus1() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            port = free.getLocalPort();
        }
        assertEquals(ExitStatus.NO_CONNECTION, connect("", "127.0.0.1:" + port));
        assertTrue(err.toString().startsWith("connect: no connection to ws://127.0.0.1:" + port + ": CONNECT"),
                err.toString());
    }

    @Test
    void refusalMustShowTheAnswer() throws Exception {
        String uri = start(WebSocketServer.builder().endpoint("/there", new EchoHandler()));
        assertEquals(ExitStatus.NO_CONNECTION, connect("", uri + "elsewhere"));
        assertTrue(err.toString().contains("HANDSHAKE: the server answered 404"), err.toString());
    }

    @Test
    void handshakeMustHaveWhatIsAskedFor() throws Exception {
        List<String> seen = new CopyOnWriteArrayList<>();
        String uri = start(WebSocketServer.builder().policy(request -> {
            seen.add(request.headers().first("X-A").orElse("") + " " + request.cookies() + " "
                    + request.headers().first("Origin").orElse("") + " "
                    + request.headers().first("Authorization").orElse("") + " "
                    + request.headers().first("Sec-WebSocket-Extensions").isPresent());
            return HandshakeDecision.accept();
        }).subprotocols("b").handler(ws -> ws.send(ws.subprotocol().orElse("none"))));
        assertEquals(0, connect("", uri, "-n", "-H", "X-A: 1", "--cookie", "a=b", "--cookie=c=d", "-o",
                "https://example.com", "--basic", "me:pass", "-s", "a", "-s", "b", "--no-deflate"));
        assertEquals(List.of("1 {a=b, c=d} https://example.com Basic bWU6cGFzcw== false"), seen);
        assertEquals("b\n", out());
    }

    @Test
    void verboseMustShowHandshakeAndMessagesWithTheTime() throws Exception {
        assertEquals(0, connect("a\u001b\n", start(new EchoHandler()) + "x?y=z", "-v", "-c1", "-H", "X-A: 1"));
        assertEquals("a\u001b\n", out());
        for (String part : List.of("\\* from 127\\.0\\.0\\.1:[0-9]+ to 127\\.0\\.0\\.1:[0-9]+",
                "> GET /x\\?y=z HTTP/1.1", "> X-A: 1", "> Sec-WebSocket-Key: .+", "< HTTP/1.1 101 Switching Protocols",
                "< Sec-WebSocket-Accept: .+", "\\* connected, permessage-deflate.+", "> frame TEXT FIN MASK, 2 bytes",
                "< frame TEXT FIN, 2 bytes", "> frame CLOSE FIN MASK, 2 bytes: 1000",
                "< frame CLOSE FIN, 2 bytes: 1000",
                "> text \\(2 bytes\\) a\\\\u001b", "< text \\(2 bytes\\) a\\\\u001b",
                "\\* the connection is over: clean.+")) {
            assertTrue(err.toString().lines().anyMatch(line -> line.matches("[0-9:]{8}\\.[0-9]{3} " + part)),
                    part + " in " + err);
        }
    }

    @Test
    void inputThatIsNoMessageMustBeStatus2() throws Exception {
        assertEquals(2, connect(new byte[]{'a', '\n', -1, '\n'}, start(new EchoHandler())));
        assertEquals("connect: standard input, line 2: not UTF-8; --binary or --base64 sends other bytes\n",
                err.toString());
        assertEquals(2, connect("*\n", start(new EchoHandler()), "--base64"));
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '"', textBlock = """
            ftp://localhost/
            ws://
            "ws://local host/"
            ws://localhost/ --wait=soon
            ws://localhost/ --binary --base64
            ws://localhost/ -n --send=a
            ws://localhost/ --count=-1
            ws://localhost/ --header=a
            ws://localhost/ --header=Host:a
            ws://localhost/ --proxy=ftp://a:1
            ws://localhost/ --max-message-size=much
            ws://localhost/ --no-such-thing
            """)
    void wrongCommandLineMustBeOneLineAndStatus2(String args) {
        assertEquals(2, connect("", Arrays.stream(args.split(" (?=-)")).toArray(String[]::new)));
        assertTrue(err.toString().matches("connect: .+ \\(--help shows all options\\)\n"), err.toString());
    }

    @Test
    void goneReaderMustEndItQuietly() throws Exception {
        OutputStream gone = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        assertEquals(0, connect(new ByteArrayInputStream("a\n".getBytes(UTF_8)), gone, start(new EchoHandler())));
        assertEquals("", err.toString());
    }

    @Test
    void certificateMustBeVerifiedUnlessInsecure(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("keys.p12");
        TestKeys.write(file);
        KeyStore store = KeyStore.getInstance(file.toFile(), TestKeys.PASSWORD.toCharArray());
        String uri = start(WebSocketServer.builder().tls(TestKeys.contextOf(store)).handler(new EchoHandler()))
                .replace("ws://127.0.0.1", "wss://localhost");
        assertEquals(ExitStatus.NO_CONNECTION, connect("a\n", uri));
        assertTrue(err.toString().contains(": TLS: "), err.toString());
        assertEquals(0, connect("a\n", uri, "--insecure", "-c1", "--verbose"));
        assertEquals("a\n", out());
        assertTrue(err.toString().lines().anyMatch(line -> line.matches(".+ \\* TLSv1.3, TLS_.+, certificate of .+")),
                err.toString());
    }

    /** Its certificate is that of {@link TestKeys}, and only clients with a certificate that TestKeys trusts may connect. */
    private String startForCertifiedClients() throws IOException {
        return start(WebSocketServer.builder().tls(TestKeys.context(), parameters -> parameters.setNeedClientAuth(true))
                .handler(new EchoHandler())).replace("ws://127.0.0.1", "wss://localhost");
    }

    @Test
    void certificateMustBeShownToServerThatDemandsOne(@TempDir Path folder) throws Exception {
        String uri = startForCertifiedClients();
        String both = Files.writeString(folder.resolve("both.pem"), TestKeys.pem()).toString();
        // With TLS 1.3, a client may be refused only after its own part of the handshake.
        assertEquals(ExitStatus.NO_CONNECTION, connect("a\n", uri, "--cacert", both));
        assertEquals(0, connect("a\n", uri, "--cacert", both, "--cert", both, "-c1"));
        assertEquals("a\n", out());
    }

    @Test
    void keyMustBeReadFromItsOwnFile(@TempDir Path folder) throws Exception {
        Path store = folder.resolve("keys.p12");
        TestKeys.write(store);
        KeyStore stranger = KeyStore.getInstance(store.toFile(), TestKeys.PASSWORD.toCharArray());
        String certificate = Files.writeString(folder.resolve("certificate.pem"), TestKeys.certificate(stranger))
                .toString();
        String key = Files.writeString(folder.resolve("key.pem"), TestKeys.privateKey(stranger)).toString();
        String uri = start(WebSocketServer.builder().tls(TestKeys.contextOf(stranger),
                parameters -> parameters.setNeedClientAuth(true)).handler(new EchoHandler()))
                .replace("ws://127.0.0.1", "wss://localhost");
        assertEquals(0, connect("a\n", uri, "--insecure", "--cert", certificate, "--key", key, "-c1"));
        assertEquals(ExitStatus.NO_CONNECTION, connect("a\n", startForCertifiedClients(), "--insecure", "--cert",
                certificate, "--key", key));
    }

    @Test
    void certificateOfUnknownAuthorityMustBeRefused(@TempDir Path folder) throws Exception {
        Path store = folder.resolve("keys.p12");
        TestKeys.write(store);
        String certificate = Files.writeString(folder.resolve("other.pem"),
                TestKeys.certificate(KeyStore.getInstance(store.toFile(), TestKeys.PASSWORD.toCharArray()))).toString();
        assertEquals(ExitStatus.NO_CONNECTION, connect("a\n", startForCertifiedClients(), "--cacert", certificate));
        assertTrue(err.toString().contains(": TLS: "), err.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"--cert=none.pem", "--cacert=none.pem", "--key=none.pem", "--insecure --cacert=none.pem"})
    void wrongTlsOptionsMustBeStatus2(String options) {
        List<String> args = new ArrayList<>(List.of("wss://localhost/"));
        args.addAll(List.of(options.split(" ")));
        assertEquals(2, connect("", args.toArray(String[]::new)));
        assertTrue(err.toString().matches("connect: .*--(cert|cacert|key).+ \\(--help shows all options\\)\n"),
                err.toString());
    }

    @Test
    void credentialsInTheUriOfTheProxyMustBeSentToIt() throws Exception {
        try (ServerSocket proxy = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            FutureTask<String> request = new FutureTask<>(() -> {
                try (Socket peer = proxy.accept()) {
                    StringBuilder head = new StringBuilder();
                    while (head.indexOf("\r\n\r\n") < 0) {
                        head.append((char) peer.getInputStream().read());
                    }
                    peer.getOutputStream()
                            .write("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n".getBytes(UTF_8));
                    return head.toString();
                }
            });
            Thread.startVirtualThread(request);
            assertEquals(ExitStatus.NO_CONNECTION, connect("a\n", "ws://server.example/", "--proxy",
                    "http://us%65r:p%3Ass+@127.0.0.1:" + proxy.getLocalPort()));
            // "user:p:ss+"
            String head = request.get(10, TimeUnit.SECONDS);
            assertTrue(head.contains("\r\nProxy-Authorization: Basic dXNlcjpwOnNzKw==\r\n"), head);
        }
        assertTrue(err.toString().contains("PROXY") && err.toString().contains("403"), err.toString());
    }
}
