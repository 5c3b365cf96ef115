import dev.weft.CloseStatus;
import dev.weft.Message;
import dev.weft.MessageType;
import dev.weft.OutgoingMessage;
import dev.weft.WebSocketConnection;
import dev.weft.client.WebSocketClient;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Checks Weft's client against echo servers. scripts/smoke-client runs it from this source.
 *
 * <p>Arguments: a store with the servers' certificate, and URLs, whose fragments begin with "deflate" or "plain". Exits with 0
 * if every check passed.
 */
final class SmokeClient {
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private SmokeClient() {}

    public static void main(String[] arguments) throws IOException, GeneralSecurityException {
        SSLContext tls = trusting(Path.of(arguments[0]));
        try (WebSocketClient client = WebSocketClient.builder().tls(tls).subprotocols("other", "chat").build();
                WebSocketClient plain = WebSocketClient.builder().tls(tls).noDeflate().build()) {
            for (String url : Arrays.copyOfRange(arguments, 1, arguments.length)) {
                String base = url.substring(0, url.indexOf('#'));
                boolean deflates = url.contains("#deflate");
                checkEcho(client, base);
                checkEcho(plain, base);
                checkClose(client, base);
                checkExtensions(client, base, deflates ? "permessage-deflate" : "");
                checkExtensions(plain, base, "");
                System.out.println("ok " + url);
            }
        }
    }

    private static SSLContext trusting(Path file) throws IOException, GeneralSecurityException {
        KeyStore keys = KeyStore.getInstance(file.toFile(), "for-tests-only".toCharArray());
        KeyStore certificates = KeyStore.getInstance(KeyStore.getDefaultType());
        certificates.load(null, null);
        certificates.setCertificateEntry("test", keys.getCertificate("test"));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(certificates);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        return context;
    }

    private static void check(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }

    private static Message receive(WebSocketConnection ws) throws IOException {
        return ws.receive(PATIENCE).orElseThrow(() -> new AssertionError("nothing came"));
    }

    private static void checkEcho(WebSocketClient client, String base) throws IOException {
        WebSocketConnection ws = client.open(URI.create(base));
        check(ws.subprotocol().equals(client.configuration().subprotocols().isEmpty()
                ? java.util.Optional.empty()
                : java.util.Optional.of("chat")), "the subprotocol is " + ws.subprotocol());
        Random random = new Random(1);
        for (int size : new int[]{0, 1, 125, 126, 127, 16_384, 65_535, 65_536, 500_000}) {
            String text = "\u00e4x\u20ac".repeat(size / 3 + 1);
            ws.send(text);
            check(receive(ws).equals(new Message.Text(text)), "text of about " + size);
            byte[] bytes = new byte[size];
            random.nextBytes(bytes);
            ws.send(bytes);
            check(receive(ws) instanceof Message.Binary binary && Arrays.equals(bytes, binary.bytes()),
                    "binary of " + size);
        }
        try (OutgoingMessage out = ws.sendStream(MessageType.BINARY)) {
            for (int i = 0; i < 100; i++) {
                out.write(new byte[1000]);
                out.flush();
            }
            out.complete();
        }
        check(receive(ws) instanceof Message.Binary binary && binary.bytes().length == 100_000, "a streamed message");
        check(ws.ping(PATIENCE).isPositive(), "a pong");
        ws.close(4000, "done");
        CloseStatus status = ws.awaitClose();
        check(status.clean() && status.received().orElseThrow().code() == 4000, "the end is " + status);
    }

    private static void checkClose(WebSocketClient client, String base) throws IOException {
        CloseStatus status = client.open(URI.create(base + "close")).awaitClose();
        check(status.clean() && status.received().orElseThrow().code() == 4001
                && status.received().get().reason().equals("f\u00e4hrt"), "the server's end is " + status);
    }

    private static void checkExtensions(WebSocketClient client, String base, String expected) throws IOException {
        try (WebSocketConnection ws = client.open(URI.create(base + "extensions"))) {
            Message named = receive(ws);
            check(named instanceof Message.Text text
                    && (expected.isEmpty() ? text.text().isEmpty() : text.text().startsWith(expected)),
                    "the extensions are " + named);
        }
    }
}
