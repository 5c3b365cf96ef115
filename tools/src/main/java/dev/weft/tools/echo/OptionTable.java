package dev.weft.tools.echo;

import dev.weft.tools.options.Notation;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Consumer;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.ArgGroupSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.TypeConversionException;

/** Declares options in groups, each with its default in the help, and what to do with its value. */
abstract class OptionTable {
    final CommandSpec spec;
    /** What to do with the value of each option that was given. */
    final Map<String, Consumer<Object>> setters = new LinkedHashMap<>();

    OptionTable(String program) {
        spec = CommandSpec.create().name(program);
    }

    void group(String heading, OptionSpec... options) {
        var group = ArgGroupSpec.builder().heading("%n" + heading + "%n").validate(false);
        for (OptionSpec option : options) {
            group.addArg(option);
        }
        spec.addArgGroup(group.build());
    }

    <T> OptionSpec option(String name, Notation<T> notation, T byDefault, Consumer<T> setter,
            String description) {
        return option(name, notation, notation.format().apply(byDefault), description, setter);
    }

    OptionSpec systemSize(String name, OptionalInt byDefault, Consumer<Integer> setter, String description) {
        String text = byDefault.isPresent() ? Notation.SIZE.format().apply(byDefault.getAsInt()) : "left to it";
        return option(name, Notation.SIZE, text, description, setter);
    }

    <T> OptionSpec option(String name, Notation<T> notation, String byDefault, String description,
            Consumer<T> setter) {
        setters.put(name, value -> setter.accept(notation.type().cast(value)));
        ITypeConverter<T> converter = notation.parse()::apply;
        return OptionSpec.builder(name).type(notation.type()).converters(converter).paramLabel(notation.label())
                .description(withDefault(description, byDefault)).build();
    }

    OptionSpec flag(String name, boolean byDefault, Consumer<Boolean> setter, String description) {
        setters.put(name, value -> setter.accept((Boolean) value));
        return OptionSpec.builder(name).type(boolean.class).negatable(true)
                .description(withDefault(description, byDefault ? "yes" : "no")).build();
    }

    OptionSpec switchOn(String name, Runnable action, String description) {
        setters.put(name, value -> {
            if ((Boolean) value) { // --name=false is allowed
                action.run();
            }
        });
        return OptionSpec.builder(name).type(boolean.class).description(description).build();
    }

    /** An option that may be repeated; the check throws {@link IllegalArgumentException} if a value is invalid. */
    OptionSpec list(String name, String label, String kind, Consumer<String> check,
            Consumer<List<String>> setter,
            String description, List<String> byDefault) {
        setters.put(name, value -> setter.accept(((List<?>) value).stream().map(String.class::cast).toList()));
        ITypeConverter<String> converter = text -> {
            try {
                check.accept(text);
                return text;
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException("'" + text + "' is not " + kind);
            }
        };
        return OptionSpec.builder(name).type(List.class).auxiliaryTypes(String.class).arity("1").converters(converter)
                .paramLabel(label)
                .description(withDefault(description, byDefault.isEmpty() ? "none" : String.join(", ", byDefault)))
                .build();
    }

    private static String withDefault(String description, String byDefault) {
        return description + " Default: " + byDefault + ".";
    }
}
