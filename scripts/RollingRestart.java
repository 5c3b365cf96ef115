import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.Message;
import dev.weft.WebSocketConnection;
import dev.weft.client.ReconnectEvent;
import dev.weft.client.ReconnectingClient;
import dev.weft.client.WebSocketClient;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/**
 * Restarts two servers behind HAProxy one after the other, as processes of their own, under many reconnecting clients.
 * scripts/rolling-restart runs it from this source.
 *
 * <p>Arguments: the program of the servers, HAProxy, the limit of descriptors of a process, the number of clients, and the
 * seconds over which a drain closes the connections. Exits with 0 if no client was refused.
 */
final class RollingRestart {
    private static final Duration PATIENCE = Duration.ofSeconds(120);
    /** Longer than HAProxy needs to notice a drain: three checks. */
    private static final int NOTICE_SECONDS = 5;
    private static final int NEWCOMER_PAUSE_MILLIS = 10;
    private static final int BATCH = 200;
    private static final int DESCRIPTORS_TO_SPARE = 3000;
    private static final int BAR_WIDTH = 60;
    private static final String HAPROXY = """
            global
                maxconn %1$d
                stats socket %2$s mode 600
            defaults
                mode http
                timeout connect 5s
                timeout client 30s
                timeout server 30s
                timeout tunnel 60s
                timeout check 5s
                retries 3
                option redispatch
            frontend chat
                bind 127.0.0.1:%3$d backlog 4096
                default_backend weft
            backend weft
                balance leastconn
                option httpchk GET /readyz
                server one 127.0.0.1:%4$d check inter 500ms fall 3 rise 1
                server two 127.0.0.1:%5$d check inter 500ms fall 3 rise 1
            """;

    private final Path folder;
    private final String launcher;
    private final int clients;
    private final int spread;
    private final List<Proxy> proxies = new ArrayList<>();
    private final AtomicInteger connected = new AtomicInteger();
    private final AtomicInteger newcomers = new AtomicInteger();
    private final Queue<Gap> gaps = new ConcurrentLinkedQueue<>();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private volatile boolean over;

    /** The time without a connection that one client has seen, until its first message came back. */
    private record Gap(long end, Duration length) {}

    /** A HAProxy that runs. The path is that of its statistics. */
    private record Proxy(Process process, URI uri, Path statistics) {}

    private RollingRestart(Path folder, String launcher, int clients, int spread) {
        this.folder = folder;
        this.launcher = launcher;
        this.clients = clients;
        this.spread = spread;
    }

    public static void main(String[] arguments) throws Exception {
        RollingRestart run = new RollingRestart(Files.createTempDirectory("weft-restart"), arguments[0],
                Integer.parseInt(arguments[3]), Integer.parseInt(arguments[4]));
        System.exit(run.run(arguments[1], arguments[2]) ? 0 : 1);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private boolean run(String haproxy, String descriptors) throws Exception {
        int one = freePort();
        int two = freePort();
        List<ReconnectingClient> all = new ArrayList<>();
        try (WebSocketClient client = WebSocketClient.builder().build()) {
            start("one", one);
            start("two", two);
            // Two for each client, and some to spare.
            long needed = 2L * clients + DESCRIPTORS_TO_SPARE;
            long most = descriptors.equals("unlimited") ? needed : Long.parseLong(descriptors);
            int count = (int) Math.ceilDiv(needed, most);
            for (int i = 0; i < count; i++) {
                proxies.add(startProxy(haproxy, (clients + DESCRIPTORS_TO_SPARE / 4) / count, one, two));
            }
            await("HAProxy has checked both servers", () -> isUp("one") && isUp("two"));
            connect(client, all);
            Thread newcomer = Thread.ofPlatform().name("newcomers").start(() -> keepConnecting(client));
            try {
                restart("one", one);
                restart("two", two);
            } catch (IllegalStateException e) {
                failures.add(e.getMessage() + ": " + connected.get() + " clients are connected, " + shares());
            }
            over = true;
            newcomer.join();
            return report();
        } finally {
            over = true;
            all.forEach(ReconnectingClient::close);
            command("one", "stop");
            command("two", "stop");
            proxies.forEach(proxy -> proxy.process().destroy());
        }
    }

    private Proxy startProxy(String haproxy, int maxConnections, int one, int two) throws IOException {
        String name = "haproxy-" + proxies.size();
        int port = freePort();
        Path statistics = folder.resolve(name + ".sock");
        Path configuration = Files.writeString(folder.resolve(name + ".cfg"),
                HAPROXY.formatted(maxConnections, statistics, port, one, two));
        Process process = new ProcessBuilder(haproxy, "-db", "-f", configuration.toString()).redirectErrorStream(true)
                .redirectOutput(folder.resolve(name + ".log").toFile()).start();
        return new Proxy(process, URI.create("ws://127.0.0.1:" + port + "/"), statistics);
    }

    /** Clients share the proxies equally. */
    private URI uri(int client) {
        return proxies.get(client % proxies.size()).uri();
    }

    /** Does not open all connections at once: a flood of handshakes is not what is measured. */
    private void connect(WebSocketClient client, List<ReconnectingClient> all) throws InterruptedException {
        long start = System.nanoTime();
        while (all.size() < clients) {
            for (int i = 0; i < BATCH && all.size() < clients; i++) {
                Client each = new Client();
                all.add(ReconnectingClient.builder(client, uri(all.size())).listener(each::note).start(each::serve));
            }
            int begun = all.size();
            await(begun + " clients are connected", () -> connected.get() >= begun);
        }
        System.out.printf("%d clients connected within %.1f s: %s%n", clients, seconds(System.nanoTime() - start),
                shares());
        gaps.clear();
    }

    /** What one client sees. The methods run on its thread. */
    private final class Client {
        private long lostAt = System.nanoTime();
        private boolean served;

        void note(ReconnectEvent event) {
            if (over) {
                return;
            }
            switch (event) {
                case ReconnectEvent.Disconnected end -> {
                    if (served) {
                        connected.decrementAndGet();
                        lostAt = System.nanoTime();
                        served = false;
                    }
                    if (!end.status().clean()) {
                        failures.add("lost: " + end.status());
                    }
                }
                case ReconnectEvent.AttemptFailed failed -> failures.add("refused: " + failed.failure());
                case ReconnectEvent.Connected now -> {
                    // Not yet served.
                }
                case ReconnectEvent.Stopped end -> failures.add("a client has stopped");
            }
        }

        void serve(WebSocketConnection connection) throws IOException, InterruptedException {
            connection.send("are you there?");
            if (connection.receive() instanceof Message.Text) {
                long now = System.nanoTime();
                gaps.add(new Gap(now, Duration.ofNanos(now - lostAt)));
                served = true;
                connected.incrementAndGet();
                connection.awaitClose();
            }
        }
    }

    /** New clients, one after the other: each must be served. */
    private void keepConnecting(WebSocketClient client) {
        while (!over) {
            try (WebSocketConnection connection = client.open(uri(newcomers.get()))) {
                connection.send("new");
                if (connection.receive() instanceof Message.Text(String text) && text.equals("new")) {
                    newcomers.incrementAndGet();
                } else {
                    failures.add("a new client was closed before its message came back");
                }
                Thread.sleep(NEWCOMER_PAUSE_MILLIS);
            } catch (IOException e) {
                failures.add("a new client: " + e);
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void start(String name, int port) throws IOException, InterruptedException {
        int status = command(name, "--daemon", "--port", Integer.toString(port), "--readiness", "/readyz",
                "--drain-notice", NOTICE_SECONDS + "s", "--drain-spread", spread + "s", "--max-connections",
                Integer.toString(2 * clients + 1000));
        if (status != 0) {
            throw new IOException("server " + name + " has not started; see " + folder);
        }
    }

    private int command(String name, String... arguments) throws IOException, InterruptedException {
        ProcessBuilder builder = command(name, List.of(arguments));
        return builder.redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve(name + ".commands").toFile())).start()
                .waitFor();
    }

    private ProcessBuilder command(String name, List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(launcher));
        command.addAll(arguments);
        command.addAll(List.of("--pid-file", folder.resolve(name + ".pid").toString()));
        ProcessBuilder builder = new ProcessBuilder(command).redirectInput(new File("/dev/null"));
        builder.environment().keySet().removeIf(each -> each.startsWith("WEFT_") && !each.equals("WEFT_JAVA_OPTS"));
        return builder;
    }

    private int connections(String name) throws IOException, InterruptedException {
        Process status = command(name, List.of("status")).redirectErrorStream(true).start();
        String text = new String(status.getInputStream().readAllBytes(), UTF_8);
        status.waitFor();
        return text.lines().filter(line -> line.startsWith("connections: "))
                .map(line -> Integer.parseInt(line.substring("connections: ".length()))).findFirst()
                .orElseThrow(() -> new IOException("status of " + name + ": " + text));
    }

    /** As an operator does: drain, wait until nobody is left, stop, start. */
    private void restart(String name, int port) throws IOException, InterruptedException {
        gaps.clear();
        int before = connections(name);
        long start = System.nanoTime();
        if (command(name, "drain", "--wait", PATIENCE.toSeconds() + "s") != 0) {
            throw new IllegalStateException("server " + name + " was not drained; see " + folder);
        }
        double drained = seconds(System.nanoTime() - start);
        command(name, "stop");
        start(name, port);
        await("HAProxy has checked the new server", () -> isUp(name));
        await("every client is connected", () -> connected.get() == clients);
        System.out.printf("%nserver %s: %d connections, drained in %.1f s, and back in service after %.1f s: %s%n", name,
                before, drained, seconds(System.nanoTime() - start), shares());
        show(start);
    }

    private void show(long start) {
        List<Gap> all = List.copyOf(gaps);
        List<Duration> lengths = all.stream().map(Gap::length).sorted().toList();
        if (lengths.isEmpty()) {
            return;
        }
        System.out.printf("%d reconnects, after a gap of %d ms (median), %d ms (p99), %d ms (max)%n", all.size(),
                lengths.get(lengths.size() / 2).toMillis(), lengths.get(lengths.size() * 99 / 100).toMillis(),
                lengths.getLast().toMillis());
        TreeMap<Long, Long> perSecond = new TreeMap<>(all.stream().collect(Collectors.groupingBy(
                gap -> TimeUnit.NANOSECONDS.toSeconds(gap.end() - start), Collectors.counting())));
        long most = perSecond.values().stream().mapToLong(Long::longValue).max().orElseThrow();
        for (long second = perSecond.firstKey(); second <= perSecond.lastKey(); second++) {
            long count = perSecond.getOrDefault(second, 0L);
            System.out.printf("%4d s %6d %s%n", second, count,
                    "#".repeat((int) Math.ceilDiv(count * BAR_WIDTH, most)));
        }
    }

    private boolean report() {
        System.out.printf("%n%d new clients were served meanwhile, one after the other%n", newcomers.get());
        if (!proxies.stream().allMatch(proxy -> proxy.process().isAlive())) {
            failures.add("HAProxy has ended; see " + folder);
        }
        Map<String, Long> kinds = failures.stream()
                .collect(Collectors.groupingBy(text -> text, TreeMap::new, Collectors.counting()));
        System.out.println(kinds.isEmpty() ? "no client was refused, and no connection lost"
                : "failures: " + failures.size());
        kinds.forEach((text, count) -> System.out.println("  " + count + " × " + text));
        return kinds.isEmpty();
    }

    private String shares() {
        try {
            return connections("one") + " on server one, " + connections("two") + " on server two";
        } catch (IOException e) {
            return e.getMessage();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Whether each proxy sends new clients to this server. */
    private boolean isUp(String name) {
        return proxies.stream().map(RollingRestart::statistics)
                .allMatch(text -> text.lines().anyMatch(line -> line.matches("weft," + name + ",.*,UP,.*")));
    }

    private static String statistics(Proxy proxy) {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(proxy.statistics()))) {
            channel.write(UTF_8.encode("show stat\n"));
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            Channels.newInputStream(channel).transferTo(answer);
            return answer.toString(UTF_8);
        } catch (IOException e) {
            return ""; // it has not started yet
        }
    }

    private static void await(String what, BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("not within " + PATIENCE.toSeconds() + " s: " + what);
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    private static double seconds(long nanos) {
        return nanos / (double) TimeUnit.SECONDS.toNanos(1);
    }
}
