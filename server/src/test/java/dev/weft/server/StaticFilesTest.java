package dev.weft.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.internal.http.FileTree;
import dev.weft.internal.http.FolderTree;
import dev.weft.internal.http.HttpDate;
import dev.weft.internal.http.StaticFile;
import dev.weft.parser.http.HttpResponse;
import dev.weft.server.HttpPeer.Response;
import java.io.IOException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.logging.Level;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files over the wire, and paths that try to leave the folder. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StaticFilesTest {
    private static final String SECRET = "secret";
    /** Sunday, 6 November 1994, and a fraction of a second. */
    private static final Instant MODIFIED = Instant.parse("1994-11-06T08:49:37.123Z");

    @RegisterExtension
    private final LogCapture log = new LogCapture();

    @TempDir
    private Path folder;
    private Path web;
    private WebSocketServer server;
    private HttpPeer peer;

    @BeforeEach
    void start() throws IOException {
        web = Files.createDirectory(folder.resolve("web"));
        Files.writeString(folder.resolve("secret.txt"), SECRET);
        Files.createDirectory(folder.resolve("web-other"));
        Files.writeString(folder.resolve("web-other/secret.txt"), SECRET);
        write("index.html", "<!DOCTYPE html>");
        write("a.txt", "0123456789");
        write("a b\u20ac.css", "body {}");
        write("empty.js", "");
        write("sub/index.html", "sub");
        write("bare/x.json", "{}");
        write(".hidden", SECRET);
        write(".git/config", SECRET);
        Files.setLastModifiedTime(web.resolve("a.txt"), FileTime.from(MODIFIED));
        server = Handlers.echoServer().files("/", web).files("/static/", web).endpoint("/sub/", Handlers::echo)
                .http("/health", request -> HttpResponse.text(200, "up")).start();
        peer = HttpPeer.connect(server);
    }

    @AfterEach
    void stop() throws IOException {
        try (WebSocketServer running = server; HttpPeer one = peer) {
            assertTrue(running.port() > 0);
            // Whatever a test did, the next request of the connection is served.
            assertEquals("up", one.get("/health").body());
        }
    }

    private void write(String name, String text) throws IOException {
        Path file = web.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    // What is found

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "/                      | <!DOCTYPE html> | text/html; charset=utf-8",
            "/index.html            | <!DOCTYPE html> | text/html; charset=utf-8",
            "/?a=b                  | <!DOCTYPE html> | text/html; charset=utf-8",
            "/static/               | <!DOCTYPE html> | text/html; charset=utf-8",
            "/static/a.txt          | 0123456789      | text/plain; charset=utf-8",
            "/%61.txt               | 0123456789      | text/plain; charset=utf-8",
            "/a%20b%E2%82%AC.css    | body {}         | text/css; charset=utf-8",
            "/bare/x.json           | {}              | application/json",
            "/sub/                  | sub             | text/html; charset=utf-8"})
    void fileIsServedWithItsType(String target, String body, String type) throws IOException {
        Response response = peer.get(target);
        assertEquals(200, response.status());
        assertEquals(body, response.body());
        assertEquals(type, response.header("Content-Type"));
        assertEquals("nosniff", response.header("X-Content-Type-Options"));
        assertEquals("bytes", response.header("Accept-Ranges"));
        Response head = peer.head(target);
        assertEquals(String.valueOf(body.length()), head.header("Content-Length"));
        assertEquals(response.header("ETag"), head.header("ETag"));
    }

    @Test
    void emptyFileIsServed() throws IOException {
        Response response = peer.get("/empty.js");
        assertEquals(200, response.status());
        assertEquals("0", response.header("Content-Length"));
        assertEquals("text/javascript; charset=utf-8", response.header("Content-Type"));
    }

    @Test
    void unknownTypeIsToBeSaved() throws IOException {
        write("x.unknown", "?");
        write("noextension", "?");
        assertEquals("application/octet-stream", peer.get("/x.unknown").header("Content-Type"));
        assertEquals("application/octet-stream", peer.get("/noextension").header("Content-Type"));
    }

    @Test
    void folderWithoutSlashIsRedirected() throws IOException {
        Response redirect = peer.get("/sub?a=b");
        assertEquals(308, redirect.status());
        assertEquals("./sub/?a=b", redirect.header("Location"));
        assertEquals("./sub/", peer.get("/static/sub").header("Location"));
    }

    @Test
    void onlyGetAndHeadAreAnswered() throws IOException {
        for (String method : List.of("POST", "PUT", "DELETE", "PATCH", "get")) {
            Response response = peer.request(method, "/a.txt", "Content-Length: 0").read();
            assertEquals(405, response.status());
            assertEquals("GET, HEAD, OPTIONS", response.header("Allow"));
        }
        Response options = peer.request("OPTIONS", "/a.txt").read();
        assertEquals(204, options.status());
        assertEquals("GET, HEAD, OPTIONS", options.header("Allow"));
    }

    // What is not found

    @ParameterizedTest
    @ValueSource(strings = {"/nothing", "/bare/", "/a.txt/", "/a.txt/x", "/.hidden", "/.git/config", "/static/.hidden",
            "/sub/%2e%67it", "//", "//a.txt", "/sub//index.html", "/static//a.txt", "/A.TXT", "/web/a.txt",
            "/..%2fsecret.txt", "/%2fetc/passwd", "/static/%2fetc%2fpasswd", "/..%5csecret.txt", "/..\\secret.txt",
            "/sub\\index.html", "/sub%5Cindex.html", "/a.txt%00", "/a.txt%00.html", "/a.txt%0a", "/a.txt.", "/a.txt%20",
            "/a.txt::$DATA", "/c:/a.txt", "/C:%5ca.txt", "/nul", "/NUL.txt", "/aux.html", "/com1", "/lpt9.css",
            "/con/x",
            "/%ef%bc%8e%ef%bc%8e/secret.txt", "/..%c0%af/secret.txt", "/...", "/..../secret.txt",
            "/%e2%80%a5/secret.txt",
            "/a.txt;x", "/~root", "/*", "/a?/../x"})
    void whatCouldLeaveTheFolderIsNotFound(String target) throws IOException {
        HttpPeer one = HttpPeer.connect(server);
        try (one) {
            Response response = one.get(target);
            assertTrue(response.status() == 404 || response.status() == 400, response.head());
            assertFalse(response.body().contains(SECRET));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/../secret.txt", "/static/../secret.txt", "/static/../../secret.txt",
            "/sub/../../secret.txt",
            "/%2e%2e/secret.txt", "/%2E./secret.txt", "/.%2e/secret.txt", "/static/%2e%2e/secret.txt", "/./a.txt",
            "/static/..", "/..", "/%2e", "/%zz", "/%", "/%c0%ae%c0%ae/secret.txt", "/%ff", "/../web-other/secret.txt"})
    void pathsThatAreNoneAreRefused(String target) throws IOException {
        Response response;
        try (HttpPeer one = HttpPeer.connect(server)) {
            response = one.get(target);
        }
        assertEquals(400, response.status());
        assertFalse(response.body().contains(SECRET));
    }

    @Test
    void overlongNamesAreNotFound() throws IOException {
        assertEquals(404, peer.get("/" + "a".repeat(300)).status());
        assertEquals(404, peer.get("/" + "%E2%82%AC".repeat(200)).status());
        assertEquals(404, peer.get("/" + "a/".repeat(3000)).status());
    }

    @Test
    void linksAreNotFollowed() throws IOException {
        Files.createSymbolicLink(web.resolve("link.txt"), folder.resolve("secret.txt"));
        Files.createSymbolicLink(web.resolve("near.txt"), web.resolve("a.txt"));
        Files.createSymbolicLink(web.resolve("up"), folder);
        for (String target : List.of("/link.txt", "/near.txt", "/up/secret.txt", "/up/", "/up", "/up/web/a.txt")) {
            assertEquals(404, peer.get(target).status(), target);
        }
        // The folder itself may be a link.
        Path link = Files.createSymbolicLink(folder.resolve("link"), web);
        try (WebSocketServer other = WebSocketServer.builder().files("/", link).start();
                HttpPeer one = HttpPeer.connect(other)) {
            assertEquals("0123456789", one.get("/a.txt").body());
        }
    }

    // Conditions

    @Test
    void unchangedFileIs304() throws IOException {
        Response first = peer.get("/a.txt");
        String tag = first.header("ETag");
        assertTrue(tag.matches("\"[0-9a-f.-]+\""), tag);
        assertEquals("Sun, 06 Nov 1994 08:49:37 GMT", first.header("Last-Modified"));
        for (String condition : List.of("If-None-Match: " + tag, "If-None-Match: \"x\", W/" + tag, "If-None-Match: *",
                "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
                "If-Modified-Since: Mon, 07 Nov 1994 00:00:00 GMT")) {
            Response response = peer.get("/a.txt", condition);
            assertEquals(304, response.status(), condition);
            assertEquals(tag, response.header("ETag"));
            assertEquals("", response.header("Content-Type"));
        }
        for (String condition : List.of("If-None-Match: \"x\"", "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT",
                "If-Modified-Since: yesterday",
                // §13.1.3: the tag decides.
                "If-None-Match: \"x\"\r\nIf-Modified-Since: Mon, 07 Nov 1994 00:00:00 GMT")) {
            assertEquals(200, peer.get("/a.txt", condition).status(), condition);
        }
        Files.writeString(web.resolve("a.txt"), "9876543210");
        Response changed = peer.get("/a.txt", "If-None-Match: " + tag);
        assertEquals("9876543210", changed.body());
        assertNotEquals(tag, changed.header("ETag"));
    }

    /** RFC 9110 §13.1.1, §13.1.4: a resumed download must not be continued with another version. */
    @Test
    void fileThatHasChangedIs412() throws IOException {
        String tag = peer.get("/a.txt").header("ETag");
        for (String range : List.of("X-No: range", "Range: bytes=4-")) {
            for (String condition : List.of("If-Match: \"x\"", "If-Match: W/" + tag, "If-Match:",
                    "If-Match: \"x\", \"y\"",
                    "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT",
                    // §13.2.2: the tag decides, and before the other conditions.
                    "If-Match: \"x\"\r\nIf-Unmodified-Since: Mon, 07 Nov 1994 00:00:00 GMT",
                    "If-Match: \"x\"\r\nIf-None-Match: " + tag)) {
                Response response = peer.get("/a.txt", range, condition);
                assertEquals(412, response.status(), condition);
                assertEquals("", response.header("Content-Range"));
                assertFalse(response.body().contains("4"), response.body());
                assertEquals(412, peer.head("/a.txt", range, condition).status(), condition);
            }
        }
        for (String condition : List.of("If-Match: " + tag, "If-Match: *", "If-Match: \"x\", " + tag,
                "If-Match: \"x\"\r\nIf-Match: " + tag, "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
                "If-Unmodified-Since: yesterday",
                "If-Match: " + tag + "\r\nIf-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT")) {
            assertEquals("0123456789", peer.get("/a.txt", condition).body(), condition);
            assertEquals("456789", peer.get("/a.txt", "Range: bytes=4-", condition).body(), condition);
            assertEquals(200, peer.head("/a.txt", condition).status(), condition);
        }
        assertEquals(304, peer.get("/a.txt", "If-Match: " + tag, "If-None-Match: " + tag).status());
        assertEquals(404, peer.get("/nothing", "If-Match: *").status());
    }

    @ParameterizedTest
    @CsvSource({"bytes=0-3, 0123, 0-3", "bytes=4-, 456789, 4-9", "bytes=-3, 789, 7-9", "bytes=-99, 0123456789, 0-9",
            "BYTES=9-99999999999, 9, 9-9", "bytes=0-0, 0, 0-0",
            "bytes=4-9999999999999999999999, 456789, 4-9", "bytes=-9999999999999999999, 0123456789, 0-9",
            "bytes=000000000000000000000004-5, 45, 4-5"})
    void rangeIsServed(String range, String body, String served) throws IOException {
        Response response = peer.get("/a.txt", "Range: " + range);
        assertEquals(206, response.status());
        assertEquals(body, response.body());
        assertEquals("bytes " + served + "/10", response.header("Content-Range"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bytes=0-1,3-4", "bytes=5-2", "bytes=", "bytes=-", "bytes=a-b", "lines=0-1", "bytes 0-1",
            "bytes=99999999999999999999-5", "bytes=--1", "bytes=+1-2", "bytes=0-99999999999999999999x"})
    void whatIsNotOneRangeIsIgnored(String range) throws IOException {
        Response response = peer.get("/a.txt", "Range: " + range);
        assertEquals(200, response.status());
        assertEquals("0123456789", response.body());
    }

    @Test
    void rangeBeyondTheFileIs416() throws IOException {
        for (String range : List.of("bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999-",
                "bytes=99999999999999999998-99999999999999999999")) {
            Response response = peer.get("/a.txt", "Range: " + range);
            assertEquals(416, response.status());
            assertEquals("bytes */10", response.header("Content-Range"));
        }
        assertEquals(416, peer.get("/empty.js", "Range: bytes=0-").status());
    }

    /** RFC 9110 §5.6.7. */
    @ParameterizedTest
    @ValueSource(strings = {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994"})
    void everyFormOfADateMustBeRead(String date) throws IOException {
        assertEquals(304, peer.get("/a.txt", "If-Modified-Since: " + date).status());
        assertEquals(200, peer.get("/a.txt", "If-Modified-Since: " + date.replace(":37", ":36")).status());
        assertEquals(412, peer.get("/a.txt", "If-Unmodified-Since: " + date.replace(":37", ":36")).status());
    }

    /** The year of two digits is the last one with these digits, unless that is more than 50 years ago. */
    @Test
    void yearOfTwoDigitsMustNotBeFarInTheFuture() {
        Instant now = Instant.parse("2026-11-30T00:00:00Z");
        assertEquals(Instant.parse("2026-11-06T08:49:37Z"),
                HttpDate.parse("Friday, 06-Nov-26 08:49:37 GMT", now).get());
        assertEquals(Instant.parse("2076-11-06T08:49:37Z"),
                HttpDate.parse("Friday, 06-Nov-76 08:49:37 GMT", now).get());
        assertEquals(Instant.parse("1977-11-06T08:49:37Z"),
                HttpDate.parse("Sunday, 06-Nov-77 08:49:37 GMT", now).get());
        assertEquals(Instant.parse("2025-11-30T00:00:00Z"), HttpDate.parse("Sun Nov 30 00:00:00 2025", now).get());
    }

    @ParameterizedTest
    @ValueSource(strings = {"06 Nov 2094 08:49:37 GMT", "Sat, 06 Nov 2094 08:49:37 +0000",
            "Sat, 06 Nov 2094 08:49:37 UTC", "Sun, 06 Nov 2094 08:49:37 GMT", "Sat, 6 Nov 2094 08:49:37 GMT",
            "sat, 06 nov 2094 08:49:37 gmt", "Sat Nov  6 08:49:37 2094 GMT", "Sat Nov 6 08:49:37 2094",
            "Sat, 06 Nov 2094 08:49 GMT", "Sat, 31 Feb 2094 08:49:37 GMT", "Sat, 06 Nov 2094 24:00:00 GMT"})
    void whatIsNoDateMustBeIgnored(String date) throws IOException {
        assertEquals(200, peer.get("/a.txt", "If-Modified-Since: " + date).status());
    }

    /** RFC 9110 §8.8.3: a tag may contain commas; §13.1.1: '*' is a value of its own, and no element of a list. */
    @Test
    void asteriskMustBeTheWholeCondition() throws IOException {
        String tag = peer.get("/a.txt").header("ETag");
        for (String value : List.of("\"a,*,b\"", "\"a\", *", "*, \"a\"", "\"*\"", "\"a", "\"a," + tag + ",b\"",
                "\"a\"\r\n%s: *", "W/*", "**", "\"a\" \"b\"")) {
            assertEquals(200, peer.get("/a.txt", "If-None-Match: " + value.formatted("If-None-Match")).status(), value);
            assertEquals(412, peer.get("/a.txt", "If-Match: " + value.formatted("If-Match")).status(), value);
        }
        for (String value : List.of("*", tag, "\"a,b\", " + tag, "\"a,b\",," + tag + ",", "W/\"a,b\" , " + tag,
                "\"a\"\r\n%s: " + tag)) {
            assertEquals(304, peer.get("/a.txt", "If-None-Match: " + value.formatted("If-None-Match")).status(), value);
            assertEquals(200, peer.get("/a.txt", "If-Match: " + value.formatted("If-Match")).status(), value);
        }
    }

    @Test
    void rangeMayHaveACondition() throws IOException {
        String tag = peer.get("/a.txt").header("ETag");
        assertEquals("01", peer.get("/a.txt", "Range: bytes=0-1", "If-Range: " + tag).body());
        assertEquals("0123456789", peer.get("/a.txt", "Range: bytes=0-1", "If-Range: \"x\"").body());
        assertEquals("0123456789", peer.get("/a.txt", "Range: bytes=0-1",
                "If-Range: Sun, 06 Nov 1994 08:49:37 GMT").body(), "a date is not strong enough");
        assertEquals(304, peer.get("/a.txt", "Range: bytes=0-1", "If-None-Match: " + tag).status());
        assertEquals("10", peer.head("/a.txt", "Range: bytes=0-1").header("Content-Length"), "§14.2: for GET alone");
    }

    @Test
    void fileLargerThanTheHeapsShareIsStreamed() throws IOException {
        long length = 3L << 30;
        Path large = web.resolve("large.bin");
        try (SeekableByteChannel channel = Files.newByteChannel(large, StandardOpenOption.CREATE_NEW,
                StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
            channel.position(length - 4).write(java.nio.ByteBuffer.wrap("tail".getBytes(ISO_8859_1)));
        }
        assertEquals(String.valueOf(length), peer.head("/large.bin").header("Content-Length"));
        assertEquals("tail", peer.get("/large.bin", "Range: bytes=-4").body());
        Response part = peer.get("/large.bin", "Range: bytes=100-30000099");
        assertEquals(30_000_000, part.bytes().length);
    }

    /** The head of a response describes the version that was examined. */
    @ParameterizedTest
    @ValueSource(strings = {"longer than before", "short", "9876543210", ""})
    void fileThatIsReplacedBeforeItIsOpenedIs503(String next) throws IOException {
        AtomicInteger opened = new AtomicInteger();
        FolderTree files = new FolderTree(web, false);
        FileTree replacing = new FileTree() {
            @Override
            public Optional<StaticFile> file(List<String> names) throws IOException {
                return files.file(names).map(file -> new StaticFile(file.name(), file.length(), file.entityTag(),
                        file.lastModified(), offset -> {
                            if (opened.incrementAndGet() == 1) {
                                replace(next);
                            }
                            return file.source().open(offset);
                        }));
            }

            @Override
            public boolean isFolder(List<String> names) throws IOException {
                return files.isFolder(names);
            }
        };
        try (WebSocketServer other = WebSocketServer.builder().files("/", new StaticFiles(replacing)).start()) {
            try (HttpPeer one = HttpPeer.connect(other)) {
                Response response = one.get("/a.txt", "Range: bytes=1-3");
                assertEquals(503, response.status());
                assertEquals("1", response.header("Retry-After"));
                assertEquals("", response.header("ETag"));
                assertTrue(one.isEnded());
            }
            assertEquals(1, other.refusals().get(RefusalReason.HTTP_HANDLER_FAILED));
            try (HttpPeer one = HttpPeer.connect(other)) {
                Response response = one.get("/a.txt");
                assertEquals(next.isEmpty() ? 404 : 200, response.status());
                assertTrue(next.isEmpty() || response.body().equals(next), response.body());
            }
        }
        assertEquals(List.of(), log.lines(Level.WARNING));
    }

    private void replace(String next) throws IOException {
        if (next.isEmpty()) {
            Files.delete(web.resolve("a.txt"));
        } else {
            write("next.txt", next);
            Files.move(web.resolve("next.txt"), web.resolve("a.txt"), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    // Beside others

    @Test
    void handlersAndEndpointsAreFoundFirst() throws IOException {
        write("health", "not served");
        assertEquals("up", peer.get("/health").body());
        assertEquals("sub", peer.get("/sub/").body());
        try (HttpPeer one = HttpPeer.connect(server)) {
            one.send(RawPeer.request().replace("/chat", "/sub/"));
            assertEquals(101, one.readHead().status());
        }
    }

    @Test
    void foldersAreCheckedWhenTheyAreSet() {
        WebSocketServerBuilder builder = WebSocketServer.builder();
        assertThrows(IllegalArgumentException.class, () -> builder.files("/x", web));
        assertThrows(IllegalArgumentException.class, () -> builder.files("/", folder.resolve("none")));
        assertThrows(IllegalArgumentException.class, () -> builder.files("/", web.resolve("a.txt")));
        assertThrows(IllegalArgumentException.class, () -> StaticFiles.onClassPath(StaticFilesTest.class, "/web"));
        assertThrows(IllegalArgumentException.class, () -> builder.files("/", web).files("/", web));
    }

    // Other places

    @Test
    void folderMayBeInAZipFile() throws IOException {
        try (FileSystem zip = FileSystems.newFileSystem(folder.resolve("web.zip"), Map.of("create", "true"))) {
            Files.createDirectory(zip.getPath("/web"));
            Files.writeString(zip.getPath("/web/x.txt"), "zipped");
            try (WebSocketServer other = WebSocketServer.builder().files("/", zip.getPath("/web")).start();
                    HttpPeer one = HttpPeer.connect(other)) {
                assertEquals("zipped", one.get("/x.txt").body());
                assertEquals("ip", one.get("/x.txt", "Range: bytes=1-2").body());
            }
        }
    }

    @Test
    void resourcesOfAJarAreServed() throws Exception {
        // JUnit is in a jar on the class path of the tests.
        try (WebSocketServer other = WebSocketServer.builder()
                .files("/", StaticFiles.onClassPath(Test.class, "META-INF")).start();
                HttpPeer one = HttpPeer.connect(other)) {
            Response first = one.get("/MANIFEST.MF");
            assertEquals(200, first.status());
            assertTrue(first.body().startsWith("Manifest-Version"), first.body());
            assertEquals(first.body().substring(3, 6), one.get("/MANIFEST.MF", "Range: bytes=3-5").body());
            assertEquals(304, one.get("/MANIFEST.MF", "If-None-Match: " + first.header("ETag")).status());
            assertEquals(404, one.get("/").status());
            assertEquals(404, one.get("/nothing").status());
            assertEquals(404, one.get("/LICENSE.md/").status());
        }
    }

    @Test
    void resourcesOfAFolderOnTheClassPathAreServed() throws Exception {
        try (WebSocketServer other = WebSocketServer.builder()
                .files("/", StaticFiles.onClassPath(StaticFilesTest.class, "dev/weft")).start();
                HttpPeer one = HttpPeer.connect(other)) {
            assertEquals(200, one.get("/server/StaticFilesTest.class").status());
            assertEquals(404, one.get("/server").status(), "a folder has no bytes");
            assertEquals(404, one.get("/server/").status());
        }
    }
}
