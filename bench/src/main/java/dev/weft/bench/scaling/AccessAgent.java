package dev.weft.bench.scaling;

import java.io.IOException;
import java.io.InputStream;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.lang.instrument.UnmodifiableClassException;
import java.security.ProtectionDomain;

/** A JVM agent that weaves Weft's classes, and the JDK's classes that share memory between threads. */
public final class AccessAgent implements ClassFileTransformer {
    private static final String OURS = "dev/weft/";
    private static final String NOT_OURS = "dev/weft/bench/";
    private static final String[] OF_THE_JDK = {"java/util/concurrent/", "sun/nio/ch/", "java/nio/channels/",
            "java/nio/Buffer", "java/nio/ByteBuffer", "java/nio/HeapByteBuffer", "java/nio/DirectByteBuffer",
            "java/lang/VirtualThread", "java/lang/BaseVirtualThread", "java/lang/ThreadBuilders",
            "java/lang/Thread$ThreadIdentifiers", "jdk/internal/vm/ThreadContainer", "jdk/internal/vm/SharedThread",
            "jdk/internal/ref/", "java/util/HashMap", "java/util/HashSet", "java/util/Collections", "java/net/",
            "java/io/FileDescriptor"};

    private final FinalFields finals = new FinalFields();

    private AccessAgent() {}

    /** Called by the JVM before the program. */
    public static void premain(String arguments, Instrumentation instrumentation)
            throws UnmodifiableClassException, IOException {
        // Must be done before the JDK's code calls it.
        Accesses.counting(false);
        AccessAgent agent = new AccessAgent();
        agent.loadWhatWeavingNeeds();
        instrumentation.addTransformer(agent, true);
        for (Class<?> loaded : instrumentation.getAllLoadedClasses()) {
            String name = loaded.getName().replace('.', '/');
            if (instrumentation.isModifiableClass(loaded) && !loaded.isHidden() && isOfTheJdk(name)) {
                instrumentation.retransformClasses(loaded);
            }
        }
    }

    /**
     * Weaves a class in advance: a class that weaving needs must not be loaded while another class that it needs is being
     * woven.
     */
    private void loadWhatWeavingNeeds() throws IOException {
        for (String name : new String[]{"java/util/concurrent/ConcurrentHashMap",
                "java/util/concurrent/locks/LockSupport"}) {
            try (InputStream file = ClassLoader.getSystemResourceAsStream(name + ".class")) {
                Weaver.weave(file.readAllBytes(), finals, true);
            }
        }
    }

    // No stream or lambda, because these load classes.
    private static boolean isOfTheJdk(String name) {
        for (String each : OF_THE_JDK) {
            if (name.startsWith(each)) {
                return true;
            }
        }
        return false;
    }

    @Override
    public byte[] transform(ClassLoader loader, String name, Class<?> loaded, ProtectionDomain domain,
            byte[] classFile) {
        if (name == null) {
            return null;
        }
        boolean ours = name.startsWith(OURS) && !name.startsWith(NOT_OURS);
        if (!ours && !isOfTheJdk(name)) {
            return null;
        }
        try {
            return Weaver.weave(classFile, finals, ours);
        } catch (RuntimeException e) {
            System.err.println(name + " is not woven: " + e);
            return null;
        }
    }
}
