package dev.weft.bench.echo;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Opens connections to a server in another process, has each echo one message, and tells what an idle one costs there:
 * live heap after a collection with its breakdown by class, and resident memory, less what the server took before.
 * <pre>
 * java -cp 'bench/target/weft-bench-0.1.0-SNAPSHOT.jar:bench/target/lib/*' dev.weft.bench.echo.IdleConnections \
 *     PORT SERVER_PID CONNECTIONS
 * </pre>
 * Kernel memory of the sockets is in neither figure. The server must be a JVM that {@code jcmd} of this JDK can ask.
 */
public final class IdleConnections {
    /** Enough that the server's code is compiled and its young generation is resident before the count begins. */
    private static final int WARM_UP_ROUNDS = 4;
    private static final int WARM_UP = 5_000;
    private static final int WARM_UP_ECHOES = 20;
    private static final int SHOWN_CLASSES = 15;
    /** A masked text frame "Hello" (RFC 6455 §5.7) and its echo. */
    private static final byte[] HELLO = {(byte) 0x81, (byte) 0x85, 0x37, (byte) 0xfa, 0x21, 0x3d, 0x7f, (byte) 0x9f,
            0x4d,
            0x51, 0x58};
    private static final int ECHO_LENGTH = 7;

    private IdleConnections() {}

    /** Measures once and prints a table. */
    public static void main(String[] args) throws IOException, InterruptedException {
        if (args.length != 3) {
            System.err.println("usage: IdleConnections PORT SERVER_PID CONNECTIONS");
            System.exit(2);
        }
        int port = Integer.parseInt(args[0]);
        String pid = args[1];
        int connections = Integer.parseInt(args[2]);
        List<SocketChannel> channels = new ArrayList<>();
        for (int round = 0; round < WARM_UP_ROUNDS; round++) {
            open(port, WARM_UP, channels);
            for (SocketChannel channel : channels) {
                for (int i = 0; i < WARM_UP_ECHOES; i++) {
                    echo(channel);
                }
                channel.close();
            }
            channels.clear();
        }
        Map<String, Long> before = liveOctets(pid);
        long rssBefore = rss(pid);
        open(port, connections, channels);
        for (SocketChannel channel : channels) {
            echo(channel);
        }
        Map<String, Long> after = liveOctets(pid);
        long rssAfter = rss(pid);
        System.out.printf("%d idle connections: %.0f octets of live heap and %.0f of RSS each%n", connections,
                (double) (total(after) - total(before)) / connections, (double) (rssAfter - rssBefore) / connections);
        after.replaceAll((name, octets) -> octets - before.getOrDefault(name, 0L));
        after.entrySet().stream().sorted(Map.Entry.comparingByValue(Comparator.reverseOrder())).limit(SHOWN_CLASSES)
                .forEach(entry -> System.out.printf("%8.1f  %s%n", (double) entry.getValue() / connections,
                        entry.getKey()));
        for (SocketChannel channel : channels) {
            channel.close();
        }
    }

    private static void open(int port, int connections, List<SocketChannel> channels) throws IOException {
        for (int i = 0; i < connections; i++) {
            SocketChannel channel = EchoLoad.Handshakes.open(port);
            channels.add(channel);
            echo(channel);
        }
    }

    private static void echo(SocketChannel channel) throws IOException {
        channel.write(ByteBuffer.wrap(HELLO));
        ByteBuffer reply = ByteBuffer.allocate(ECHO_LENGTH);
        while (reply.hasRemaining()) {
            if (channel.read(reply) < 0) {
                throw new IOException("the server ended a connection");
            }
        }
    }

    /** Live octets by class; asking for the histogram collects first. */
    private static Map<String, Long> liveOctets(String pid) throws IOException, InterruptedException {
        TimeUnit.SECONDS.sleep(1);
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(), pid,
                "GC.class_histogram").redirectErrorStream(true).start();
        Map<String, Long> octets = new HashMap<>();
        for (String line : new String(process.getInputStream().readAllBytes()).split("\n")) {
            String[] columns = line.trim().split("\\s+");
            if (columns.length >= 4 && columns[0].endsWith(":")) {
                octets.merge(columns[3], Long.parseLong(columns[2]), Long::sum);
            }
        }
        process.waitFor();
        return octets;
    }

    private static long total(Map<String, Long> octets) {
        return octets.values().stream().mapToLong(Long::longValue).sum();
    }

    private static long rss(String pid) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc", pid, "status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
            }
        }
        throw new IOException("no VmRSS");
    }
}
