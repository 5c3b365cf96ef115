package dev.weft.tools.echo;

import dev.weft.tools.options.FileFault;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The options of a launch: those of the command line, then those of the environment that the command line does not have, then
 * those of a file that neither has.
 *
 * <p>A line of the file is {@code port = 9001} for {@code --port 9001}; lines of options that may be repeated may be, too.
 * Empty lines, and lines that begin with '#', are ignored. The variable for {@code --port} is {@code WEFT_PORT}; it separates
 * several values by commas.
 */
final class OptionSources {
    private static final String PREFIX = "WEFT_";
    /** Read by the scripts. */
    private static final Set<String> NOT_OPTIONS = Set.of("WEFT_JAVA_OPTS");
    private static final Set<String> COMMAND_LINE_ONLY = Set.of("--help", "--version", "--check", "--config");
    /** These say where to listen, in place of {@code --host} and {@code --port}. */
    private static final Set<String> PLACES = Set.of("--listen", "--unix", "--inherited");
    private static final Pattern OPTION = Pattern.compile("--[a-z-]+");

    /** A value, and where it is from. */
    private record Value(String text, String origin) {}

    private final Map<String, List<Value>> weaker;
    private final List<String> arguments;
    private final Set<String> unknownVariables;

    private OptionSources(Map<String, List<Value>> weaker, List<String> arguments, Set<String> unknownVariables) {
        this.weaker = weaker;
        this.arguments = arguments;
        this.unknownVariables = unknownVariables;
    }

    /** Whether a variable may be an option. */
    static boolean hasOptions(Map<String, String> environment) {
        return environment.keySet().stream().anyMatch(name -> name.startsWith(PREFIX) && !NOT_OPTIONS.contains(name));
    }

    /**
     * Reads them.
     *
     * @throws IllegalArgumentException with a message for the user
     */
    static OptionSources read(CommandSpec spec, Map<String, String> environment, String... arguments) {
        List<String> given = List.of(arguments);
        if (given.stream().anyMatch(Set.of("--help", "-h", "--version")::contains)) {
            return new OptionSources(Map.of(), given, Set.of());
        }
        Map<String, OptionSpec> options = new LinkedHashMap<>();
        spec.options().forEach(option -> options.put(option.longestName(), option));
        Map<String, List<Value>> merged = new LinkedHashMap<>();
        Set<String> unknown = new TreeSet<>();
        Set<String> stronger = new HashSet<>(names(given, options.keySet()));
        add(merged, ofEnvironment(options, environment, unknown), stronger);
        stronger.addAll(merged.keySet());
        configFile(given, environment).ifPresent(file -> add(merged, ofFile(options, file), stronger));
        return new OptionSources(merged, given, unknown);
    }

    private static void add(Map<String, List<Value>> merged, Map<String, List<Value>> weaker, Set<String> stronger) {
        boolean placed = stronger.contains("--host") || stronger.contains("--port")
                || stronger.stream().anyMatch(PLACES::contains);
        weaker.forEach((option, values) -> {
            if (!stronger.contains(option) && !(placed && PLACES.contains(option))) {
                merged.put(option, values);
            }
        });
    }

    /** The options of a command line, as far as it can be told before it is parsed. */
    private static Set<String> names(List<String> arguments, Set<String> known) {
        return arguments.stream().filter(argument -> argument.startsWith("--"))
                .map(argument -> argument.split("=", 2)[0])
                .map(name -> known.contains(name) ? name : name.replaceFirst("^--no-", "--"))
                .collect(Collectors.toSet());
    }

    private static Optional<Path> configFile(List<String> arguments, Map<String, String> environment) {
        String file = environment.get(PREFIX + "CONFIG");
        for (int i = 0; i < arguments.size(); i++) {
            if (arguments.get(i).startsWith("--config=")) {
                file = arguments.get(i).substring("--config=".length());
            } else if (arguments.get(i).equals("--config") && i + 1 < arguments.size()) {
                file = arguments.get(i + 1);
            }
        }
        return Optional.ofNullable(file).map(Path::of);
    }

    private static Map<String, List<Value>> ofEnvironment(Map<String, OptionSpec> options,
            Map<String, String> environment, Set<String> unknown) {
        Map<String, List<Value>> values = new LinkedHashMap<>();
        environment.forEach((name, text) -> {
            if (!name.startsWith(PREFIX) || NOT_OPTIONS.contains(name) || name.equals(PREFIX + "CONFIG")) {
                return;
            }
            String option = "--" + name.substring(PREFIX.length()).toLowerCase(Locale.ROOT).replace('_', '-');
            if (!options.containsKey(option) || COMMAND_LINE_ONLY.contains(option)) {
                unknown.add(name);
                return;
            }
            Stream<String> texts = options.get(option).isMultiValue() ? Stream.of(text.split(",")) : Stream.of(text);
            values.put(option, texts.map(each -> new Value(each.strip(), name)).toList());
        });
        return values;
    }

    private static Map<String, List<Value>> ofFile(Map<String, OptionSpec> options, Path file) {
        Map<String, List<Value>> values = new LinkedHashMap<>();
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("--config " + file + " is not UTF-8", e);
        } catch (IOException e) {
            throw new IllegalArgumentException("--config " + file + " cannot be read: " + FileFault.of(e), e);
        }
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            String origin = file + ", line " + (i + 1);
            String[] parts = line.split("=", 2);
            String name = parts[0].strip();
            String option = "--" + name;
            if (!options.containsKey(option) || COMMAND_LINE_ONLY.contains(option)) {
                throw new IllegalArgumentException("unknown option '" + name + "' (" + origin + ")");
            } else if (parts.length == 1) {
                throw new IllegalArgumentException("'" + name + "' has no '=' with a value after it (" + origin + ")");
            } else if (!options.get(option).isMultiValue() && values.containsKey(option)) {
                throw new IllegalArgumentException("'" + name + "' is there twice (" + origin + ")");
            }
            values.computeIfAbsent(option, key -> new ArrayList<>()).add(new Value(parts[1].strip(), origin));
        }
        return values;
    }

    /** All of them, as a command line. */
    String[] arguments() {
        Stream<String> others = weaker.entrySet().stream()
                .flatMap(entry -> entry.getValue().stream().map(value -> entry.getKey() + "=" + value.text()));
        return Stream.concat(others, arguments.stream()).toArray(String[]::new);
    }

    /** The complaint, with the place of the option that it names, if that is not the command line. */
    String located(String complaint) {
        Matcher names = OPTION.matcher(complaint);
        while (names.find()) {
            List<Value> values = weaker.get(names.group());
            if (values != null) {
                return complaint + " (" + values.stream().filter(value -> complaint.contains("'" + value.text() + "'"))
                        .findFirst().orElse(values.getFirst()).origin() + ")";
            }
        }
        return complaint;
    }

    /** Variables that look like options, but are none. */
    Set<String> unknownVariables() {
        return unknownVariables;
    }

    /** The options whose values differ. */
    Set<String> changes(OptionSources before) {
        Set<String> names = new TreeSet<>(weaker.keySet());
        names.addAll(before.weaker.keySet());
        names.removeIf(name -> texts().getOrDefault(name, List.of()).equals(before.texts().get(name)));
        return names;
    }

    private Map<String, List<String>> texts() {
        Map<String, List<String>> texts = new HashMap<>();
        weaker.forEach((option, values) -> texts.put(option, values.stream().map(Value::text).toList()));
        return texts;
    }
}
