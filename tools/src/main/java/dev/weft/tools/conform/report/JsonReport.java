package dev.weft.tools.conform.report;

import com.google.gson.FieldNamingPolicy;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** A run as JSON: the totals, the totals of each family, and all results. */
public final class JsonReport {
    private static final Gson GSON = new GsonBuilder().setPrettyPrinting().disableHtmlEscaping()
            .setFieldNamingPolicy(FieldNamingPolicy.IDENTITY).create();

    private JsonReport() {}

    /** Writes the report to a file. */
    public static void write(RunResults run, Path file) throws IOException {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("target", run.target());
        all.put(run.subject().label(), run.name());
        all.put("started", run.started());
        all.put("millis", run.millis());
        all.put("quick", run.quick());
        all.put("total", run.total());
        all.put("families", run.families());
        all.put("cases", run.results());
        Files.writeString(file, GSON.toJson(all) + "\n");
    }
}
