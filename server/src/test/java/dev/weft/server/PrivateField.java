package dev.weft.server;

import java.lang.reflect.Field;

/** Reads and replaces private fields of classes in other packages, for faults that no method can cause. */
public final class PrivateField {
    private PrivateField() {}

    /** What the field of this name has. */
    public static Object get(Object object, String name) throws ReflectiveOperationException {
        return field(object, name).get(object);
    }

    /** Replaces what the field of this name has, even if it is final. */
    public static void set(Object object, String name, Object value) throws ReflectiveOperationException {
        field(object, name).set(object, value);
    }

    private static Field field(Object object, String name) throws ReflectiveOperationException {
        Field field = object.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return field;
    }
}
