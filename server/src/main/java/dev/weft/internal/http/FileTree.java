package dev.weft.internal.http;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Files by their names below a root. For any thread; reads the file system. */
public interface FileTree {
    /**
     * The file at these names, which {@link FilePath} has checked; empty if there is no regular file there, or it must not be
     * served.
     */
    Optional<StaticFile> file(List<String> names) throws IOException;

    /** Whether there is a folder at these names. */
    boolean isFolder(List<String> names) throws IOException;
}
