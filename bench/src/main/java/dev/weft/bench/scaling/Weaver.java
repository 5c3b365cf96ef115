package dev.weft.bench.scaling;

import dev.weft.bench.scaling.Sites.Kind;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import org.objectweb.asm.tree.AbstractInsnNode;
import org.objectweb.asm.tree.ClassNode;
import org.objectweb.asm.tree.FieldInsnNode;
import org.objectweb.asm.tree.InsnList;
import org.objectweb.asm.tree.InsnNode;
import org.objectweb.asm.tree.LdcInsnNode;
import org.objectweb.asm.tree.MethodInsnNode;
import org.objectweb.asm.tree.MethodNode;
import org.objectweb.asm.tree.VarInsnNode;

/**
 * Inserts a call of {@link Accesses} before every instruction of a class that reads or writes a field that is not final or an
 * element of an array of references, every operation of a {@code VarHandle} or of the JDK's {@code Unsafe}, and everything that
 * takes a monitor. A constructor's writes to its own object are left out, because no other thread can see them yet. Accesses to
 * elements of byte arrays are left out too, except those that read or write several elements at a time.
 * <p>
 * In woven code, the watchdog never sees a loop in a turn. So no loop is taken over, and each thread stands for one loop.
 */
final class Weaver {
    private static final String ACCESSES = "dev/weft/bench/scaling/Accesses";
    private static final String LOOP = "dev/weft/internal/loop/Loop";
    private static final String IS_IN_TURN = "isInTurn";
    private static final String VAR_HANDLE = "java/lang/invoke/VarHandle";
    private static final String UNSAFE = "jdk/internal/misc/Unsafe";

    private final ClassNode type;
    private final FinalFields finals;
    private final boolean ours;
    private MethodNode method;

    private Weaver(ClassNode type, FinalFields finals, boolean ours) {
        this.type = type;
        this.finals = finals;
        this.ours = ours;
    }

    /**
     * The class with the calls.
     *
     * @param ours whether JDK objects whose methods the class calls count as its own
     */
    static byte[] weave(byte[] classFile, FinalFields finals, boolean ours) {
        ClassNode type = new ClassNode();
        new ClassReader(classFile).accept(type, 0);
        Weaver weaver = new Weaver(type, finals, ours);
        for (MethodNode method : type.methods) {
            if (type.name.equals(LOOP) && method.name.equals(IS_IN_TURN)) {
                returnFalse(method);
            } else if (method.instructions.size() > 0) {
                weaver.weave(method);
            }
        }
        ClassWriter writer = new ClassWriter(ClassWriter.COMPUTE_MAXS);
        type.accept(writer);
        return writer.toByteArray();
    }

    private static void returnFalse(MethodNode method) {
        method.instructions.clear();
        method.tryCatchBlocks.clear();
        method.instructions.add(new InsnNode(Opcodes.ICONST_0));
        method.instructions.add(new InsnNode(Opcodes.IRETURN));
    }

    private void weave(MethodNode woven) {
        method = woven;
        for (AbstractInsnNode each : woven.instructions.toArray()) {
            switch (each) {
                case FieldInsnNode field -> field(field);
                case MethodInsnNode call -> call(call);
                case InsnNode plain -> plain(plain);
                default -> {
                }
            }
        }
        if ((woven.access & Opcodes.ACC_SYNCHRONIZED) != 0) {
            InsnList before = new InsnList();
            before.add((woven.access & Opcodes.ACC_STATIC) != 0
                    ? new LdcInsnNode(Type.getObjectType(type.name))
                    : new VarInsnNode(Opcodes.ALOAD, 0));
            count(before, Kind.LOCK, "at", "(Ljava/lang/Object;I)V");
            woven.instructions.insert(before);
        }
    }

    private void field(FieldInsnNode field) {
        boolean isOwn = field.owner.equals(type.name);
        InsnList before = new InsnList();
        switch (field.getOpcode()) {
            case Opcodes.GETFIELD -> {
                if (!finals.contains(field.owner, field.name)) {
                    before.add(new InsnNode(Opcodes.DUP));
                    count(before, Kind.READ, "at", "(Ljava/lang/Object;I)V");
                }
            }
            case Opcodes.PUTFIELD -> {
                if (!isOwn || !method.name.equals("<init>")) {
                    Type value = Type.getType(field.desc);
                    store(before, value, method.maxLocals);
                    before.add(new InsnNode(Opcodes.DUP));
                    count(before, Kind.WRITE, "at", "(Ljava/lang/Object;I)V");
                    load(before, value, method.maxLocals);
                }
            }
            default -> {
                boolean reads = field.getOpcode() == Opcodes.GETSTATIC;
                if (!finals.contains(field.owner, field.name) && !method.name.equals("<clinit>")) {
                    before.add(new LdcInsnNode(Type.getObjectType(field.owner)));
                    count(before, reads ? Kind.READ : Kind.WRITE, "at", "(Ljava/lang/Object;I)V");
                }
            }
        }
        method.instructions.insertBefore(field, before);
    }

    private void plain(InsnNode plain) {
        InsnList before = new InsnList();
        switch (plain.getOpcode()) {
            case Opcodes.MONITORENTER -> {
                before.add(new InsnNode(Opcodes.DUP));
                count(before, Kind.LOCK, "at", "(Ljava/lang/Object;I)V");
            }
            case Opcodes.AALOAD -> {
                before.add(new InsnNode(Opcodes.DUP2));
                count(before, Kind.READ, "atIndex", "(Ljava/lang/Object;II)V");
            }
            case Opcodes.AASTORE -> {
                Type value = Type.getType(Object.class);
                store(before, value, method.maxLocals);
                before.add(new InsnNode(Opcodes.DUP2));
                count(before, Kind.WRITE, "atIndex", "(Ljava/lang/Object;II)V");
                load(before, value, method.maxLocals);
            }
            default -> {
            }
        }
        method.instructions.insertBefore(plain, before);
    }

    private void call(MethodInsnNode call) {
        Type[] arguments = Type.getArgumentTypes(call.desc);
        if (call.owner.equals(VAR_HANDLE)) {
            if (arguments.length > 0 && arguments[0].getSort() >= Type.ARRAY) {
                boolean inArray = arguments[0].getSort() == Type.ARRAY && arguments.length > 1
                        && arguments[1].getSort() == Type.INT;
                target(call, arguments, inArray ? 2 : 1, kind(call.name), inArray ? "atIndex" : "at");
            }
        } else if (call.owner.equals(UNSAFE)) {
            if (arguments.length > 1 && arguments[0].getSort() == Type.OBJECT && arguments[1].getSort() == Type.LONG
                    && !call.name.startsWith("copy")) {
                target(call, arguments, 2, kind(call.name), "atOffset");
            }
        } else if (ours && call.owner.startsWith("java/") && !call.owner.startsWith("java/lang/")
                && (call.getOpcode() == Opcodes.INVOKEVIRTUAL || call.getOpcode() == Opcodes.INVOKEINTERFACE)) {
            target(call, arguments, 0, Kind.OWNER, "at");
        }
    }

    private static Kind kind(String operation) {
        if (operation.startsWith("get") && !operation.startsWith("getAnd")) {
            return Kind.READ;
        }
        return operation.startsWith("set") || operation.startsWith("put") ? Kind.WRITE : Kind.ATOMIC;
    }

    /** Counts an access to the memory that the first arguments identify, or, without arguments, to the receiver. */
    private void target(MethodInsnNode call, Type[] arguments, int counted, Kind kind, String counter) {
        int[] locals = new int[arguments.length];
        int next = method.maxLocals;
        for (int i = 0; i < arguments.length; i++) {
            locals[i] = next;
            next += arguments[i].getSize();
        }
        InsnList before = new InsnList();
        for (int i = arguments.length - 1; i >= 0; i--) {
            store(before, arguments[i], locals[i]);
        }
        if (counted == 0) {
            before.add(new InsnNode(Opcodes.DUP));
        }
        StringBuilder descriptor = new StringBuilder("(Ljava/lang/Object;");
        for (int i = 0; i < counted; i++) {
            load(before, arguments[i], locals[i]);
            if (i > 0) {
                descriptor.append(arguments[i].getDescriptor());
            }
        }
        count(before, kind, counter, descriptor + "I)V");
        for (int i = 0; i < arguments.length; i++) {
            load(before, arguments[i], locals[i]);
        }
        method.instructions.insertBefore(call, before);
    }

    private void count(InsnList before, Kind kind, String counter, String descriptor) {
        before.add(new LdcInsnNode(Sites.add(kind, type.name.replace('/', '.'), method.name)));
        before.add(new MethodInsnNode(Opcodes.INVOKESTATIC, ACCESSES, counter, descriptor, false));
    }

    private static void store(InsnList before, Type value, int local) {
        before.add(new VarInsnNode(value.getOpcode(Opcodes.ISTORE), local));
    }

    private static void load(InsnList before, Type value, int local) {
        before.add(new VarInsnNode(value.getOpcode(Opcodes.ILOAD), local));
    }
}
