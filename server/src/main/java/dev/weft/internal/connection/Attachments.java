package dev.weft.internal.connection;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What policies pass to the handler. In most cases that is one object, which is kept as it is; several, of different classes,
 * are kept in an object of this class. {@code null} if there is none.
 */
public final class Attachments {
    private final List<Object> all;

    private Attachments(List<Object> all) {
        this.all = List.copyOf(all);
    }

    /** The objects, in the order in which they were attached. */
    public static List<Object> list(Object kept) {
        return kept == null ? List.of() : kept instanceof Attachments several ? several.all : List.of(kept);
    }

    /** Adds an object, in place of one of the same class. Returns what is to be kept. */
    public static Object add(Object kept, Object added) {
        List<Object> all = new ArrayList<>(list(kept));
        all.removeIf(each -> each.getClass() == added.getClass());
        all.add(added);
        return all.size() == 1 ? added : new Attachments(all);
    }

    /** The object of this type that was attached last. */
    static <T> Optional<T> find(Object kept, Class<T> type) {
        for (Object each : list(kept).reversed()) {
            if (type.isInstance(each)) {
                return Optional.of(type.cast(each));
            }
        }
        return Optional.empty();
    }
}
