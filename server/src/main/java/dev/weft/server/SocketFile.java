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

/** The file of a listening Unix domain socket: removes what an earlier process has left, and what is its own. */
final class SocketFile {
    /** Of {@code st_mode}: what kind of file it is, and a socket. */
    private static final int KIND = 0170000;
    private static final int SOCKET = 0140000;

    private final UnixDomainSocketAddress address;
    private final Path path;
    /** What the file system knows the file by; {@code null} while there is none of ours. */
    private Object key;

    SocketFile(UnixDomainSocketAddress address) {
        this.address = address;
        this.path = address.getPath();
    }

    /**
     * Removes a socket on which nobody listens. Whatever else is there stays.
     *
     * @param cannot begins the messages
     * @throws java.net.BindException if something else is there
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
            // It must not wait where too many others do.
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

    /** To be called when the socket has been bound, which has created the file. */
    void created(Set<PosixFilePermission> permissions) throws IOException {
        key = attributes().fileKey();
        PosixFileAttributeView view = Files.getFileAttributeView(path, PosixFileAttributeView.class);
        if (view != null) {
            view.setPermissions(permissions);
        }
    }

    /**
     * Removes the file, if it is still the one that was created. To be called before the socket is closed: until then no other
     * file can have its key.
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
            // Somebody else has removed it.
        }
        key = null;
    }
}
