package dev.weft.tools.options;

import dev.weft.OverflowPolicy;
import dev.weft.server.AccessLogFormat;
import dev.weft.server.ClientAddressField;
import dev.weft.server.ConnectionTable;
import dev.weft.server.TransportKind;
import java.net.InetSocketAddress;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine.TypeConversionException;

/**
 * The notation of a kind of value on the command line. {@code parse} accepts everything that {@code format} produces.
 *
 * @param label  the placeholder for the value in the help
 * @param type   the type of the value
 * @param parse  parses a value; throws {@link TypeConversionException} with a message for the user
 * @param format formats a value
 */
public record Notation<T>(String label, Class<T> type, Function<String, T> parse, Function<T, String> format) {
    /** Any text that is not blank. */
    public static final Notation<String> NAME = new Notation<>("NAME", String.class, Notation::parseName,
            Function.identity());
    /** A file's name. */
    public static final Notation<Path> FILE = new Notation<>("FILE", Path.class, Notation::parseFile, Path::toString);
    /** A number. */
    public static final Notation<Integer> COUNT = new Notation<>("N", Integer.class,
            text -> toInt(text, parseNumber(text, text)), String::valueOf);
    /** A number of bytes that fits in an int. */
    public static final Notation<Integer> SIZE = new Notation<>("SIZE", Integer.class,
            text -> toInt(text, parseSize(text)), Notation::formatSize);
    /** Bytes. */
    public static final Notation<Long> LONG_SIZE = new Notation<>("SIZE", Long.class, Notation::parseSize,
            Notation::formatSize);
    /** A duration, such as {@code 500ms} or {@code 20s}. */
    public static final Notation<Duration> TIME = new Notation<>("TIME", Duration.class, Notation::parseDuration,
            Notation::formatDuration);
    /** One of the transports. */
    public static final Notation<TransportKind> TRANSPORT = oneOf("KIND", TransportKind.class);
    /** One of the actions when a queue is full. */
    public static final Notation<OverflowPolicy.Action> OVERFLOW = oneOf("ACTION", OverflowPolicy.Action.class);
    /** One of the formats of the access log. */
    public static final Notation<AccessLogFormat> ACCESS_LOG = oneOf("FORMAT", AccessLogFormat.class);
    /** One of the orders of a table of connections. */
    public static final Notation<ConnectionTable.Order> TABLE_ORDER = oneOf("ORDER", ConnectionTable.Order.class);
    /** One of the header fields in which proxies report clients. */
    public static final Notation<ClientAddressField> FIELD = oneOf("FIELD", ClientAddressField.class);

    /** File permissions, as {@code ls} prints them. */
    public static final Notation<String> PERMISSIONS = new Notation<>("rwxrwxrwx", String.class,
            Notation::parsePermissions,
            Function.identity());

    private static final Pattern SIZE_SYNTAX = Pattern.compile("([+-]?[0-9]+)([kmg]?)", Pattern.CASE_INSENSITIVE);
    private static final Pattern ADDRESS_SYNTAX = Pattern.compile("([^\\s:\\[\\]]+|\\[[0-9a-fA-F:.%]+])"
            + ":([0-9]{1,5})");
    private static final Pattern DURATION_SYNTAX = Pattern.compile("([0-9]+)(ms|s|m|h|d)", Pattern.CASE_INSENSITIVE);

    private static <E extends Enum<E>> Notation<E> oneOf(String label, Class<E> type) {
        return new Notation<>(label, type, text -> parseConstant(type, text), Notation::formatConstant);
    }

    private static <E extends Enum<E>> E parseConstant(Class<E> type, String text) {
        return Arrays.stream(type.getEnumConstants()).filter(each -> formatConstant(each).equals(text)).findFirst()
                .orElseThrow(() -> new TypeConversionException("'" + text + "' is none of "
                        + Arrays.stream(type.getEnumConstants()).map(Notation::formatConstant)
                                .collect(Collectors.joining(", "))));
    }

    private static String formatConstant(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static String parseName(String text) {
        if (text.isBlank()) {
            throw new TypeConversionException("it is empty");
        }
        return text;
    }

    private static Path parseFile(String text) {
        try {
            return Path.of(parseName(text));
        } catch (InvalidPathException e) {
            throw new TypeConversionException("it is not a file's name");
        }
    }

    private static String parsePermissions(String text) {
        try {
            return PosixFilePermissions.toString(PosixFilePermissions.fromString(text));
        } catch (IllegalArgumentException e) {
            throw new TypeConversionException("'" + text + "' is not like rw-rw----");
        }
    }

    /**
     * A host and a port, such as {@code localhost:80} or {@code [::1]:80}.
     *
     * @throws IllegalArgumentException if the text is not valid
     */
    public static InetSocketAddress parseAddress(String text) {
        Matcher matcher = ADDRESS_SYNTAX.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(text);
        }
        return InetSocketAddress.createUnresolved(matcher.group(1), Integer.parseInt(matcher.group(2)));
    }

    private static long parseSize(String text) {
        Matcher matcher = SIZE_SYNTAX.matcher(text);
        if (!matcher.matches()) {
            throw new TypeConversionException("'" + text + "' is not a size, such as 512, 16k, 1m or 2g");
        }
        long unit = switch (matcher.group(2).toLowerCase(Locale.ROOT)) {
            case "k" -> 1L << 10;
            case "m" -> 1L << 20;
            case "g" -> 1L << 30;
            default -> 1;
        };
        try {
            return Math.multiplyExact(parseNumber(text, matcher.group(1)), unit);
        } catch (ArithmeticException e) {
            throw tooLarge(text, Long.MAX_VALUE);
        }
    }

    private static String formatSize(Number size) {
        long bytes = size.longValue();
        for (int unit = 3; unit > 0; unit--) {
            long multiple = bytes >> 10 * unit;
            if (multiple > 0 && multiple << 10 * unit == bytes) {
                return multiple + String.valueOf("kmg".charAt(unit - 1));
            }
        }
        return String.valueOf(bytes);
    }

    private static Duration parseDuration(String text) {
        Matcher matcher = DURATION_SYNTAX.matcher(text);
        if (!matcher.matches()) {
            throw new TypeConversionException("'" + text + "' is not a time, such as 500ms, 20s, 2m, 1h or 7d");
        }
        long number = parseNumber(text, matcher.group(1));
        try {
            return switch (matcher.group(2).toLowerCase(Locale.ROOT)) {
                case "ms" -> Duration.ofMillis(number);
                case "s" -> Duration.ofSeconds(number);
                case "m" -> Duration.ofMinutes(number);
                case "h" -> Duration.ofHours(number);
                default -> Duration.ofDays(number);
            };
        } catch (ArithmeticException e) {
            throw new TypeConversionException("'" + text + "' is too long");
        }
    }

    private static String formatDuration(Duration duration) {
        if (duration.toNanosPart() % 1_000_000 != 0) {
            return duration.toString();
        } else if (duration.toMillisPart() != 0) {
            return duration.toMillis() + "ms";
        } else if (duration.toSecondsPart() != 0 || duration.isZero()) {
            return duration.toSeconds() + "s";
        } else if (duration.toMinutesPart() != 0) {
            return duration.toMinutes() + "m";
        } else if (duration.toHoursPart() != 0) {
            return duration.toHours() + "h";
        }
        return duration.toDays() + "d";
    }

    private static int toInt(String text, long number) {
        if (number != (int) number) {
            throw tooLarge(text, Integer.MAX_VALUE);
        }
        return (int) number;
    }

    private static long parseNumber(String text, String digits) {
        try {
            return Long.parseLong(digits);
        } catch (NumberFormatException e) {
            throw digits.matches("[0-9]+")
                    ? tooLarge(text, Long.MAX_VALUE)
                    : new TypeConversionException("'" + text + "' is not a number");
        }
    }

    private static TypeConversionException tooLarge(String text, long most) {
        return new TypeConversionException("'" + text + "' is not within 0 to " + most);
    }
}
