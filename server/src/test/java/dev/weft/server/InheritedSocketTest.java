package dev.weft.server;

import static dev.weft.server.RawPeer.textFrame;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.TestProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A listening socket that the server inherits on its standard input. A process that holds the socket starts the servers, which
 * needs Perl: the JDK cannot pass a socket on. Skipped without it.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InheritedSocketTest {
    private static final Duration LIMIT = Duration.ofSeconds(100);
    private static final int PATIENCE_SECONDS = 50;
    private static final int CLIENTS = 4;
    private static final int GENERATIONS = 4;
    /** Makes a socket of a kind, as descriptor 9, says its port, and becomes a shell, whose commands it hands the socket to. */
    private static final String HOLDER = """
            use Socket; use POSIX;
            $| = 1;
            my ($kind, $path) = @ARGV;
            $^F = 255 if $kind eq "connection"; # so that its other end stays open
            my $any = sockaddr_in(0, inet_aton("127.0.0.1"));
            my $family = $kind eq "unix" ? PF_UNIX : PF_INET;
            socket(S, $family, $kind eq "datagrams" ? SOCK_DGRAM : SOCK_STREAM, 0) or die;
            bind(S, $kind eq "unix" ? sockaddr_un($path) : $any) or die $!;
            if ($kind eq "connection") {
                socket(T, PF_INET, SOCK_STREAM, 0) and bind(T, $any) and listen(T, 1) or die;
                connect(S, getsockname(T)) or die;
            } elsif ($kind eq "unix" || $kind eq "listening") {
                listen(S, 1024) or die;
            }
            if ($kind eq "none") { open(S, "<", "/dev/null") or die; }
            POSIX::dup2(fileno(S), 9) or die;
            print $kind eq "listening" ? (sockaddr_in(getsockname(S)))[0] : 0, "\\n";
            exec "/bin/sh" or die;
            """;

    @TempDir
    private Path folder;

    @BeforeAll
    static void requirePerl() {
        assumeTrue(
                Stream.of(System.getenv("PATH").split(":")).anyMatch(bin -> Files.isExecutable(Path.of(bin, "perl"))),
                "no perl on this machine: an inherited socket is not tried");
    }

    /** A server on its inherited socket, which on SIGTERM lets its connections end. Prints what it does, with its name. */
    static final class Generation {
        private Generation() {}

        public static void main(String[] arguments) throws Exception {
            // Its parent is a shell that waits for it, which the holder has started.
            ProcessHandle.current().parent().flatMap(ProcessHandle::parent).orElseThrow().onExit()
                    .thenRun(() -> Runtime.getRuntime().halt(3));
            String name = arguments[0];
            WebSocketServer server;
            try {
                server = WebSocketServer.builder().listenInherited().handler(ws -> {
                    ws.send(name);
                    Handlers.echo(ws);
                }).start();
            } catch (IOException e) {
                System.out.println(name + " refuses: " + e.getMessage());
                return;
            }
            // @start region="restart"
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                server.drain(); // accepts no more, and leaves new connections in the queue
                try {
                    server.awaitDrained(Duration.ofSeconds(30));
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                server.close(); // log before this: it discards System.out and System.err
            }));
            // @end
            System.out.println(name + " serves as " + ProcessHandle.current().pid());
            Await.until("it drains", LIMIT, () -> isDraining(server));
            System.out.println(name + " drains");
            server.awaitTermination();
        }

        private static boolean isDraining(WebSocketServer server) {
            try {
                return !server.awaitDrained(Duration.ZERO);
            } catch (IllegalStateException e) {
                return false;
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    /** The process that holds the socket; what it and its servers print. */
    private static final class Holder implements AutoCloseable {
        private final TestProcess shell;
        private final int port;
        private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
        private final Map<String, ProcessHandle> servers = new ConcurrentHashMap<>();

        Holder(String kind, String path) throws IOException {
            shell = TestProcess.start(new ProcessBuilder("perl", "-e", HOLDER, kind, path)
                    .redirectErrorStream(true), LIMIT);
            BufferedReader output = shell.process().inputReader();
            String first = output.readLine();
            assertNotNull(first, "the holder has ended");
            port = Integer.parseInt(first);
            Thread.ofPlatform().daemon().start(() -> output.lines().forEach(lines::add));
        }

        void start(String name) throws IOException {
            List<String> quoted = TestProcess.java(List.of("-XX:TieredStopAtLevel=1"), Generation.class, name).stream()
                    .map(word -> "'" + word + "'").toList();
            // The shell must wait for it: as a zombie, it would seem to be alive.
            shell.process().outputWriter().write(
                    "(" + String.join(" ", quoted) + " 0<&9 2>&1 9<&-; echo " + name + " exits with $?) &\n");
            shell.process().outputWriter().flush();
        }

        void awaitService(String name) throws InterruptedException {
            String line = await(name + " ");
            assertTrue(line.startsWith(name + " serves as "), line);
            servers.put(name,
                    ProcessHandle.of(Long.parseLong(line.substring(line.lastIndexOf(' ') + 1))).orElseThrow());
        }

        /** After SIGTERM. */
        void awaitExit(String name) throws InterruptedException {
            assertEquals(name + " exits with 143", await(name + " "));
        }

        /** The next line that begins so; what else is printed is skipped. */
        String await(String beginning) throws InterruptedException {
            List<String> skipped = new ArrayList<>();
            while (true) {
                String line = lines.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
                assertNotNull(line, () -> "nothing that begins with " + beginning + ", but " + skipped);
                if (line.startsWith(beginning)) {
                    return line;
                }
                skipped.add(line);
            }
        }

        /** Sends it SIGTERM. */
        void terminate(String name) {
            servers.get(name).destroy();
        }

        @Override
        public void close() {
            shell.close();
        }
    }

    private static String name(String frame) {
        return new String(RawPeer.bytes(frame.substring(5)), ISO_8859_1);
    }

    /** Connects, is served and closes, again and again; notes who served it, and what went wrong. */
    private static Thread client(int port, Map<String, Integer> served, Queue<String> failures) {
        return Thread.ofPlatform().daemon().start(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                try (RawPeer peer = RawPeer.connect(port).upgraded()) {
                    String by = name(peer.readFrame());
                    assertEquals("8102 6f6b", peer.bytes(textFrame("ok")).readFrame());
                    assertEquals(1000, peer.hex(RawPeer.CLOSE_1000).readCloseAndEnd());
                    served.merge(by, 1, Integer::sum);
                } catch (IOException | AssertionError e) {
                    failures.add(e.toString());
                }
            }
        });
    }

    /** The first connection that this server serves; another one may still accept some before it. */
    private static RawPeer servedBy(String server, int port) throws IOException {
        for (int i = 0; i < 1000; i++) {
            RawPeer peer = RawPeer.connect(port).upgraded();
            if (name(peer.readFrame()).equals(server)) {
                return peer;
            }
            assertEquals(1000, peer.hex(RawPeer.CLOSE_1000).readCloseAndEnd());
            peer.close();
        }
        throw new AssertionError(server + " serves nobody");
    }

    @Test
    void restartsMustNotRefuseOrResetAConnection() throws Exception {
        Map<String, Integer> served = new ConcurrentHashMap<>();
        Queue<String> failures = new ConcurrentLinkedQueue<>();
        try (Holder holder = new Holder("listening", "")) {
            // Waits in the queue of the socket until there is a server at all.
            RawPeer early = RawPeer.connect(holder.port);
            holder.start("g1");
            holder.awaitService("g1");
            assertEquals("g1", name(early.upgraded().readFrame()));
            List<Thread> clients = Stream.generate(() -> client(holder.port, served, failures)).limit(CLIENTS).toList();
            RawPeer old = early;
            for (int i = 2; i <= GENERATIONS; i++) {
                String before = "g" + (i - 1);
                String next = "g" + i;
                holder.start(next);
                holder.awaitService(next);
                holder.terminate(before);
                holder.await(before + " drains");
                // An old connection continues on the old server, while new ones are the new server's.
                RawPeer young = servedBy(next, holder.port);
                assertEquals("8103 6f6c64", old.bytes(textFrame("old")).readFrame());
                assertEquals(1000, old.hex(RawPeer.CLOSE_1000).readCloseAndEnd());
                old.close();
                holder.awaitExit(before);
                int sofar = served.getOrDefault(next, 0);
                Await.until(next + " serves alone", () -> served.getOrDefault(next, 0) > sofar + 2 * CLIENTS);
                old = young;
            }
            old.close();
            clients.forEach(Thread::interrupt);
            for (Thread client : clients) {
                client.join(LIMIT);
            }
        }
        assertEquals(List.of(), List.copyOf(failures));
        assertEquals(GENERATIONS, served.size(), served.toString());
    }

    @Test
    void unixSocketCanBeInherited() throws Exception {
        Path file = folder.resolve("s");
        try (Holder holder = new Holder("unix", file.toString())) {
            holder.start("g1");
            holder.awaitService("g1");
            try (SocketChannel peer = SocketChannel.open(UnixDomainSocketAddress.of(file))) {
                peer.write(ByteBuffer.wrap(RawPeer.request().getBytes(ISO_8859_1)));
                ByteBuffer answer = ByteBuffer.allocate(4096);
                while (!new String(answer.array(), 0, answer.position(), ISO_8859_1).endsWith("\u0081\u0002g1")) {
                    assertTrue(peer.read(answer) > 0);
                }
                holder.terminate("g1");
                holder.await("g1 drains");
            }
            holder.awaitExit("g1");
            // The file is the holder's, which may start the next server.
            assertTrue(Files.exists(file));
        }
    }

    @ParameterizedTest
    @CsvSource({"none,it is no socket", "datagrams,it is no stream socket",
            "connection,'it is a connection, not a listening socket'",
            "bound,it is no listening socket: Invalid argument"})
    void otherInputIsRefused(String kind, String why) throws Exception {
        try (Holder holder = new Holder(kind, "")) {
            holder.start("g1");
            assertEquals("g1 refuses: cannot listen on the standard input: " + why, holder.await("g1 "));
        }
    }

    @Test
    void inheritedSocketReplacesHostAndPort() {
        ServerConfiguration inherits = Handlers.echoServer().port(1).listenInherited().build();
        assertTrue(inherits.listenInherited());
        assertEquals(List.of(), inherits.addresses());
        ServerConfiguration back = inherits.toBuilder().port(2).build();
        assertTrue(!back.listenInherited());
        assertEquals(1, back.addresses().size());
    }
}
