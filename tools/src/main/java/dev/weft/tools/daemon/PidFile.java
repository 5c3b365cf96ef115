package dev.weft.tools.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;

/**
 * A file with the number of this process, locked while the process runs. The system releases the lock when the process ends,
 * whatever the cause. So a file that was left over does not count, even if another process has its number now.
 */
public final class PidFile implements AutoCloseable {
    private static final int MOST_TRIES = 100;
    private static final int MOST_DIGITS = 20;

    private final Path file;
    private final FileChannel channel;

    private PidFile(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Writes the file. Does not wait.
     *
     * @throws IOException if another process has it, or it cannot be written
     */
    public static PidFile take(Path file) throws IOException {
        for (int i = 0; i < MOST_TRIES; i++) {
            try {
                createIfMissing(file);
                Object key = key(file);
                FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE);
                if (!lock(channel)) {
                    try (channel) {
                        throw new IOException(
                                file + " belongs to a server that is running, with the pid " + read(channel));
                    }
                } else if (Objects.equals(key, key(file))) {
                    return new PidFile(file, channel).write();
                }
                channel.close(); // its server ended, and removed it, after it was opened
            } catch (NoSuchFileException e) {
                // Removed meanwhile.
            }
        }
        throw new IOException(file + " is created and removed all the time");
    }

    private static void createIfMissing(Path file) throws IOException {
        try {
            Files.createFile(file);
        } catch (FileAlreadyExistsException e) {
            // Left over, or of a server that runs.
        } catch (NoSuchFileException e) {
            throw new IOException(file + " cannot be created: the folder does not exist", e);
        }
    }

    /** Which file it is. Does not open it: closing it again would release the locks of this process (POSIX). */
    private static Object key(Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    }

    private static boolean lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock() != null;
        } catch (OverlappingFileLockException e) {
            return false; // this process has it
        }
    }

    private static String read(FileChannel channel) throws IOException {
        ByteBuffer digits = ByteBuffer.allocate(MOST_DIGITS);
        channel.read(digits, 0);
        return UTF_8.decode(digits.flip()).toString().strip();
    }

    private PidFile write() throws IOException {
        channel.truncate(0);
        channel.write(UTF_8.encode(ProcessHandle.current().pid() + "\n"), 0);
        return this;
    }

    /** Removes the file. */
    @Override
    public void close() throws IOException {
        Files.deleteIfExists(file);
        channel.close();
    }
}
