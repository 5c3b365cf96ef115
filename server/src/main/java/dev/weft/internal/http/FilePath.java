package dev.weft.internal.http;

import dev.weft.internal.PathPattern;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * The path of a request within a folder, decoded and checked segment by segment: no name in it can lead out of the folder, and
 * no file system treats it as anything but a name.
 *
 * @param names       the names of the folders and, unless the path is a folder's, of the file; none is empty
 * @param isOfAFolder whether the path ends with '/', or is empty
 */
public record FilePath(List<String> names, boolean isOfAFolder) {
    /** The maximum length of a name on most file systems. */
    private static final int LONGEST_NAME = 255;
    /** Path separators, and characters that are special in names on Windows; such names are rare elsewhere. */
    private static final String FORBIDDEN = "/\\:*?\"<>|";
    /** The names of Windows devices, which are reserved in every folder and with every extension. */
    private static final Set<String> DEVICES = Set.of("con", "prn", "aux", "nul", "conin$", "conout$", "clock$", "com0",
            "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "lpt0", "lpt1", "lpt2", "lpt3",
            "lpt4",
            "lpt5", "lpt6", "lpt7", "lpt8", "lpt9");

    /**
     * The path that a request names; empty if no file can have it.
     *
     * @param rest         the path after the folder's own path, as it is in the request, without the leading '/'
     * @param servesHidden whether names may begin with '.'
     */
    public static Optional<FilePath> of(String rest, boolean servesHidden) {
        List<String> segments;
        try {
            segments = PathPattern.segmentsOf("/" + rest);
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
        boolean isOfAFolder = segments.getLast().isEmpty();
        List<String> names = isOfAFolder ? segments.subList(0, segments.size() - 1) : segments;
        return names.stream().allMatch(name -> isName(name, servesHidden))
                ? Optional.of(new FilePath(List.copyOf(names), isOfAFolder))
                : Optional.empty();
    }

    private static boolean isName(String name, boolean servesHidden) {
        if (name.isEmpty() || name.length() > LONGEST_NAME || name.startsWith(".") && !servesHidden
                || name.equals(".") || name.equals("..")) {
            return false;
        }
        if (name.chars().anyMatch(c -> c < ' ' || c == 0x7f || FORBIDDEN.indexOf(c) >= 0)) {
            return false;
        }
        // Windows drops these characters, so "x.txt." would be "x.txt".
        if (name.endsWith(".") || name.endsWith(" ")) {
            return false;
        }
        int dot = name.indexOf('.');
        String stem = (dot < 0 ? name : name.substring(0, dot)).stripTrailing();
        return !DEVICES.contains(stem.toLowerCase(Locale.ROOT));
    }

    /** The names with '/' between them. */
    public String joined() {
        return String.join("/", names);
    }
}
