package dev.weft.micrometer;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The dashboard for Grafana in docs. */
record Dashboard(List<Panel> panels) {
    private static final Pattern SELECTOR = Pattern.compile("(weft_[a-z_]+)\\{([^}]*)}");
    private static final Pattern MATCHER = Pattern.compile("([a-z_]+)=~?\"[^\"]*\"");
    private static final Pattern GROUPING = Pattern.compile("by \\(([a-z_, ]+)\\)");
    private static final Pattern LEGEND = Pattern.compile("\\{\\{([a-z_]+)}}");

    /** The panel of a row of the dashboard, or the row itself, which has no queries. */
    record Panel(int id, String title, int x, int y, int width, int height, List<Query> queries) {
        boolean overlaps(Panel other) {
            return x < other.x + other.width && other.x < x + width && y < other.y + other.height
                    && other.y < y + height;
        }
    }

    record Query(String expression, String legend) {
        /** The names of the metrics that it selects. */
        Set<String> metrics() {
            return matches(SELECTOR, expression, 1);
        }

        /** The labels by which it selects and groups. */
        Set<String> labels() {
            Set<String> labels = matches(MATCHER, expression, 1);
            matches(GROUPING, expression, 1).forEach(group -> labels.addAll(List.of(group.split(", "))));
            return labels;
        }

        Set<String> legendLabels() {
            return matches(LEGEND, legend, 1);
        }

        /** As Grafana asks for it. */
        String resolved() {
            return expression.replace("$__rate_interval", "10s").replace("$instance", ".*");
        }

        private static Set<String> matches(Pattern pattern, String text, int group) {
            Set<String> found = new TreeSet<>();
            Matcher matcher = pattern.matcher(text);
            while (matcher.find()) {
                found.add(matcher.group(group));
            }
            return found;
        }
    }

    static Dashboard read() throws IOException {
        JsonObject json = JsonParser.parseString(Files.readString(Path.of("../../docs/grafana/weft.json")))
                .getAsJsonObject();
        List<Panel> panels = new ArrayList<>();
        for (JsonElement element : json.getAsJsonArray("panels")) {
            JsonObject panel = element.getAsJsonObject();
            List<Query> queries = new ArrayList<>();
            if (panel.has("targets")) {
                panel.getAsJsonArray("targets").asList().stream().map(JsonElement::getAsJsonObject)
                        .map(target -> new Query(target.get("expr").getAsString(),
                                target.get("legendFormat").getAsString()))
                        .forEach(queries::add);
            }
            JsonObject position = panel.getAsJsonObject("gridPos");
            panels.add(new Panel(panel.get("id").getAsInt(), panel.get("title").getAsString(),
                    position.get("x").getAsInt(), position.get("y").getAsInt(), position.get("w").getAsInt(),
                    position.get("h").getAsInt(), queries));
        }
        return new Dashboard(panels);
    }

    List<Query> queries() {
        return panels.stream().flatMap(panel -> panel.queries().stream()).toList();
    }
}
