package dev.weft.server;

import dev.weft.internal.http.ByteRange;
import dev.weft.internal.http.ClassPathTree;
import dev.weft.internal.http.EntityTags;
import dev.weft.internal.http.FilePath;
import dev.weft.internal.http.FileTree;
import dev.weft.internal.http.FolderTree;
import dev.weft.internal.http.HttpDate;
import dev.weft.internal.http.MediaTypes;
import dev.weft.internal.http.StaticFile;
import dev.weft.parser.http.Headers;
import dev.weft.parser.http.HttpResponse;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Serves the files of a directory, or resources of the class path, to GET and HEAD requests (RFC 9110), with their
 * types, ETag and, for files of a directory, Last-Modified. Supports If-Match, If-Unmodified-Since, If-None-Match,
 * If-Modified-Since, and one range of bytes, with If-Range. The path of a directory serves its {@code index.html}; the
 * same path without '/' redirects there. Directories are not listed. A file is streamed, and can be larger than memory;
 * if it has been replaced at the moment at which it is opened, the response is 503.
 * <p>
 * No path leads out of the directory: names are decoded one by one, and no symbolic link is followed. Names that begin
 * with '.', and names that Windows treats as a device or interprets differently, are not found. Immutable; may be used
 * by any thread.
 */
public final class StaticFiles implements HttpHandler {
    private static final String INDEX = "index.html";
    private static final int PIECE = 16_384;
    private static final HttpResponse NOT_FOUND = guarded(HttpResponse.text(404, "there is no such file\n"));

    private final FileTree tree;

    /** Serves the files of a tree. */
    StaticFiles(FileTree tree) {
        this.tree = tree;
    }

    /**
     * Serves the files of a directory, as they are at each request. The directory itself may be a symbolic link.
     *
     * @throws IllegalArgumentException if there is no such directory
     */
    public static StaticFiles in(Path folder) {
        try {
            return new StaticFiles(new FolderTree(folder, false));
        } catch (IOException e) {
            throw new IllegalArgumentException("files: " + folder + " is not a readable folder", e);
        }
    }

    /**
     * Serves the resources of the class path below a name. Each is served as it was when it was first requested. In a
     * named module, a resource is found if it is in a package that is open to {@code dev.weft.server}, or if its folder
     * is not a package, such as {@code META-INF/web}.
     *
     * @param anchor a class of the jar or module that contains the resources; its class loader finds them
     * @param root   such as {@code META-INF/web}: from the root of the class path, without '/' at its beginning and end
     * @throws IllegalArgumentException if the root is empty, or begins or ends with '/'
     */
    public static StaticFiles onClassPath(Class<?> anchor, String root) {
        Objects.requireNonNull(anchor, "anchor");
        if (root.isEmpty() || root.startsWith("/") || root.endsWith("/")) {
            throw new IllegalArgumentException("root '" + root + "' must not be empty, nor begin or end with '/'");
        }
        return new StaticFiles(new ClassPathTree(name -> anchor.getResource("/" + name), root));
    }

    /** Answers with the file that the {@linkplain HttpRequest#pathRest() rest of the path} names. Reads the file system. */
    @Override
    public HttpResponse handle(HttpRequest request) throws IOException {
        boolean reads = request.method().equals("GET") || request.method().equals("HEAD");
        if (!reads) {
            HttpResponse refused = request.method().equals("OPTIONS")
                    ? HttpResponse.empty(204)
                    : HttpResponse.text(405, "files can only be read\n");
            return guarded(refused.withHeader("Allow", "GET, HEAD, OPTIONS"));
        }
        Optional<FilePath> found = FilePath.of(request.pathRest(), false);
        if (found.isEmpty()) {
            return NOT_FOUND;
        }
        FilePath path = found.get();
        if (path.isOfAFolder()) {
            List<String> index = Stream.concat(path.names().stream(), Stream.of(INDEX)).toList();
            return tree.file(index).map(file -> serve(file, request)).orElse(NOT_FOUND);
        }
        Optional<StaticFile> file = tree.file(path.names());
        if (file.isEmpty() && tree.isFolder(path.names())) {
            return redirect(request);
        }
        return file.map(each -> serve(each, request)).orElse(NOT_FOUND);
    }

    /**
     * Redirects to the same path with '/' at its end. The location is relative: if the path begins with "//", it would
     * otherwise name another host.
     */
    private static HttpResponse redirect(HttpRequest request) {
        String last = request.path().substring(request.path().lastIndexOf('/') + 1);
        return guarded(HttpResponse.text(308, "see the path with '/' at its end\n")
                .withHeader("Location", "./" + last + "/" + request.rawQuery().map(query -> "?" + query).orElse("")));
    }

    private static HttpResponse guarded(HttpResponse response) {
        return response.withHeader("X-Content-Type-Options", "nosniff");
    }

    private static HttpResponse serve(StaticFile file, HttpRequest request) {
        Headers asked = request.headers();
        if (isAnotherVersion(file, asked)) {
            return guarded(HttpResponse.text(412, "the file has changed\n").withHeader("ETag", file.entityTag()));
        }
        if (isUnchanged(file, asked)) {
            return described(HttpResponse.empty(304), file);
        }
        // §14.2: a range is only defined for GET.
        Optional<ByteRange> range = request.method().equals("GET") && asked.count("Range") == 1
                && mayBePart(file, asked)
                        ? ByteRange.of(asked.first("Range").orElseThrow(), file.length())
                        : Optional.empty();
        if (range.isPresent() && range.get().count() == 0) {
            return guarded(HttpResponse.text(416, "the file does not have these bytes\n")
                    .withHeader("Content-Range", "bytes */" + file.length()));
        }
        String type = MediaTypes.of(file.name());
        ByteRange part = range.orElse(new ByteRange(0, file.length() - 1));
        HttpResponse response = HttpResponse.stream(range.isPresent() ? 206 : 200, type, part.count(),
                out -> copy(file, part, out));
        return described(range.isEmpty()
                ? response
                : response.withHeader("Content-Range",
                        "bytes " + part.first() + "-" + part.last() + "/" + file.length()),
                file);
    }

    private static HttpResponse described(HttpResponse response, StaticFile file) {
        HttpResponse described = guarded(
                response.withHeader("ETag", file.entityTag()).withHeader("Accept-Ranges", "bytes")
                        // A browser asks each time, and gets 304 if the file is unchanged.
                        .withHeader("Cache-Control", "no-cache"));
        return file.lastModified().map(time -> described.withHeader("Last-Modified", ResponseEncoder.text(time)))
                .orElse(described);
    }

    /** RFC 9110 §13.2.2: checked before everything else; If-Match takes precedence over If-Unmodified-Since. */
    private static boolean isAnotherVersion(StaticFile file, Headers asked) {
        if (asked.contains("If-Match")) {
            // §13.1.1: strong comparison, so a weak tag never matches.
            return !EntityTags.include(asked.all("If-Match"), file.entityTag(), false);
        }
        Optional<Instant> since = onlyDate(asked, "If-Unmodified-Since");
        return since.isPresent() && file.lastModified().isPresent() && file.lastModified().get().isAfter(since.get());
    }

    /** RFC 9110 §13.2.2: If-None-Match takes precedence over If-Modified-Since. */
    private static boolean isUnchanged(StaticFile file, Headers asked) {
        if (asked.contains("If-None-Match")) {
            // §13.1.2: weak comparison.
            return EntityTags.include(asked.all("If-None-Match"), file.entityTag(), true);
        }
        Optional<Instant> since = onlyDate(asked, "If-Modified-Since");
        return since.isPresent() && file.lastModified().isPresent() && !file.lastModified().get().isAfter(since.get());
    }

    /**
     * §13.1.5: a range is sent only of the version that the client has begun to read; otherwise the whole current
     * version is sent.
     */
    private static boolean mayBePart(StaticFile file, Headers asked) {
        Optional<String> condition = asked.first("If-Range");
        return condition.isEmpty() || condition.get().equals(file.entityTag());
    }

    /** The date in the only field of this name; empty if there is no valid one: then the condition is ignored. */
    private static Optional<Instant> onlyDate(Headers asked, String name) {
        if (asked.count(name) != 1) {
            return Optional.empty();
        }
        return HttpDate.parse(asked.first(name).orElseThrow(), Instant.now());
    }

    private static void copy(StaticFile file, ByteRange part, OutputStream out) throws IOException {
        byte[] piece = new byte[(int) Math.min(PIECE, part.count())];
        long left = part.count();
        try (InputStream in = file.source().open(part.first())) {
            while (left > 0) {
                int count = in.read(piece, 0, (int) Math.min(piece.length, left));
                if (count < 0) {
                    throw new EOFException("a file has become shorter while it was sent");
                }
                out.write(piece, 0, count);
                left -= count;
            }
        }
    }
}
