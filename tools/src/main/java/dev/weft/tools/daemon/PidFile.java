package dev.weft.tools.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.tools.options.FileFault;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * A file with the number of this process, locked while the process runs. The system releases the lock when the process ends,
 * whatever the cause. So a file that was left over does not count, even if another process has its number now.
 */
public final class PidFile implements AutoCloseable {
    private static final int MOST_TRIES = 100;
    private static final int MOST_DIGITS = 20;
    /** The beginning of a file of a server that runs or has run, or an empty file. */
    private static final Pattern PID = Pattern.compile("\\A([0-9]+(\\R|\\z)|\\z)");

    private final Path file;
    private final FileChannel channel;

    private PidFile(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Writes the file. Does not wait.
     *
     * @throws IOException if another process has it, it is not a pid file, or it cannot be written
     */
    public static PidFile take(Path file) throws IOException {
        try {
            return tryToTake(file);
        } catch (FileSystemException e) {
            throw new IOException("the pid file " + file + " cannot be written: " + FileFault.of(e), e);
        }
    }

    private static PidFile tryToTake(Path file) throws IOException {
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
        try {
            if (!PID.matcher(read(channel)).lookingAt()) {
                throw new IOException(file + " is not a pid file: its first line is not a number");
            }
            channel.truncate(0);
            try {
                channel.write(UTF_8.encode(ProcessHandle.current().pid() + "\n"), 0);
            } catch (IOException e) {
                Files.deleteIfExists(file);
                throw new IOException("the pid file " + file + " cannot be written: " + FileFault.of(e), e);
            }
            return this;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** Removes the file. */
    @Override
    public void close() throws IOException {
        Files.deleteIfExists(file);
        channel.close();
    }
}
