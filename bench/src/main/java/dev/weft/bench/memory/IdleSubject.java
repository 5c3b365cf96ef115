package dev.weft.bench.memory;

import dev.weft.bench.peers.Peers;
import java.util.ArrayList;
import java.util.List;

/**
 * A program whose idle connections are counted.
 *
 * @param name      the name in the report
 * @param isWeft    whether the report shows its classes
 * @param main      the class to start
 * @param arguments its arguments
 * @param options   JVM options in addition to those for the heap
 * @param compact   whether object headers are compact
 * @param deflate   whether permessage-deflate is negotiated and used
 * @param tls       whether it uses TLS; then its last argument is a key store
 */
record IdleSubject(String name, boolean isWeft, String main, List<String> arguments, List<String> options,
        boolean compact, boolean deflate, boolean tls) {
    private static final int HAS_COMPACT_HEADERS = 25;
    private static final List<Peers> QUICK_PEERS = List.of(Peers.FLOOR, Peers.NETTY_EPOLL, Peers.JAVA_WEBSOCKET);
    private static final String COMPACT_HEADERS = "-XX:+UseCompactObjectHeaders";

    /** All subjects measured over loopback. Weft first, because slow peers must not use up its time. */
    static List<IdleSubject> all(boolean quick) {
        boolean compact = hasCompactHeaders();
        List<IdleSubject> subjects = new ArrayList<>();
        subjects.add(weft("LOOPS", compact, false, false));
        subjects.add(weft("LOOPS", compact, true, false));
        if (!quick) {
            subjects.add(weft("LOOPS", compact, false, true));
            subjects.add(weft("PARKING", compact, false, false));
            subjects.add(weft("BLOCKING", compact, false, false));
            if (compact) {
                subjects.add(weft("LOOPS", false, false, false));
                subjects.add(weft("LOOPS", false, true, false));
            }
        }
        for (Peers peer : quick ? QUICK_PEERS : List.of(Peers.values())) {
            if (!Peers.OURS.contains(peer)) {
                subjects.add(new IdleSubject(peer.subject(), false, peer.main().getName(), List.of(),
                        peer.jvmOptions(), compact, false, false));
            }
        }
        return subjects;
    }

    /** A program with both ends of its connections in one process. */
    static IdleSubject inMemory(boolean compact, boolean pairs, int connections) {
        return new IdleSubject(pairs ? "in-memory transport alone (baseline)" : "Weft", !pairs,
                InMemoryConnections.class.getName(),
                List.of(Integer.toString(connections), pairs ? "pairs" : "echo"), List.of(), compact, false, false);
    }

    static boolean hasCompactHeaders() {
        return Runtime.version().feature() >= HAS_COMPACT_HEADERS;
    }

    private static IdleSubject weft(String transport, boolean compact, boolean deflate, boolean tls) {
        Peers peer = switch (transport) {
            case "LOOPS" -> Peers.WEFT;
            case "PARKING" -> Peers.WEFT_PARKING;
            default -> Peers.WEFT_BLOCKING;
        };
        return new IdleSubject(peer.subject(), true, IdleEcho.class.getName(),
                List.of(transport, deflate ? "deflate" : "plain"), peer.jvmOptions(), compact, deflate, tls);
    }

    /** The options of its JVM. */
    List<String> jvmOptions(List<String> heap) {
        List<String> all = new ArrayList<>(heap);
        all.addAll(options);
        if (compact) {
            all.add(COMPACT_HEADERS);
        }
        return all;
    }

    /** The setting that distinguishes this run of the program from its other runs. */
    String setting() {
        return (compact ? "compact" : "ordinary") + " object headers, "
                + (deflate ? "permessage-deflate in use" : "no deflate") + (tls ? ", TLS" : "");
    }
}
