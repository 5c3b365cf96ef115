package dev.weft.internal.http;

import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * The resources of a class path below a name. Resources are assumed not to change: the entity tag is computed once, from the
 * resource's bytes.
 */
public final class ClassPathTree implements FileTree {
    private static final int PIECE = 16_384;

    private final Function<String, URL> resources;
    private final String root;
    /** The resources that exist, by name; their number is limited by the class path. */
    private final Map<String, StaticFile> known = new ConcurrentHashMap<>();

    /**
     * The resources below this name.
     *
     * @param resources finds a resource by its full name; returns {@code null} if it does not exist
     * @param root      the name, without a '/' at its end
     */
    public ClassPathTree(Function<String, URL> resources, String root) {
        this.resources = resources;
        this.root = root;
    }

    @Override
    public Optional<StaticFile> file(List<String> names) throws IOException {
        String name = root + "/" + String.join("/", names);
        StaticFile file = known.get(name);
        if (file == null) {
            URL url = resources.apply(name);
            if (url == null || isFolder(url)) {
                return Optional.empty();
            }
            file = examined(names.getLast(), url);
            known.put(name, file);
        }
        return Optional.of(file);
    }

    /** Always false: whether a name is a folder cannot be found out in the same way for jars, folders and run-time images. */
    @Override
    public boolean isFolder(List<String> names) {
        return false;
    }

    private static boolean isFolder(URL url) throws IOException {
        if (url.getProtocol().equals("file")) {
            try {
                return !Files.isRegularFile(Path.of(new URI(url.toString())));
            } catch (URISyntaxException e) {
                return true;
            }
        }
        URLConnection connection = url.openConnection();
        connection.setUseCaches(false);
        if (connection instanceof JarURLConnection jar) {
            try (var file = jar.getJarFile()) {
                return jar.getJarEntry() == null || jar.getJarEntry().isDirectory()
                        || file.getEntry(jar.getEntryName() + "/") != null;
            }
        }
        return false;
    }

    private static StaticFile examined(String name, URL url) throws IOException {
        MessageDigest digest = sha256();
        long length = 0;
        try (InputStream in = open(url)) {
            byte[] piece = new byte[PIECE];
            for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
                digest.update(piece, 0, count);
                length += count;
            }
        }
        String tag = "\"" + HexFormat.of().formatHex(digest.digest(), 0, 16) + "\"";
        return new StaticFile(name, length, tag, Optional.empty(), offset -> {
            InputStream in = open(url);
            try {
                in.skipNBytes(offset);
                return in;
            } catch (IOException e) {
                in.close();
                throw e;
            }
        });
    }

    private static InputStream open(URL url) throws IOException {
        URLConnection connection = url.openConnection();
        connection.setUseCaches(false);
        return connection.getInputStream();
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }
}
