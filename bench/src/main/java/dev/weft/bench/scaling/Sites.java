package dev.weft.bench.scaling;

import java.util.ArrayList;
import java.util.List;

/** The numbered places in the code at which accesses are counted. Thread-safe. */
final class Sites {
    /** The kind of access at a place. */
    enum Kind {
        READ,
        /** A plain or volatile write. */
        WRITE,
        /** A compare-and-set or similar operation. */
        ATOMIC,
        /** Enters a monitor. */
        LOCK,
        /** Calls a method of the object, which is thus known to belong to the caller's class; no access by itself. */
        OWNER
    }

    /** One place: a class and a method. */
    record Site(Kind kind, String type, String method) {
        boolean writes() {
            return kind != Kind.READ && kind != Kind.OWNER;
        }
    }

    private static final int MOST = 1 << 16;
    /** Number 0 is not used. */
    private static final List<Site> ALL = new ArrayList<>(List.of(new Site(Kind.OWNER, "", "")));

    private Sites() {}

    static synchronized int add(Kind kind, String type, String method) {
        if (ALL.size() == MOST) {
            throw new IllegalStateException("more than " + MOST + " places");
        }
        ALL.add(new Site(kind, type, method));
        return ALL.size() - 1;
    }

    static synchronized Site get(int number) {
        return ALL.get(number);
    }
}
