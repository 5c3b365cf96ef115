package dev.weft.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.parser.http.HttpResponse;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.RequestBody;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Plain HTTP and files with real clients. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HttpClientsTest {
    private static final int LENGTH = 900_000;

    @TempDir
    private Path folder;
    private final byte[] bytes = new byte[LENGTH];
    private WebSocketServer server;
    private String url;

    @BeforeEach
    void start() throws IOException {
        new Random(7).nextBytes(bytes);
        Files.write(folder.resolve("data.bin"), bytes);
        Files.writeString(folder.resolve("index.html"), "<!DOCTYPE html>");
        Files.createDirectory(folder.resolve("sub"));
        Files.writeString(folder.resolve("sub/index.html"), "sub");
        server = Handlers.echoServer().files("/", folder)
                .http("/echo", request -> HttpResponse.bytes(200, "application/octet-stream", request.bodyBytes()))
                .http("/stream",
                        request -> HttpResponse.stream(200, "application/octet-stream", out -> out.write(bytes)))
                .start();
        url = "http://127.0.0.1:" + server.port();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private String run(String... command) throws Exception {
        assumeTrue(Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(each -> Files.isExecutable(Path.of(each, command[0]))), command[0] + " is not there");
        Path out = folder.resolve("../out-" + command[0] + System.nanoTime()).normalize();
        Process process = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
                .redirectOutput(out.toFile()).start();
        try {
            assertTrue(process.waitFor(60, TimeUnit.SECONDS), "too slow: " + command[0]);
            String text = Files.readString(out, UTF_8);
            assertEquals(0, process.exitValue(), text);
            return text;
        } finally {
            process.destroyForcibly();
            Files.delete(out);
        }
    }

    @Test
    void curlGetsPutsAndResumes() throws Exception {
        String common = "--silent --show-error --max-time 30 --fail";
        List<String> curl = new ArrayList<>(List.of("curl"));
        curl.addAll(List.of(common.split(" ")));
        assertEquals("<!DOCTYPE html>", run(with(curl, url + "/")));
        assertEquals("sub", run(with(curl, "--location", url + "/sub")));
        // Several requests of one connection; %{num_connects} is 0 for all but the first.
        assertEquals("sub1\nsub0\n",
                run(with(curl, "--write-out", "%{num_connects}\\n", url + "/sub/", url + "/sub/")));
        run(with(curl, "--output", "down.bin", url + "/data.bin"));
        assertArrayEquals(bytes, Files.readAllBytes(folder.resolve("down.bin")));
        Files.write(folder.resolve("part.bin"), Arrays.copyOf(bytes, 1234));
        run(with(curl, "--continue-at", "-", "--output", "part.bin", url + "/data.bin"));
        assertArrayEquals(bytes, Files.readAllBytes(folder.resolve("part.bin")));
        // A large body: curl asks for 100 Continue; and one in chunks.
        for (List<String> upload : List.of(List.of("--upload-file", "data.bin"),
                List.of("--header", "Expect: 100-continue", "--data-binary", "@data.bin"),
                List.of("--header", "Transfer-Encoding: chunked", "--data-binary", "@data.bin"),
                List.of("--http1.0", "--data-binary", "@data.bin"))) {
            List<String> all = new ArrayList<>(curl);
            all.addAll(upload);
            run(with(all, "--output", "up.bin", url + "/echo"));
            assertArrayEquals(bytes, Files.readAllBytes(folder.resolve("up.bin")));
        }
        for (String version : List.of("--http1.0", "--http1.1", "--http2")) {
            run(with(curl, version, "--output", "stream.bin", url + "/stream"));
            assertArrayEquals(bytes, Files.readAllBytes(folder.resolve("stream.bin")));
        }
        assertTrue(run(with(curl, "--head", url + "/data.bin")).contains("Content-Length: " + LENGTH));
        run(with(curl, "--etag-save", "tag", "--output", "one.bin", url + "/data.bin"));
        assertEquals("304", run(with(curl, "--etag-compare", "tag", "--write-out", "%{http_code}", url + "/data.bin")));
        assertEquals("304",
                run(with(curl, "--time-cond", "data.bin", "--write-out", "%{http_code}", url + "/data.bin")));
    }

    private static String[] with(List<String> command, String... more) {
        List<String> all = new ArrayList<>(command);
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    @Test
    void pythonKeepsAConnection() throws Exception {
        assertEquals("ok\n",
                run("python3", "-c",
                        """
                                import http.client, urllib.request
                                data = open('data.bin', 'rb').read()
                                c = http.client.HTTPConnection('127.0.0.1', %d, timeout=30)
                                c.connect()
                                sock = c.sock
                                for i in range(20):
                                    c.request('GET', '/data.bin'); r = c.getresponse(); assert r.status == 200 and r.read() == data
                                    c.request('HEAD', '/data.bin'); r = c.getresponse(); assert r.read() == b'' and int(r.headers['Content-Length']) == len(data)
                                    c.request('POST', '/echo', body=data); r = c.getresponse(); assert r.read() == data
                                    c.request('POST', '/echo', body=iter([b'ab', b'c']), encode_chunked=True, headers={'Transfer-Encoding': 'chunked'})
                                    r = c.getresponse(); assert r.read() == b'abc'
                                    c.request('GET', '/stream'); r = c.getresponse(); assert r.read() == data
                                    c.request('GET', '/nothing'); r = c.getresponse(); assert r.status == 404; r.read()
                                    assert c.sock is sock
                                assert urllib.request.urlopen('http://127.0.0.1:%d/sub').read() == b'sub'
                                print('ok')
                                """
                                .formatted(server.port(), server.port())));
    }

    @Test
    void nodeFetches() throws Exception {
        assertEquals("ok\n",
                run("node", "--input-type=module", "-e",
                        """
                                import { readFileSync } from 'node:fs';
                                const url = '%s', data = readFileSync('data.bin');
                                const same = async (r) => { if (!Buffer.from(await r.arrayBuffer()).equals(data)) throw new Error(r.url); };
                                for (let i = 0; i < 10; i++) {
                                    await same(await fetch(url + '/data.bin'));
                                    await same(await fetch(url + '/echo', { method: 'PUT', body: data }));
                                    await same(await fetch(url + '/echo', { method: 'POST', duplex: 'half', body: new Blob([data]).stream() }));
                                    await same(await fetch(url + '/stream'));
                                    const sub = await fetch(url + '/sub');
                                    if (await sub.text() !== 'sub' || !sub.redirected) throw new Error('sub');
                                    const part = await fetch(url + '/data.bin', { headers: { Range: 'bytes=5-9' } });
                                    if (part.status !== 206 || (await part.arrayBuffer()).byteLength !== 5) throw new Error('part');
                                }
                                console.log('ok');
                                process.exit(0);
                                """
                                .formatted(url)));
    }

    @Test
    void jdkClientSendsAndReceives() throws Exception {
        try (HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(20)).build()) {
            URI echo = URI.create(url + "/echo");
            for (int i = 0; i < 20; i++) {
                for (var body : List.of(BodyPublishers.ofByteArray(bytes),
                        BodyPublishers.ofInputStream(() -> new java.io.ByteArrayInputStream(bytes)))) {
                    var request = java.net.http.HttpRequest.newBuilder(echo).timeout(Duration.ofSeconds(30))
                            .expectContinue(i % 2 == 1).POST(body).build();
                    assertArrayEquals(bytes, client.send(request, BodyHandlers.ofByteArray()).body());
                }
                var get = java.net.http.HttpRequest.newBuilder(URI.create(url + "/stream")).build();
                assertArrayEquals(bytes, client.send(get, BodyHandlers.ofByteArray()).body());
            }
            Await.until("connections are kept, and few", () -> server.connectionCount() <= 2);
        }
    }

    @Test
    void okHttpKeepsItsConnection() throws Exception {
        OkHttpClient client = new OkHttpClient.Builder().callTimeout(Duration.ofSeconds(30)).build();
        try {
            for (int i = 0; i < 20; i++) {
                var post = new okhttp3.Request.Builder().url(url + "/echo")
                        .post(RequestBody.create(bytes, MediaType.get("application/octet-stream"))).build();
                try (var response = client.newCall(post).execute()) {
                    assertArrayEquals(bytes, response.body().bytes());
                }
                var get = new okhttp3.Request.Builder().url(url + "/data.bin").build();
                try (var response = client.newCall(get).execute()) {
                    assertArrayEquals(bytes, response.body().bytes());
                }
            }
            assertEquals(1, server.connectionCount());
        } finally {
            client.dispatcher().executorService().shutdown();
            client.connectionPool().evictAll();
        }
    }
}
