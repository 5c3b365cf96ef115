package dev.weft.internal;

import dev.weft.parser.deflate.SharedMessage;
import java.util.function.Function;

/** How connections get what a prepared message keeps private; that class says so itself, when it is first used. */
public final class PreparedMessageAccess {
    private static volatile Function<Object, SharedMessage> access;

    private PreparedMessageAccess() {}

    /** Sets what {@link #of} uses. */
    public static void set(Function<Object, SharedMessage> function) {
        access = function;
    }

    /** The bytes of a prepared message, shared by all its connections. */
    public static SharedMessage of(Object preparedMessage) {
        return access.apply(preparedMessage);
    }
}
