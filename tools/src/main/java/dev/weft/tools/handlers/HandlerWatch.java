package dev.weft.tools.handlers;

import static java.nio.file.StandardWatchEventKinds.ENTRY_CREATE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_DELETE;
import static java.nio.file.StandardWatchEventKinds.ENTRY_MODIFY;
import static java.nio.file.StandardWatchEventKinds.OVERFLOW;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Watches a file, or the sources in a folder and below, and runs an action after changes, on a thread of its own. */
public final class HandlerWatch implements AutoCloseable {
    /** An editor writes a file in several steps: the action runs when nothing has changed for this time. */
    private static final Duration QUIET = Duration.ofMillis(100);
    /** It does not wait longer for that. */
    private static final int MOST_QUIET_WAITS = 20;

    private final Path watched;
    private final boolean folder;
    private final Runnable action;
    private final WatchService service;

    private HandlerWatch(Path watched, Runnable action) throws IOException {
        this.watched = watched;
        this.folder = Files.isDirectory(watched);
        this.action = action;
        this.service = FileSystems.getDefault().newWatchService();
        register();
    }

    /**
     * Begins to watch. Changes after the return are seen.
     *
     * @throws IOException if the system cannot watch the file or folder
     */
    public static HandlerWatch start(Path watched, Runnable action) throws IOException {
        HandlerWatch watch = new HandlerWatch(watched.toAbsolutePath(), action);
        Thread.ofPlatform().daemon().name("weft-handler-watch").start(watch::run);
        return watch;
    }

    /** A file is watched by its folder, because many editors replace a file instead of writing to it. */
    private void register() throws IOException {
        List<Path> folders;
        try (Stream<Path> all = folder ? Files.walk(watched) : Stream.of(watched.getParent())) {
            folders = all.filter(Files::isDirectory).toList();
        }
        for (Path each : folders) {
            each.register(service, ENTRY_CREATE, ENTRY_MODIFY, ENTRY_DELETE);
        }
    }

    private void run() {
        try {
            while (true) {
                if (isChange(service.take())) {
                    awaitQuiet();
                    if (folder) {
                        registerAgain();
                    }
                    action.run();
                }
            }
        } catch (ClosedWatchServiceException e) {
            // Closed.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void awaitQuiet() throws InterruptedException {
        for (int i = 0; i < MOST_QUIET_WAITS; i++) {
            WatchKey key = service.poll(QUIET.toMillis(), TimeUnit.MILLISECONDS);
            if (key == null) {
                return;
            }
            isChange(key);
        }
    }

    /** New folders are watched, too. If one is deleted meanwhile, the next change registers the others. */
    private void registerAgain() {
        try {
            register();
        } catch (IOException | UncheckedIOException e) {
            // Deleted meanwhile.
        }
    }

    /** Takes the events of a key; returns whether one of them concerns what is watched. */
    private boolean isChange(WatchKey key) {
        boolean change = false;
        for (WatchEvent<?> event : key.pollEvents()) {
            change |= event.kind() == OVERFLOW || isWatched((Path) key.watchable(), (Path) event.context());
        }
        key.reset();
        return change;
    }

    private boolean isWatched(Path parent, Path name) {
        return folder
                ? name.toString().endsWith(".java") || Files.isDirectory(parent.resolve(name))
                : watched.getFileName().equals(name);
    }

    /** Ends the watch. An action that runs is not interrupted. */
    @Override
    public void close() {
        try {
            service.close();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
