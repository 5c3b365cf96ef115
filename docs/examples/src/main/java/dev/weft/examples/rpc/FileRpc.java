package dev.weft.examples.rpc;

import dev.weft.IncomingMessage;
import dev.weft.Message;
import dev.weft.MessageType;
import dev.weft.WebSocketConnection;
import dev.weft.server.Endpoint;
import dev.weft.server.HandshakePolicy;
import dev.weft.server.StaticFiles;
import dev.weft.server.WebSocketServer;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;

/**
 * JSON-RPC 2.0 about the files in a folder. Each upload or download is one binary message on a connection of its own, so that
 * no call has to wait for it; JSON-RPC notifications say how far it is.
 */
public record FileRpc(Path folder) {
    /** Runs the server. The arguments are the port and the folder. */
    public static void main(String[] arguments) throws Exception {
        WebSocketServer server = start(Integer.parseInt(arguments[0]), Path.of(arguments[1]));
        System.out.println("JSON-RPC at http://127.0.0.1:" + server.port() + "/");
        server.awaitTermination();
    }

    static WebSocketServer start(int port, Path folder) throws IOException {
        FileRpc files = new FileRpc(folder);
        return WebSocketServer.builder().port(port).shutdownHook(true)
                .policy(HandshakePolicy.sameOrigin().and(HandshakePolicy.hosts(List.of("127.0.0.1", "localhost")))
                        .and(HandshakePolicy.require(request -> request.pathParameters().values().stream()
                                .allMatch(name -> name.matches("\\w[\\w.-]*")), 400, "letters, digits, '.', '-', '_'")))
                .endpoint("/rpc", Endpoint.of(files::serveCalls).maxMessageSize(64 << 10))
                .endpoint("/upload/{name}", Endpoint.of(files::upload).maxStreamedMessageSize(16L << 30))
                .endpoint("/download/{name}", files::download)
                .files("/", StaticFiles.onClassPath(FileRpc.class, "web/file-rpc"))
                .start();
    }

    /** Up to 32 calls run concurrently: the last of them on this thread, which receives no further ones meanwhile. */
    private void serveCalls(WebSocketConnection peer) throws IOException {
        JsonRpc rpc = new JsonRpc(this::call);
        Thread handler = Thread.currentThread();
        ThreadPoolExecutor calls = new ThreadPoolExecutor(0, 31, 0, TimeUnit.SECONDS, new SynchronousQueue<>(),
                Thread.ofVirtual().factory(), new ThreadPoolExecutor.CallerRunsPolicy());
        peer.onClose(status -> {
            calls.shutdownNow();
            handler.interrupt();
        });
        while (peer.receive() instanceof Message.Text(String text)) {
            calls.execute(() -> send(peer, rpc.answer(text)));
        }
        peer.close(1003, "a call is a text message");
    }

    private Object call(String method, JsonNode params) throws NoSuchMethodException, InterruptedException {
        return switch (method) {
            case "list" -> folder.toFile().list((parent, name) -> !name.startsWith("."));
            case "subtract" -> params.required(0).intValue() - params.required(1).intValue();
            case "sleep" -> {
                Thread.sleep(params.required(0).longValue());
                yield "slept";
            }
            default -> throw new NoSuchMethodException(method);
        };
    }

    /** Stores a message, however large, as a file, which others see when it is complete. */
    private void upload(WebSocketConnection peer) throws IOException {
        IncomingMessage message = peer.receiveStream();
        if (message == null) {
            return; // closed instead
        }
        Path part = Files.createTempFile(folder, ".", ".part");
        try (OutputStream out = Files.newOutputStream(part)) {
            long size = 0;
            byte[] bytes;
            while ((bytes = message.inputStream().readNBytes(1 << 20)).length > 0) {
                out.write(bytes);
                size += bytes.length;
                notify(peer, "progress", size);
            }
            Files.move(part, file(peer), StandardCopyOption.ATOMIC_MOVE);
            notify(peer, "stored", size);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private void download(WebSocketConnection peer) throws IOException {
        if (Files.isRegularFile(file(peer))) {
            notify(peer, "size", Files.size(file(peer)));
            peer.sendStream(MessageType.BINARY, out -> Files.copy(file(peer), out));
        } else {
            peer.close(4404, "there is no such file");
        }
    }

    private Path file(WebSocketConnection peer) {
        return folder.resolve(peer.request().pathParameter("name"));
    }

    private static void notify(WebSocketConnection peer, String method, long size) {
        send(peer, JsonRpc.notification(method, size));
    }

    private static void send(WebSocketConnection peer, String message) {
        try {
            if (!message.isEmpty()) {
                peer.send(message);
            }
        } catch (IOException e) {
            // The peer has gone.
        }
    }
}
