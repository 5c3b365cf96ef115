package dev.weft.internal.http;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The files of a folder, as they are at each request. Symbolic links below the folder, to files or to folders, are followed
 * only if this is allowed.
 */
public final class FolderTree implements FileTree {
    private final Path root;
    private final boolean followsLinks;
    private final LinkOption[] options;

    /**
     * The files below this folder.
     *
     * @throws IOException if there is no such folder
     */
    public FolderTree(Path folder, boolean followsLinks) throws IOException {
        this.root = folder.toRealPath();
        if (!Files.isDirectory(root)) {
            throw new IOException("not a folder: " + folder);
        }
        this.followsLinks = followsLinks;
        this.options = followsLinks ? new LinkOption[0] : new LinkOption[]{LinkOption.NOFOLLOW_LINKS};
    }

    @Override
    public Optional<StaticFile> file(List<String> names) throws IOException {
        Optional<Path> path = resolve(names);
        if (path.isEmpty()) {
            return Optional.empty();
        }
        BasicFileAttributes attributes;
        try {
            attributes = Files.readAttributes(path.get(), BasicFileAttributes.class, options);
        } catch (FileSystemException e) {
            // The file does not exist, a part of its path is not a folder, or a name is too long.
            return Optional.empty();
        }
        if (!attributes.isRegularFile()) {
            return Optional.empty();
        }
        Instant modified = attributes.lastModifiedTime().toInstant();
        String tag = "\"" + Long.toHexString(attributes.size()) + "-" + Long.toHexString(modified.getEpochSecond())
                + "." + Integer.toHexString(modified.getNano()) + "\"";
        return Optional.of(new StaticFile(names.getLast(), attributes.size(), tag,
                Optional.of(modified.truncatedTo(ChronoUnit.SECONDS)), offset -> open(path.get(), attributes, offset)));
    }

    @Override
    public boolean isFolder(List<String> names) throws IOException {
        return resolve(names).map(path -> Files.isDirectory(path, options)).orElse(false);
    }

    /** The path of these names; empty if they form no valid path, or the path contains a link that must not be followed. */
    private Optional<Path> resolve(List<String> names) {
        Path path = root;
        for (String name : names) {
            try {
                path = path.resolve(name);
            } catch (InvalidPathException e) {
                return Optional.empty();
            }
            if (!followsLinks && Files.isSymbolicLink(path)) {
                return Optional.empty();
            }
        }
        return path.startsWith(root) && path.normalize().equals(path) ? Optional.of(path) : Optional.empty();
    }

    /** Opens the file, if it is still the one that was examined. Does not follow a link that has replaced it since. */
    private InputStream open(Path path, BasicFileAttributes examined, long offset) throws IOException {
        // Other file systems, such as that of a zip file, have no links and do not support the option.
        boolean mayBeLink = !followsLinks && path.getFileSystem() == FileSystems.getDefault();
        try {
            SeekableByteChannel channel = Files.newByteChannel(path, mayBeLink
                    ? Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)
                    : Set.of(StandardOpenOption.READ));
            try {
                // In this order: if the file is replaced in between, its time differs.
                if (channel.size() != examined.size() || !examined.lastModifiedTime().equals(
                        Files.readAttributes(path, BasicFileAttributes.class, options).lastModifiedTime())) {
                    throw new FileChangedException("replaced before it was opened: " + path, null);
                }
                return Channels.newInputStream(channel.position(offset));
            } catch (IOException e) {
                channel.close();
                throw e;
            }
        } catch (NoSuchFileException e) {
            throw new FileChangedException("removed before it was opened: " + path, e);
        }
    }
}
