package dev.weft.bench.memory;

import dev.weft.bench.LoopbackTls;
import dev.weft.bench.Run;
import dev.weft.bench.Suite;
import dev.weft.bench.memory.Footprint.Cost;
import dev.weft.bench.report.Measurement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import javax.net.ssl.SSLSocketFactory;

/** Measures what an idle connection costs a server. */
public final class MemorySuite implements Suite {
    private static final String NAME = "memory";
    private static final int[] SIZES = {1_000, 10_000, 19_000};
    private static final int[] QUICK_SIZES = {1_000, 5_000};
    private static final int MILLION = 1_000_000;
    private static final int QUICK_IN_MEMORY = 20_000;
    /** Enough that the methods on a waiting thread's stack are compiled: their frames are then much smaller. */
    private static final int WARM_UP_ROUNDS = 40;
    private static final int QUICK_WARM_UP_ROUNDS = 20;
    private static final int WARM_UP = 250;
    private static final int REMARKED_CLASSES = 12;
    /**
     * The time that one server may take; or the time of the slowest server so far, if that was longer, so that the last one
     * does not overrun.
     */
    private static final Duration ONE_SERVER = Duration.ofSeconds(45);
    private static final Duration ONE_SERVER_QUICK = Duration.ofSeconds(12);
    private static final Duration IN_MEMORY = Duration.ofSeconds(90);
    private static final Duration IN_MEMORY_QUICK = Duration.ofSeconds(8);
    private static final int IN_MEMORY_PATIENCE_SECONDS = 240;
    private static final List<String> SERVER_HEAP = List.of("-XX:+UseSerialGC", "-Xms1g", "-Xmx2g", "-Xmn64m");
    private static final List<String> LARGE_HEAP = List.of("-XX:+UseSerialGC", "-Xms6g", "-Xmx9g", "-Xmn64m");

    private Run run;
    private long started;
    private boolean kernelIsKnown;

    /** A suite that has not been run. */
    public MemorySuite() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public void run(Run given) throws IOException, InterruptedException {
        run = given;
        started = System.nanoTime();
        remarkMethod();
        inMemory();
        Duration slowest = run.quick() ? ONE_SERVER_QUICK : ONE_SERVER;
        for (IdleSubject subject : IdleSubject.all(run.quick())) {
            Duration before = remaining();
            if (before.compareTo(slowest) < 0) {
                run.remark("Left out, since time was up: " + subject.name() + ", " + subject.setting() + ".");
                continue;
            }
            try {
                loopback(subject);
            } catch (IOException e) {
                run.remark("Not measured, or not to the end: " + subject.name() + ", " + subject.setting() + ": "
                        + e.getMessage());
            }
            Duration took = before.minus(remaining());
            slowest = took.compareTo(slowest) > 0 ? took : slowest;
        }
    }

    private Duration remaining() {
        return run.budget().minusNanos(System.nanoTime() - started);
    }

    private void remarkMethod() {
        run.remark("Live heap: all classes of jcmd GC.class_histogram behind two collections, less the same before the "
                + "connections were opened and after a warm-up of "
                + (run.quick() ? QUICK_WARM_UP_ROUNDS : WARM_UP_ROUNDS)
                + " x " + WARM_UP + " connections; each connection has echoed. The same JVM options for all servers: "
                + String.join(" ", SERVER_HEAP)
                + "; the young generation is fixed, so that its growth is not counted as "
                + "connections.");
        run.remark(
                "RSS: from /proc/PID/smaps_rollup, minus the value before; it includes what the compiler and opening used, "
                        + "so it is coarse at 1,000 connections. RSS per further connection leaves out what the previous step "
                        + "had taken already.");
        run.remark(
                "A process here holds 20,000 descriptors: 19,000 connections is the most over loopback. 100,000 over "
                        + "several processes that share a port are not measured. The peers "
                        + "run without TLS and permessage-deflate, as in the echo suite.");
        if (!IdleSubject.hasCompactHeaders()) {
            run.remark("This JDK has no compact object headers: nothing is measured with them.");
        }
    }

    // ---- over loopback

    private void loopback(IdleSubject subject) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(subject.arguments());
        SSLSocketFactory sockets = null;
        if (subject.tls()) {
            Path keyStore = LoopbackTls.newKeyStore();
            arguments.add(keyStore.toString());
            sockets = clientSockets(keyStore);
        }
        try (ChildJvm server = new ChildJvm(subject.jvmOptions(SERVER_HEAP), subject.main(), arguments);
                IdleClient client = new IdleClient(server.port(), subject.deflate(), sockets)) {
            client.warmUp(run.quick() ? QUICK_WARM_UP_ROUNDS : WARM_UP_ROUNDS, WARM_UP);
            Footprint before = Footprint.rehearsed(server.pid());
            Footprint last = before;
            int lastSize = 0;
            for (int size : run.quick() ? QUICK_SIZES : SIZES) {
                if (remaining().isNegative()) {
                    throw new IOException("the suite's time is over");
                }
                client.open(size - lastSize);
                Footprint now = Footprint.of(server.pid());
                Cost cost = now.since(before, size);
                String scenario = scenario(size, "loopback", subject.setting());
                add(subject, scenario, cost);
                if (lastSize > 0) {
                    add(scenario, subject.name(), "RSS per further connection",
                            now.since(last, size - lastSize).rss());
                }
                kernel(size, cost);
                last = now;
                lastSize = size;
            }
            client.echo();
        }
    }

    private static SSLSocketFactory clientSockets(Path keyStore) throws IOException {
        try {
            return LoopbackTls.client(keyStore).getSocketFactory();
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    private static String scenario(int size, String transport, String setting) {
        return String.format(Locale.ROOT, "%,d idle connections, %s, %s", size, transport, setting);
    }

    private void add(IdleSubject subject, String scenario, Cost cost) throws IOException {
        add(scenario, subject.name(), "live heap per connection", cost.live());
        add(scenario, subject.name(), "RSS per connection", cost.rss());
        run.progress(String.format(Locale.ROOT, "%s, %s: %.0f bytes of live heap, %.0f of RSS each", scenario,
                subject.name(), cost.live(), cost.rss()));
        Files.writeString(run.raw((scenario + " " + subject.name()).replaceAll("[^A-Za-z0-9]+", "-") + ".txt"),
                cost.table());
        if (subject.isWeft()) {
            run.remark(subject.name() + ", " + scenario + ", live heap by class, bytes each: "
                    + classes(cost));
        }
    }

    private static String classes(Cost cost) {
        return cost.classes().entrySet().stream().limit(REMARKED_CLASSES)
                .map(entry -> String.format(Locale.ROOT, "%s %.0f", entry.getKey(), entry.getValue()))
                .collect(Collectors.joining(", ", "", "."));
    }

    /**
     * Measured for the first server only: the sockets are alike, and memory that the kernel frees late would distort the later
     * figures.
     */
    private void kernel(int size, Cost cost) {
        if (kernelIsKnown) {
            return;
        }
        kernelIsKnown = size == (run.quick() ? QUICK_SIZES : SIZES)[run.quick()
                ? QUICK_SIZES.length - 1
                : SIZES.length - 1];
        add(String.format(Locale.ROOT, "%,d idle connections, loopback, both ends", size),
                cost.wholeKernel() ? "kernel: buffers and objects" : "kernel: buffers alone",
                "kernel memory per connection", cost.kernel());
        if (kernelIsKnown) {
            run.remark("Kernel memory is in no other figure: the TCP pages of /proc/net/sockstat"
                    + (cost.wholeKernel()
                            ? " and the active sockets, files, directory entries and epoll items of /proc/slabinfo"
                            : "; /proc/slabinfo cannot be read")
                    + ", of the whole machine and for both ends, beside the first server; it is the same for all.");
        }
    }

    // ---- in memory

    private void inMemory() throws IOException, InterruptedException {
        int size = run.quick() ? QUICK_IN_MEMORY : MILLION;
        run.remark(
                "In memory there is neither socket nor opening handshake; each connection has its virtual thread, its "
                        + "place in a registry, its deadlines, a buffer of 128 bytes that a transport which can wait only "
                        + "inside a read needs, and both ends of the transport; the transports alone are a figure of their own.");
        List<Boolean> headers = new ArrayList<>(List.of(false));
        if (IdleSubject.hasCompactHeaders()) {
            headers.add(0, true);
        }
        if (run.quick()) {
            headers = headers.subList(0, 1);
        }
        for (boolean compact : headers) {
            if (remaining().compareTo(run.quick() ? IN_MEMORY_QUICK : IN_MEMORY) < 0) {
                run.remark("Left out, since time was up: connections in memory, "
                        + (compact ? "compact" : "ordinary") + " object headers.");
                continue;
            }
            for (boolean pairs : new boolean[]{true, false}) {
                try {
                    inMemory(IdleSubject.inMemory(compact, pairs, size), size);
                } catch (IOException e) {
                    run.remark("Not measured: connections in memory: " + e.getMessage());
                }
            }
        }
    }

    private void inMemory(IdleSubject subject, int size) throws IOException, InterruptedException {
        try (ChildJvm child = new ChildJvm(subject.jvmOptions(LARGE_HEAP), subject.main(), subject.arguments())) {
            child.await("ready", IN_MEMORY_PATIENCE_SECONDS);
            Footprint before = Footprint.rehearsed(child.pid());
            child.tell();
            child.await("open", IN_MEMORY_PATIENCE_SECONDS);
            Cost cost = Footprint.of(child.pid()).since(before, size);
            add(subject, scenario(size, "in memory", subject.setting()), cost);
        }
    }

    private void add(String scenario, String subject, String metric, double bytes) {
        run.add(new Measurement(NAME, scenario, subject, metric, "bytes", true, List.of(bytes)));
    }
}
