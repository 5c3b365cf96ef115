package dev.weft.internal.transport;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The release of Linux, such as {@code 6.1.0-18-amd64}. */
final class LinuxRelease {
    private static final Pattern NUMBERS = Pattern.compile("(\\d+)\\.(\\d+).*");

    private LinuxRelease() {}

    /** Whether a release is at least this one; false if it has no numbers. */
    static boolean isAtLeast(int major, int minor, String release) {
        Matcher numbers = NUMBERS.matcher(release);
        if (!numbers.matches()) {
            return false;
        }
        int first = Integer.parseInt(numbers.group(1));
        return first > major || first == major && Integer.parseInt(numbers.group(2)) >= minor;
    }
}
