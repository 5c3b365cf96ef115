package dev.weft.bench.report;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Objects;

/**
 * All results of a run, as stored in {@code results.json}: one object with these fields, in which {@code machine} has the
 * fields of {@link Machine}, {@code remarks} those of {@link Remark} and {@code measurements} those of {@link Measurement}.
 * Fields may be added within a version; readers ignore unknown fields.
 *
 * @param version of this layout: {@value #VERSION}
 * @param started the time of the start in UTC, in ISO 8601 format
 * @param seconds the duration so far
 * @param complete whether every suite completed
 * @param quick whether rounds, forks and scenarios were left out
 * @param command the command line as it was typed
 */
public record Results(int version, String started, double seconds, boolean complete, boolean quick, String command,
        Machine machine, List<Remark> remarks, List<Measurement> measurements) {
    /** The layout that this class reads and writes. */
    public static final int VERSION = 1;

    private static final Gson GSON = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    /** Copies the lists. */
    public Results {
        if (version != VERSION) {
            throw new IllegalArgumentException("version " + version + " of the layout, not " + VERSION);
        }
        Objects.requireNonNull(started, "started is missing");
        Objects.requireNonNull(machine, "machine is missing");
        remarks = List.copyOf(Objects.requireNonNull(remarks, "remarks are missing"));
        measurements = List.copyOf(Objects.requireNonNull(measurements, "measurements are missing"));
    }

    /** Writes {@code results.json} in a folder, completely or not at all. */
    public void write(Path folder) throws IOException {
        Path fresh = folder.resolve("results.json.new");
        Files.writeString(fresh, GSON.toJson(this) + "\n");
        Files.move(fresh, folder.resolve("results.json"), StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
    }

    /** Reads a file of this kind, or the one in this folder. */
    public static Results read(Path fileOrFolder) throws IOException {
        Path file = Files.isDirectory(fileOrFolder) ? fileOrFolder.resolve("results.json") : fileOrFolder;
        String text = Files.readString(file);
        try {
            return Objects.requireNonNull(GSON.fromJson(text, Results.class), "it is empty");
        } catch (JsonParseException | IllegalArgumentException | NullPointerException e) {
            throw new IOException(file + " is not a result of this program: " + e.getMessage(), e);
        } catch (RuntimeException e) { // an exception from a record's constructor is wrapped
            throw new IOException(file + " is not a result of this program: "
                    + (e.getCause() == null ? e : e.getCause()).getMessage(), e);
        }
    }
}
