package dev.weft.internal.http;

import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Optional;

/**
 * One version of a file that can be served.
 *
 * @param name         of the file alone, by which its type is found
 * @param length       in bytes
 * @param entityTag    in quotes, another one for each version (RFC 9110 §8.8.3)
 * @param lastModified in whole seconds; empty if it is not known
 * @param source       what opens it
 */
public record StaticFile(String name, long length, String entityTag, Optional<Instant> lastModified, Source source) {
    /** Opens a file. */
    @FunctionalInterface
    public interface Source {
        /** The bytes from this offset on. */
        InputStream open(long offset) throws IOException;
    }
}
