package dev.weft.bench.start;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * One start of an echo server, from the start of its process to the first 101.
 *
 * @param nanos    until the 101
 * @param cpuNanos of the process and the processes that it waited for until then, in ticks of 10 ms
 * @param rss      resident bytes of the process then
 */
record Start(long nanos, long cpuNanos, long rss) {
    private static final long NANOS_PER_TICK = 10_000_000;
    private static final int PATIENCE_SECONDS = 120;
    private static final int END_SECONDS = 30;
    private static final int FIRST_CPU_FIELD = 11; // of /proc/PID/stat, counted after the name: utime, stime, cutime, cstime
    private static final int CPU_FIELDS = 4;
    private static final String REQUEST = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            + "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

    /** Starts a server, opens a connection as soon as possible, and ends the server. Its output is discarded. */
    static Start measure(List<String> command, String javaOptions) throws IOException, InterruptedException {
        int port = freePort();
        List<String> all = new ArrayList<>(command);
        all.addAll(List.of("--port", Integer.toString(port)));
        return measure(all, port, javaOptions);
    }

    /** Like the other method, with a command that sets the port itself, or uses the default. */
    static Start measure(List<String> all, int port, String javaOptions) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(all).redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("WEFT_JAVA_OPTS", javaOptions);
        long start = System.nanoTime();
        Process process = builder.start();
        try (Socket socket = connect(process, port)) {
            socket.getOutputStream().write(REQUEST.getBytes(ISO_8859_1));
            readSwitchingProtocols(socket.getInputStream());
            long nanos = System.nanoTime() - start;
            Path proc = Path.of("/proc", Long.toString(process.pid()));
            return new Start(nanos, cpuNanos(Files.readString(proc.resolve("stat"))),
                    rss(Files.readAllLines(proc.resolve("status"))));
        } finally {
            process.destroyForcibly();
            process.waitFor(END_SECONDS, TimeUnit.SECONDS);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static Socket connect(Process process, int port) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (process.isAlive() && System.nanoTime() < end) {
            Socket socket = new Socket();
            try {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
                return socket;
            } catch (ConnectException e) {
                socket.close();
                Thread.sleep(1);
            }
        }
        throw new IOException("the server did not start");
    }

    private static void readSwitchingProtocols(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int b = in.read();
            if (b < 0) {
                throw new IOException("the connection ended");
            }
            head.append((char) b);
        }
        if (head.indexOf("HTTP/1.1 101 ") != 0) {
            throw new IOException("not a 101: " + head);
        }
    }

    /** Reads {@code /proc/PID/stat}. */
    static long cpuNanos(String stat) {
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        long ticks = 0;
        for (int i = 0; i < CPU_FIELDS; i++) {
            ticks += Long.parseLong(fields[FIRST_CPU_FIELD + i]);
        }
        return ticks * NANOS_PER_TICK;
    }

    /** Reads {@code /proc/PID/status}. */
    static long rss(List<String> status) throws IOException {
        for (String line : status) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
            }
        }
        throw new IOException("no VmRSS");
    }
}
