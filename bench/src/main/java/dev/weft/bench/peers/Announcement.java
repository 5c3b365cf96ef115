package dev.weft.bench.peers;

import java.io.IOException;
import java.io.OutputStream;

/** How every peer starts and ends, so that one program can run all of them. */
public final class Announcement {
    /** The message size that every peer must accept. */
    public static final int MAX_MESSAGE = 16 << 20;
    /**
     * On connections with this path, each message is sent to all of them; on any other path it is sent back to its sender only.
     */
    public static final String BROADCAST_PATH = "/broadcast";
    /** Enough that no burst of handshakes has to wait for a retransmission. */
    public static final int BACKLOG = 1024;

    /** Whether a peer compresses messages, each by itself, for clients that offer it: a property of its JVM. */
    public static final boolean DEFLATES = Boolean.getBoolean("weft.bench.deflate");

    private Announcement() {}

    /** The port that the arguments ask for, 0 (the system chooses) if they are empty. */
    public static int port(String[] args) {
        return args.length > 0 ? Integer.parseInt(args[0]) : 0;
    }

    /**
     * Prints the peer's port, and waits. Without arguments, it waits until the standard input ends and then ends the process,
     * so that no peer outlives the program that started it. With a port, which a user passed, it waits forever.
     */
    public static void listening(int port, String[] args) throws IOException, InterruptedException {
        System.out.println("listening " + port);
        if (args.length == 0) {
            System.in.transferTo(OutputStream.nullOutputStream());
            // Not exit(): some peers' shutdown hooks wait for their connections.
            Runtime.getRuntime().halt(0);
        }
        Thread.currentThread().join();
    }
}
