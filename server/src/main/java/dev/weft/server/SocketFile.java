package dev.weft.server;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Set;

/** The file of a listening Unix domain socket. Removes a file that an earlier process has left, and its own file. */
final class SocketFile {
    /** The bits of {@code st_mode} for the type of a file, and their value for a socket. */
    private static final int KIND = 0170000;
    private static final int SOCKET = 0140000;

    private final UnixDomainSocketAddress address;
    private final Path path;
    /** The file system's key of the file; {@code null} while our file does not exist. */
    private Object key;

    SocketFile(UnixDomainSocketAddress address) {
        this.address = address;
        this.path = address.getPath();
    }

    /**
     * Removes a socket file on which no process listens. Any other file is kept.
     *
     * @param cannot the beginning of the exception messages
     * @throws java.net.BindException if there is any other file
     */
    void removeIfStale(String cannot) throws IOException {
        BasicFileAttributes found;
        try {
            found = attributes();
        } catch (NoSuchFileException e) {
            return;
        }
        if (!isSocket(found)) {
            throw Listener.cannotBind(cannot + "the file exists and is not a socket", null);
        }
        try (SocketChannel probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            // Must not wait if the backlog of that socket is full.
            probe.configureBlocking(false);
            probe.connect(address);
        } catch (ConnectException e) {
            Files.deleteIfExists(path);
            return;
        } catch (IOException e) {
            throw Listener.cannotBind(cannot + "the socket exists, and may be in use: " + e.getMessage(), e);
        }
        throw Listener.cannotBind(cannot + "Address already in use", null);
    }

    private BasicFileAttributes attributes() throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }

    private boolean isSocket(BasicFileAttributes found) throws IOException {
        if (!path.getFileSystem().supportedFileAttributeViews().contains("unix")) {
            return found.isOther();
        }
        return ((int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS) & KIND) == SOCKET;
    }

    /** Must be called when the socket has been bound, which creates the file. */
    void created(Set<PosixFilePermission> permissions) throws IOException {
        key = attributes().fileKey();
        PosixFileAttributeView view = Files.getFileAttributeView(path, PosixFileAttributeView.class);
        if (view != null) {
            view.setPermissions(permissions);
        }
    }

    /**
     * Removes the file, if it is still the one that was created. Must be called before the socket is closed: until then
     * no other file can have its key.
     */
    void remove() throws IOException {
        if (key == null) {
            return;
        }
        try {
            if (key.equals(attributes().fileKey())) {
                Files.deleteIfExists(path);
            }
        } catch (NoSuchFileException e) {
            // Another process has removed it.
        }
        key = null;
    }
}
