package dev.weft.internal;

import java.time.Duration;
import java.util.Objects;

/** Checks the values of settings. Each exception names the setting, its value and its bounds. */
public final class Bounds {
    private Bounds() {}

    /** Refuses a number outside its bounds, which are inclusive. */
    public static void check(String setting, long value, long least, long most) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(setting + " " + value + " is not within " + least + " to " + most);
        }
    }

    /** Refuses a duration outside its bounds, which are inclusive. */
    public static void check(String setting, Duration value, Duration least, Duration most) {
        if (Objects.requireNonNull(value, setting).compareTo(least) < 0 || value.compareTo(most) > 0) {
            throw new IllegalArgumentException(setting + " " + value + " is not within " + least + " to " + most);
        }
    }
}
