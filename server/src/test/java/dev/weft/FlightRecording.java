package dev.weft;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

/** Records Weft's events with the JDK's flight recorder. */
public final class FlightRecording {
    /** What happens while events are recorded. */
    @FunctionalInterface
    public interface Body {
        void run() throws Exception;
    }

    private FlightRecording() {}

    /** The events of one kind that occur meanwhile, in the order in which they end. */
    public static List<RecordedEvent> of(String name, Body body) throws Exception {
        Path file = Files.createTempFile("recording", ".jfr");
        try (Recording recording = new Recording()) {
            recording.enable("dev.weft." + name);
            recording.start();
            body.run();
            recording.stop();
            recording.dump(file);
            return events(file, name);
        } finally {
            Files.delete(file);
        }
    }

    private static List<RecordedEvent> events(Path file, String name) throws IOException {
        return RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().equals("dev.weft." + name))
                .sorted(Comparator.comparing(RecordedEvent::getEndTime)).toList();
    }
}
