package dev.weft.internal.http;

import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Optional;

/**
 * One version of a file that can be served.
 *
 * @param name         the file's name without folders, which determines its media type
 * @param length       the length in bytes
 * @param entityTag    the entity tag in quotes, different for each version (RFC 9110 §8.8.3)
 * @param lastModified the time of the last change in whole seconds; empty if it is not known
 * @param source       opens the file
 */
public record StaticFile(String name, long length, String entityTag, Optional<Instant> lastModified, Source source) {
    /** Opens a file. */
    @FunctionalInterface
    public interface Source {
        /**
         * Opens the file and returns its bytes from this offset on.
         *
         * @throws FileChangedException if it is no longer this version
         */
        InputStream open(long offset) throws IOException;
    }
}
