package dev.weft.server;

import java.util.List;

/** What a connection's thread does, as far as its stack shows. */
final class ThreadActivity {
    private static final List<String> JDK = List.of("java.", "javax.", "jdk.", "sun.", "com.sun.");
    /** Of these, an application calls the classes of the first; the others are never an application's. */
    private static final List<String> WEFT = List.of("dev.weft.internal.", "dev.weft.parser.", "dev.weft.server.");

    private ThreadActivity() {}

    /**
     * The line of the application that the thread executes, and what it has called there, such as {@code
     * Chat.serve(Chat.java:25) calls Connection.receive}; if it executes no code of the application, the method of Weft. Empty
     * if the thread does not run. Interrupts nothing: the thread is stopped for microseconds at most, if it runs at all.
     */
    static String of(Thread thread) {
        return of(thread.getStackTrace());
    }

    static String of(StackTraceElement[] stack) {
        for (int i = 0; i < stack.length; i++) {
            if (!isOf(JDK, stack[i]) && !isOf(WEFT, stack[i])) {
                String line = name(stack[i]) + place(stack[i]);
                return i == 0 ? line : line + " calls " + name(stack[i - 1]);
            }
        }
        for (StackTraceElement frame : stack) {
            if (isOf(WEFT, frame)) {
                return name(frame);
            }
        }
        return "";
    }

    private static boolean isOf(List<String> prefixes, StackTraceElement frame) {
        return prefixes.stream().anyMatch(frame.getClassName()::startsWith);
    }

    private static String name(StackTraceElement frame) {
        String type = frame.getClassName();
        return type.substring(type.lastIndexOf('.') + 1) + "." + frame.getMethodName();
    }

    private static String place(StackTraceElement frame) {
        return frame.getFileName() == null ? "" : "(" + frame.getFileName() + ":" + frame.getLineNumber() + ")";
    }
}
