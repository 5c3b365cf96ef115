package dev.weft.bench.scaling;

import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.FieldVisitor;
import org.objectweb.asm.Opcodes;

/** Knows which fields are final, from the class files. Thread-safe. */
final class FinalFields {
    private record Type(Set<String> all, Set<String> finals, String superName) {}

    private final Map<String, Type> types = new ConcurrentHashMap<>();

    /** Whether the named field is final, in that class or in the class that it is inherited from. */
    boolean contains(String owner, String name) {
        for (String at = owner; at != null;) {
            Type type = types.computeIfAbsent(at, FinalFields::read);
            if (type.all.contains(name)) {
                return type.finals.contains(name);
            }
            at = type.superName;
        }
        return false;
    }

    private static Type read(String owner) {
        Set<String> all = new HashSet<>();
        Set<String> finals = new HashSet<>();
        try (InputStream file = ClassLoader.getSystemResourceAsStream(owner + ".class")) {
            if (file == null) {
                return new Type(all, finals, null);
            }
            ClassReader reader = new ClassReader(file);
            reader.accept(new ClassVisitor(Opcodes.ASM9) {
                @Override
                public FieldVisitor visitField(int access, String name, String type, String signature, Object value) {
                    all.add(name);
                    if ((access & Opcodes.ACC_FINAL) != 0) {
                        finals.add(name);
                    }
                    return null;
                }
            }, ClassReader.SKIP_CODE);
            return new Type(all, finals, reader.getSuperName());
        } catch (IOException e) {
            return new Type(all, finals, null);
        }
    }
}
