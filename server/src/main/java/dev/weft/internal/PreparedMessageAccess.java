package dev.weft.internal;

import dev.weft.parser.deflate.SharedMessage;
import java.util.function.Function;

/**
 * Gives connections access to the private data of a prepared message. That class registers the accessor itself, when it is
 * first used.
 */
public final class PreparedMessageAccess {
    private static volatile Function<Object, SharedMessage> access;

    private PreparedMessageAccess() {}

    /** Sets the function that {@link #of} uses. */
    public static void set(Function<Object, SharedMessage> function) {
        access = function;
    }

    /** The bytes of a prepared message, shared by all its connections. */
    public static SharedMessage of(Object preparedMessage) {
        return access.apply(preparedMessage);
    }
}
