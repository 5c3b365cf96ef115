package dev.weft.server;

import java.lang.reflect.Field;

/** For faults that no method can cause: replaces what an object of another package keeps to itself. */
final class PrivateField {
    private PrivateField() {}

    static void set(Object object, String name, Object value) throws ReflectiveOperationException {
        Field field = object.getClass().getDeclaredField(name);
        field.setAccessible(true);
        field.set(object, value);
    }
}
