import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.Deflater;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Starts an echo server and has it do once what a server does first: handshakes, echoes, a ping, a closing handshake and
 * the page. scripts/echo-cache runs it from this source.
 *
 * <p>Arguments: plain or tls, and the command that starts the server. Exits with 0 if every answer was right and the
 * server has ended.
 */
final class EchoTraining {
    private static final Pattern LISTENING = Pattern.compile("Weft echo listening on wss?://127\\.0\\.0\\.1:([0-9]+)/");
    private static final int ANSWER_MILLIS = 30_000;
    private static final int END_SECONDS = 120;
    private static final String PASSWORD = "for-training-only";
    private static final byte[] MASK = {1, 2, 3, 4};
    private static final int TEXT = 0x81;
    private static final int COMPRESSED_TEXT = 0xc1;
    private static final int BINARY = 0x82;
    private static final int CLOSE = 0x88;
    private static final int PING = 0x89;
    private static final int PONG = 0x8a;

    private final SSLContext tls;
    private final int port;

    private EchoTraining(SSLContext tls, int port) {
        this.tls = tls;
        this.port = port;
    }

    public static void main(String[] arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(arguments).subList(1, arguments.length));
        command.addAll(List.of("--port", "0"));
        if (arguments[0].equals("plain")) {
            train(command, null);
            return;
        }
        Path folder = Files.createTempDirectory("weft-training");
        Path keystore = folder.resolve("keys.p12");
        Path password = folder.resolve("password");
        try {
            Files.writeString(password, PASSWORD);
            makeKey(keystore);
            command.addAll(List.of("--tls-keystore", keystore.toString(), "--tls-password-file", password.toString()));
            train(command, trusting(keystore));
        } finally {
            Files.deleteIfExists(keystore);
            Files.deleteIfExists(password);
            Files.delete(folder);
        }
    }

    private static void makeKey(Path keystore) throws IOException, InterruptedException {
        Process keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair", "-keystore", keystore.toString(), "-storepass", PASSWORD, "-alias", "training", "-keyalg",
                "EC", "-groupname", "secp256r1", "-dname", "CN=localhost", "-validity", "2").inheritIO().start();
        if (keytool.waitFor() != 0) {
            throw new IOException("keytool failed");
        }
    }

    private static SSLContext trusting(Path keystore) throws Exception {
        KeyStore keys = KeyStore.getInstance(keystore.toFile(), PASSWORD.toCharArray());
        KeyStore certificates = KeyStore.getInstance(KeyStore.getDefaultType());
        certificates.load(null, null);
        certificates.setCertificateEntry("training", keys.getCertificate("training"));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(certificates);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), new SecureRandom());
        return context;
    }

    private static void train(List<String> command, SSLContext tls) throws Exception {
        Process server = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try {
            BufferedReader output = server.inputReader();
            new EchoTraining(tls, port(output)).visit();
            server.toHandle().destroy(); // SIGTERM: what was learnt is written when the JVM exits
            output.lines().forEach(System.err::println);
            if (!server.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException("the server does not end");
            }
        } finally {
            server.destroyForcibly();
        }
    }

    private static int port(BufferedReader output) throws IOException {
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            Matcher matcher = LISTENING.matcher(line);
            if (matcher.matches()) {
                return Integer.parseInt(matcher.group(1));
            }
        }
        throw new IOException("the server did not start");
    }

    private void visit() throws Exception {
        String words = "This is long enough for the server to compress it. ".repeat(4);
        for (boolean compressed : new boolean[]{false, true}) {
            try (Socket socket = connect()) {
                DataInputStream in = new DataInputStream(socket.getInputStream());
                OutputStream out = socket.getOutputStream();
                String response = request(in, out, "/", "Upgrade: websocket", "Connection: Upgrade",
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
                        compressed ? "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits" : "X: y");
                check(response.startsWith("HTTP/1.1 101 ") && response.contains("permessage-deflate") == compressed,
                        response);
                echo(in, out, TEXT, "Hello".getBytes(UTF_8));
                echo(in, out, BINARY, new byte[300]);
                if (compressed) {
                    send(out, COMPRESSED_TEXT, deflate(words.getBytes(UTF_8)));
                    check(in.readUnsignedByte() == COMPRESSED_TEXT, "a compressed message");
                    in.skipNBytes(in.readUnsignedByte());
                }
                send(out, PING, new byte[]{42});
                check(Arrays.equals(receive(in, PONG), new byte[]{42}), "a pong");
                byte[] normal = {1000 >> 8, (byte) 1000};
                send(out, CLOSE, normal);
                check(Arrays.equals(receive(in, CLOSE), normal), "a Close frame");
                check(in.read() < 0, "the end");
            }
        }
        try (Socket socket = connect()) {
            String response = request(new DataInputStream(socket.getInputStream()), socket.getOutputStream(), "/");
            check(response.startsWith("HTTP/1.1 200 "), response);
        }
    }

    private Socket connect() throws IOException {
        Socket socket = tls == null ? new Socket("127.0.0.1", port) : tls.getSocketFactory().createSocket("127.0.0.1", port);
        socket.setSoTimeout(ANSWER_MILLIS);
        return socket;
    }

    /** Sends a request and returns the head of the response. */
    private String request(DataInputStream in, OutputStream out, String path, String... headers) throws IOException {
        out.write(("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + port + "\r\nUser-Agent: training\r\n"
                + String.join("\r\n", headers) + (headers.length == 0 ? "" : "\r\n") + "\r\n").getBytes(ISO_8859_1));
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            head.append((char) in.readUnsignedByte());
        }
        return head.toString();
    }

    private static void echo(DataInputStream in, OutputStream out, int firstByte, byte[] payload) throws IOException {
        send(out, firstByte, payload);
        if (payload.length < 128) { // larger ones may be compressed
            check(Arrays.equals(receive(in, firstByte), payload), "an echo");
            return;
        }
        in.readUnsignedByte();
        int length = in.readUnsignedByte();
        in.skipNBytes(length == 126 ? in.readUnsignedShort() : length);
    }

    /** Sends a masked frame (§5.2 of RFC 6455). */
    private static void send(OutputStream out, int firstByte, byte[] payload) throws IOException {
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        frame.write(firstByte);
        if (payload.length < 126) {
            frame.write(0x80 | payload.length);
        } else {
            frame.write(0x80 | 126);
            frame.write(payload.length >> 8);
            frame.write(payload.length);
        }
        frame.write(MASK);
        for (int i = 0; i < payload.length; i++) {
            frame.write(payload[i] ^ MASK[i & 3]);
        }
        out.write(frame.toByteArray());
    }

    private static byte[] receive(DataInputStream in, int firstByte) throws IOException {
        check(in.readUnsignedByte() == firstByte, "a frame that begins with " + firstByte);
        return in.readNBytes(in.readUnsignedByte());
    }

    /** A message as §7.2.1 of RFC 7692 has it. */
    private static byte[] deflate(byte[] message) {
        Deflater deflater = new Deflater(Deflater.BEST_SPEED, true);
        deflater.setInput(message);
        byte[] output = new byte[message.length + 100];
        int length = deflater.deflate(output, 0, output.length, Deflater.SYNC_FLUSH);
        deflater.end();
        return Arrays.copyOf(output, length - 4);
    }

    private static void check(boolean right, String what) throws IOException {
        if (!right) {
            throw new IOException("wrong answer: " + what);
        }
    }
}
