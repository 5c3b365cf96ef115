package dev.weft.examples.rpc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.TestProcess;
import dev.weft.examples.PageCheck;
import dev.weft.examples.TestClient;
import dev.weft.server.Await;
import dev.weft.server.ConnectionTable;
import dev.weft.server.WebSocketServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.WebSocket;
import okhttp3.WebSocketListener;
import okio.ByteString;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

@Timeout(120)
class FileRpcTest {
    @TempDir
    private Path folder;
    private HttpClient http;
    private WebSocketServer server;

    @BeforeEach
    void start() throws IOException {
        http = HttpClient.newHttpClient();
        server = FileRpc.start(0, folder);
    }

    @AfterEach
    void stop() {
        http.shutdownNow();
        server.close();
    }

    private TestClient connect(String target) {
        return TestClient.connect(http, server.port(), target);
    }

    /** The specification's examples, and what its text says beside them. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"jsonrpc":"2.0","method":"subtract","params":[42,23],"id":1}   | {"jsonrpc":"2.0","result":19,"id":1}
            {"jsonrpc":"2.0","method":"subtract","params":[23,42],"id":"b"} | {"jsonrpc":"2.0","result":-19,"id":"b"}
            {"jsonrpc":"2.0","method":"subtract","params":[3,2],"id":null}  | {"jsonrpc":"2.0","result":1,"id":null}
            {"jsonrpc":"2.0","method":"list","id":1}                        | {"jsonrpc":"2.0","result":[],"id":1}
            {"jsonrpc":"2.0","method":"foobar","id":"1"} | {"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":"1"}
            {"jsonrpc":"2.0","method":"subtract","params":[1],"id":1} | {"jsonrpc":"2.0","error":{"code":-32602,"message":"Invalid params"},"id":1}
            {"jsonrpc":"2.0","method":"subtract","params":["a",1],"id":1} | {"jsonrpc":"2.0","error":{"code":-32602,"message":"Invalid params"},"id":1}
            {"jsonrpc":"2.0","method":"subtract","params":{"minuend":3,"subtrahend":1},"id":1} | {"jsonrpc":"2.0","error":{"code":-32602,"message":"Invalid params"},"id":1}
            {"jsonrpc":"2.0","method":"subtract","id":1} | {"jsonrpc":"2.0","error":{"code":-32602,"message":"Invalid params"},"id":1}
            {"jsonrpc":"2.0","method":"sleep","params":[-1],"id":1} | {"jsonrpc":"2.0","error":{"code":-32602,"message":"Invalid params"},"id":1}
            {"jsonrpc":"2.0","method":"subtract","params":[3,1],"id":"\\ud800 é"} | {"jsonrpc":"2.0","result":2,"id":"\\ud800 é"}
            {"jsonrpc":"2.0","method":"foobar,"params":"bar","baz] | {"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}
            [{"jsonrpc":"2.0","method":"subtract","params":[1,2],"id":"1"},{"jsonrpc":"2.0","method" | {"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}
            {"jsonrpc":"2.0","method":"list","id":1} 2 | {"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}
            `` | {"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}
            {"jsonrpc":"2.0","method":1,"params":"bar"} | {"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null}
            {"jsonrpc":2.0,"method":"list","id":1}      | {"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null}
            {"method":"list","id":1}                    | {"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null}
            {"jsonrpc":"1.0","method":"list","id":1}    | {"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null}
            {"jsonrpc":"2.0","method":"subtract","params":"bar","id":1} | {"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null}
            {"jsonrpc":"2.0","method":"list","params":null,"id":1} | {"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null}
            {"jsonrpc":"2.0","method":"list","id":{}}   | {"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null}
            {}      | {"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null}
            1       | {"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null}
            []      | {"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null}
            [1,[]]  | [{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null},{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null}]
            [{"jsonrpc":"2.0","method":"subtract","params":[42,23],"id":"2"},{"jsonrpc":"2.0","method":"list"},{"foo":"boo"},{"jsonrpc":"2.0","method":"foo.get","params":{"name":"myself"},"id":"5"}] | [{"jsonrpc":"2.0","result":19,"id":"2"},{"jsonrpc":"2.0","error":{"code":-32600,"message":"Invalid Request"},"id":null},{"jsonrpc":"2.0","error":{"code":-32601,"message":"Method not found"},"id":"5"}]
            """)
    void requestsAreAnsweredAsTheSpecificationSays(String request, String response) throws Exception {
        try (TestClient client = connect("/rpc")) {
            client.send(request);
            assertEquals(TestClient.JSON.readTree(response), client.json());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"%s", "{\"jsonrpc\":\"2.0\",\"method\":\"list\",\"params\":%s,\"id\":1}"})
    void deepNestingMustBeRefused(String request) throws Exception {
        try (TestClient client = connect("/rpc")) {
            client.send(request.formatted("[".repeat(10_000) + "]".repeat(10_000)));
            assertEquals(-32700, client.json().at("/error/code").intValue());
        }
    }

    @Test
    void thePageMustTransferFilesAndCall(@TempDir Path browser) throws Exception {
        new PageCheck(browser).pass(server, "file-rpc");
    }

    /** Calls run concurrently, 32 at most: when the last of these has begun, some of the others have ended. */
    @Test
    void notificationsAreNotAnswered() throws Exception {
        try (TestClient client = connect("/rpc")) {
            for (int i = 0; i < 20; i++) {
                client.send("""
                        {"jsonrpc": "2.0", "method": "foobar"}""");
                client.send(
                        """
                                [{"jsonrpc": "2.0", "method": "subtract", "params": [1]}, {"jsonrpc": "2.0", "method": "list"}]""");
            }
            client.send("""
                    {"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": "last"}""");
            assertEquals("last", client.json().get("id").stringValue());
        }
    }

    @Test
    void binaryCallsMustBeRefused() throws Exception {
        try (TestClient client = connect("/rpc")) {
            client.send(new byte[]{1}, true);
            assertEquals(1003, client.closeCode());
        }
    }

    /** A batch of many small mistakes is answered with a response that is forty times as long. */
    @Test
    void largeCallsMustBeRefused() throws Exception {
        try (TestClient client = connect("/rpc")) {
            client.send("[" + "1,".repeat(32 << 10) + "1]");
            assertEquals(1009, client.closeCode());
        }
    }

    @Test
    void missingFilesMustBeReported() throws Exception {
        try (TestClient client = connect("/download/nothing")) {
            assertEquals(4404, client.closeCode());
        }
    }

    @Test
    void browsersGetThePage() throws Exception {
        String page = TestClient.page(http, server.port());
        assertTrue(page.startsWith("200 text/html"), page);
        assertTrue(page.contains("<title>Weft JSON-RPC</title>"), page);
    }

    @Test
    void aSlowCallDoesNotDelayOthers() throws Exception {
        try (TestClient client = connect("/rpc")) {
            client.send("""
                    {"jsonrpc": "2.0", "method": "sleep", "params": [600000], "id": "slow"}""");
            client.send("""
                    {"jsonrpc": "2.0", "method": "sleep", "params": [1], "id": "quick"}""");
            assertEquals(TestClient.JSON.readTree("""
                    {"jsonrpc": "2.0", "result": "slept", "id": "quick"}"""), client.json());
        }
    }

    /** One of them runs on the thread of the connection, which occupies one of the server's connections until then. */
    @Test
    void callsMustEndWithTheirConnection() throws Exception {
        TestClient client = connect("/rpc");
        for (int i = 0; i < 32; i++) {
            client.send("""
                    {"jsonrpc": "2.0", "method": "sleep", "params": [600000], "id": %d}""".formatted(i));
        }
        Await.until("the last of them sleeps",
                () -> connections().getFirst().activity().endsWith("calls Thread.sleep"));
        client.abort();
        Await.until("none of them sleeps", () -> connections().isEmpty());
    }

    private List<ConnectionTable.Row> connections() {
        return ConnectionTable.of(server, 1, ConnectionTable.Order.OLDEST).rows();
    }

    @Test
    void anUploadedFileIsListedWhenItIsComplete() throws Exception {
        try (TestClient rpc = connect("/rpc"); TestClient upload = connect("/upload/notes.txt")) {
            upload.send("Hello, ".getBytes(UTF_8), false);
            rpc.send("""
                    {"jsonrpc": "2.0", "method": "list", "id": 1}""");
            assertEquals(0, rpc.json().get("result").size());
            upload.send("files".getBytes(UTF_8), true);
            assertNotification("progress", 12, upload.json());
            assertNotification("stored", 12, upload.json());
            assertEquals(1000, upload.closeCode());
            rpc.send("""
                    {"jsonrpc": "2.0", "method": "list", "id": 2}""");
            assertEquals("[\"notes.txt\"]", rpc.json().get("result").toString());
        }
        assertEquals("Hello, files", Files.readString(folder.resolve("notes.txt")));
    }

    private static void assertNotification(String method, long size, JsonNode notification) {
        assertEquals(TestClient.JSON.readTree("""
                {"jsonrpc": "2.0", "method": "%s", "params": [%d]}""".formatted(method, size)), notification);
    }

    @Test
    void anUploadThatBreaksOffLeavesNoFile() throws Exception {
        try (WatchService deletions = folder.getFileSystem().newWatchService()) {
            folder.register(deletions, StandardWatchEventKinds.ENTRY_DELETE);
            TestClient upload = connect("/upload/half");
            upload.send(new byte[2 << 20], false);
            upload.json(); // so the server has begun
            upload.abort();
            assertNotNull(deletions.poll(60, TimeUnit.SECONDS), "a file is deleted");
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(List.of(), files.toList());
        }
    }

    @Test
    void anUploadReplacesAFile() throws Exception {
        for (String content : List.of("first", "second")) {
            try (TestClient upload = connect("/upload/file")) {
                upload.send(content.getBytes(UTF_8), true);
                assertEquals("progress", upload.json().get("method").stringValue());
                assertEquals("stored", upload.json().get("method").stringValue());
            }
        }
        assertEquals("second", Files.readString(folder.resolve("file")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"..", "%2E%2E", "..%2Fetc", "%2Fetc%2Fpasswd", ".hidden", "a%00b"})
    void namesThatLeadElsewhereAreRefused(String name) {
        assertEquals(400, TestClient.refusal(http, server.port(), "/upload/" + name));
        assertEquals(400, TestClient.refusal(http, server.port(), "/download/" + name));
    }

    @Test
    void pagesOfOtherOriginsAreRefused() {
        assertEquals(403, TestClient.refusal(http, server.port(), "/rpc", "Origin", "https://elsewhere.example"));
    }

    @Test
    void requestsForOtherHostsAreRefused() throws Exception {
        CompletableFuture<Integer> status = new CompletableFuture<>();
        OkHttpClient okHttp = new OkHttpClient(); // lets its user set the header
        try {
            okHttp.newWebSocket(new Request.Builder().url("ws://127.0.0.1:" + server.port() + "/rpc")
                    .header("Host", "rebound.example").build(), new WebSocketListener() {
                        @Override
                        public void onFailure(WebSocket socket, Throwable failure, Response response) {
                            status.complete(response == null ? 0 : response.code());
                        }
                    });
            assertEquals(421, status.get(30, TimeUnit.SECONDS));
        } finally {
            okHttp.dispatcher().executorService().shutdownNow();
        }
    }

    /** A message of 64 MiB each way, through a JVM with a heap of 32 MiB. */
    @Test
    void filesMayBeLargerThanMemory() throws Exception {
        List<String> command = TestProcess.java(List.of("-Xmx32m"), FileRpc.class, "0", folder.toString());
        try (TestProcess started = TestProcess.start(new ProcessBuilder(command).redirectError(Redirect.INHERIT),
                Duration.ofSeconds(100)); BufferedReader out = started.process().inputReader()) {
            int port = URI.create(out.readLine().replaceFirst(".* at ", "")).getPort();
            byte[] part = new byte[1 << 20];
            Random random = new Random(1);
            CRC32 sent = new CRC32();
            try (TestClient upload = TestClient.connect(http, port, "/upload/large")) {
                for (int i = 1; i <= 64; i++) {
                    random.nextBytes(part);
                    sent.update(part);
                    upload.send(part, i == 64);
                    assertNotification("progress", (long) i << 20, upload.json());
                }
                assertNotification("stored", 64 << 20, upload.json());
            }
            assertEquals(64 << 20, Files.size(folder.resolve("large")));
            Download download = new Download();
            OkHttpClient okHttp = new OkHttpClient();
            try {
                okHttp.newWebSocket(new Request.Builder().url("ws://127.0.0.1:" + port + "/download/large").build(),
                        download);
                assertEquals(sent.getValue(), download.checksum.get(60, TimeUnit.SECONDS));
                assertNotification("size", 64 << 20, TestClient.JSON.readTree(download.text));
            } finally {
                okHttp.dispatcher().executorService().shutdownNow();
            }
        }
    }

    /** Not with the JDK's client, which may lose what comes right after the handshake. */
    private static final class Download extends WebSocketListener {
        final CompletableFuture<Long> checksum = new CompletableFuture<>();
        volatile String text;

        @Override
        public void onMessage(WebSocket socket, String message) {
            text = message;
        }

        @Override
        public void onMessage(WebSocket socket, ByteString message) {
            CRC32 received = new CRC32();
            received.update(message.asByteBuffer());
            checksum.complete(received.getValue());
        }

        @Override
        public void onFailure(WebSocket socket, Throwable failure, Response response) {
            checksum.completeExceptionally(failure);
        }
    }
}
