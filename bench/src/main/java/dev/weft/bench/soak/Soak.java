package dev.weft.bench.soak;

import dev.weft.bench.LoopbackTls;
import dev.weft.bench.peers.Peers;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import javax.net.ssl.SSLContext;

/**
 * Visits an echo server for minutes or hours with random messages, pauses and ends. Checks every byte that is returned, and
 * reports at the end whether anything was wrong or leaked. {@code scripts/soak --help} shows how to start it.
 */
public final class Soak {
    private static final String USAGE = """
            Usage: scripts/soak [OPTION...] [ws://HOST:PORT/PATH]

            Visits an echo server with random messages of 0 to 256 KiB, text and binary, fragmented, with pings among them;
            with pauses and slow reading; and with closing handshakes, resets and other ends. Checks every byte. Prints a line
            each minute, and at the end a verdict; the exit status is 1 if anything was wrong.
            Without a URL it starts scripts/echo's server itself, built first if its sources changed, and looks for leaks:
            connections, descriptors and live heap must come back to what they were after the first seconds.

              --minutes N       how long (10)
              --connections N   how many connections at a time (50)
              --pause MS        longest pause between two messages of a connection, in milliseconds (50)
              --handlers        visits a server of its own, or the one that a URL names, whose handlers sleep, compute, ping, send, try
                                to send, stream, abandon and close as ordered, beside what echo visits do; its options are
                                --transport=KIND and --tls; a wss URL needs a certificate that this JVM trusts
              --seed N          repeats what was done, if not when (random)
              --server OPTION   an option for the server, such as --transport=blocking; may be given several times
              --io-uring        the server's loops use io_uring
              --help            this text
            """;
    private static final int SECONDS_TO_WARM_UP = 10;
    private static final int SECONDS_TO_DRAIN = 60;
    /** Memory that the JVM may keep for itself in addition to its use at the start. */
    private static final long HEAP_SLACK = 4 << 20;
    private static final int DESCRIPTOR_SLACK = 4;
    private static final int SHOWN_FAILURES = 10;

    private int minutes = 10;
    private int connections = 50;
    private int pause = 50;
    private boolean handlers;
    private long seed = System.nanoTime();
    private URI address;
    private Path jars;
    private final List<String> serverOptions = new ArrayList<>();
    private final List<String> jvmOptions = new ArrayList<>();

    private final Counts counts = new Counts();

    private SSLContext tls;

    private Soak() {}

    /** Runs the soak test. The first argument is the folder of the server's jars, which {@code scripts/soak} adds. */
    public static void main(String[] arguments) throws Exception {
        Soak soak = new Soak();
        try {
            soak.parse(new ArrayDeque<>(List.of(arguments)));
        } catch (RuntimeException e) {
            System.err.println("soak: " + e.getMessage() + "; see --help");
            System.exit(2);
        }
        if (soak.jars == null) {
            System.out.print(USAGE);
            return;
        }
        boolean good;
        try (EchoServer server = soak.server()) {
            good = soak.run(server);
        }
        System.exit(good ? 0 : 1);
    }

    private EchoServer server() throws IOException, GeneralSecurityException, InterruptedException {
        if (address != null) {
            tls = SSLContext.getDefault();
            return EchoServer.at(address);
        }
        if (handlers && serverOptions.remove("--tls")) {
            Path keyStore = LoopbackTls.newKeyStore();
            tls = LoopbackTls.client(keyStore);
            serverOptions.add("--tls=" + keyStore);
        }
        return handlers
                ? EchoServer.startWithHandlers(jvmOptions, serverOptions)
                : EchoServer.start(jvmOptions, jars, serverOptions);
    }

    /** {@link #jars} is not needed if help is requested. */
    private void parse(Deque<String> arguments) {
        Path folder = Path.of(arguments.pop());
        while (!arguments.isEmpty()) {
            String argument = arguments.pop();
            switch (argument) {
                case "--help", "-h" -> {
                    return;
                }
                case "--minutes" -> minutes = number(argument, arguments, 1, 100_000);
                case "--connections" -> connections = number(argument, arguments, 1, 10_000);
                case "--pause" -> pause = number(argument, arguments, 0, 10_000);
                case "--handlers" -> handlers = true;
                case "--seed" -> seed = Long.parseLong(value(argument, arguments));
                case "--server" -> serverOptions.add(value(argument, arguments));
                case "--io-uring" -> jvmOptions.addAll(Peers.ringOptions());
                default -> {
                    address = URI.create(argument);
                    if (!"ws".equals(address.getScheme()) && !"wss".equals(address.getScheme())
                            || address.getPort() < 0) {
                        throw new IllegalArgumentException("neither an option nor ws://HOST:PORT/PATH: " + argument);
                    }
                }
            }
        }
        if (address != null && "wss".equals(address.getScheme()) && !handlers) {
            throw new IllegalArgumentException("echo visits know no TLS: wss needs --handlers");
        }
        jars = folder;
    }

    private static int number(String option, Deque<String> arguments, int least, int most) {
        String value = value(option, arguments);
        if (!value.matches("\\d{1,9}") || Integer.parseInt(value) < least || Integer.parseInt(value) > most) {
            throw new IllegalArgumentException(option + " needs a number from " + least + " to " + most);
        }
        return Integer.parseInt(value);
    }

    private static String value(String option, Deque<String> arguments) {
        if (arguments.isEmpty()) {
            throw new IllegalArgumentException(option + " needs a value");
        }
        return arguments.pop();
    }

    private boolean run(EchoServer server) throws IOException, InterruptedException {
        System.out.println("soak: " + server.address() + " for " + minutes + " min, " + connections
                + " connections, seed " + seed);
        Random seeds = new Random(seed);
        visit(server, seeds, SECONDS_TO_WARM_UP, 0);
        EchoServer.Holding before = drained(server);
        visit(server, seeds, 60 * minutes, 60);
        EchoServer.Holding after = drained(server);
        boolean leaked = false;
        if (server.isOurs()) {
            System.out.println("before: " + text(before));
            System.out.println("after:  " + text(after));
            leaked = after.connections() > 0 || after.descriptors() > before.descriptors() + DESCRIPTOR_SLACK
                    || after.liveHeap() > before.liveHeap() + HEAP_SLACK;
        }
        long failures = counts.failures.sum();
        System.out.println(failures == 0 && !leaked
                ? "soak: nothing was wrong" + (server.isOurs() ? ", nothing leaked" : "")
                : "soak: FAILED: " + failures + " connections went wrong" + (leaked ? ", and something leaked" : ""));
        return failures == 0 && !leaked;
    }

    /** Keeps this number of visits in progress for this time, and waits for each of them to end. */
    private void visit(EchoServer server, Random seeds, int seconds, int secondsBetweenLines)
            throws IOException, InterruptedException {
        long start = System.nanoTime();
        long until = start + seconds * 1_000_000_000L;
        List<Thread> visitors = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            Random own = new Random(seeds.nextLong());
            visitors.add(Thread.startVirtualThread(() -> visitAgainAndAgain(server, own, until)));
        }
        for (int line = 1; line * secondsBetweenLines <= seconds && secondsBetweenLines > 0; line++) {
            long next = start + line * secondsBetweenLines * 1_000_000_000L;
            Thread.sleep(Math.max(0, (next - System.nanoTime()) / 1_000_000));
            System.out.printf(
                    "minute %d: %,d messages, %,d MiB, %,d pongs, %,d connections made, %d replies late, %d wrong%s%n",
                    line,
                    counts.messages.sum(), counts.bytes.sum() >> 20, counts.pongs.sum(), counts.visits.sum(),
                    counts.lateReplies.sum(), counts.failures.sum(),
                    server.isOurs() ? "; server: " + text(server.look()) : "");
        }
        for (Thread visitor : visitors) {
            visitor.join();
        }
    }

    private void visitAgainAndAgain(EchoServer server, Random seeds, long until) {
        while (System.nanoTime() < until && server.isAlive()) {
            long visitSeed = seeds.nextLong();
            counts.visits.increment();
            try {
                boolean secure = "wss".equals(server.address().getScheme());
                if (handlers && (secure || visitSeed % 3 != 0)) {
                    new OrderedVisit(visitSeed, pause, counts).run(server.address(), tls, until);
                } else {
                    new SoakVisit(visitSeed, pause, counts).run(server.address(), until);
                }
            } catch (Exception e) {
                counts.failures.increment();
                if (counts.failures.sum() <= SHOWN_FAILURES) {
                    System.out.println("visit " + visitSeed + ": " + e.getMessage() + ": " + e.getCause());
                }
                pause();
            }
        }
        if (!server.isAlive()) {
            counts.failures.increment();
        }
    }

    /** Limits the rate of attempts against a server that refuses everything. */
    private static void pause() {
        try {
            Thread.sleep(100);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** What the server holds once all its connections have ended, or after a while even if they have not. */
    private static EchoServer.Holding drained(EchoServer server) throws IOException, InterruptedException {
        if (!server.isOurs()) {
            return null;
        }
        EchoServer.Holding holding = server.look();
        for (int i = 0; i < SECONDS_TO_DRAIN && holding.connections() > 0; i++) {
            Thread.sleep(1000);
            holding = server.look();
        }
        return holding;
    }

    private static String text(EchoServer.Holding holding) {
        return String.format("%d connections, RSS %.1f MiB, live heap %.2f MiB, %d threads, %d descriptors",
                holding.connections(), holding.rss() / 1048576.0, holding.liveHeap() / 1048576.0, holding.threads(),
                holding.descriptors());
    }
}
