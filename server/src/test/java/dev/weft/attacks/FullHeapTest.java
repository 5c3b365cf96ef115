package dev.weft.attacks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.weft.TestProcess;
import dev.weft.server.Await;
import dev.weft.server.RawPeer;
import dev.weft.server.TransportKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Attack 25: a heap that is full for seconds must not end any of the threads on which all connections depend. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FullHeapTest {
    private static final int FULL_MILLIS = 2000;
    private static final int PING_INTERVAL_MILLIS = 2500;
    private static final int MESSAGE_TIMEOUT_MILLIS = 1000;
    private static final int BUSY = 4;
    /** How the server's own ping begins. */
    private static final String PING = "8908 ";

    private static final Duration LIMIT = Duration.ofSeconds(110);

    private TestProcess started;
    private Process process;
    private final AtomicBoolean over = new AtomicBoolean();
    private final List<Thread> traffic = new ArrayList<>();

    private int start(TransportKind transport) throws IOException {
        List<String> options = new ArrayList<>(TestProcess.loopOptions());
        options.add("-Xmx64m");
        List<String> command = TestProcess.java(options, FullHeap.class, transport.name(),
                Integer.toString(PING_INTERVAL_MILLIS), Integer.toString(MESSAGE_TIMEOUT_MILLIS));
        started = TestProcess.start(new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD), LIMIT);
        process = started.process();
        return Integer.parseInt(process.inputReader().readLine());
    }

    @AfterEach
    void end() throws InterruptedException {
        over.set(true);
        started.close();
        for (Thread thread : traffic) {
            thread.join();
        }
        process.waitFor();
    }

    private static RawPeer open(int port) throws IOException {
        return RawPeer.connect(port).upgraded();
    }

    /** Connections that echo as fast as they can; what happens to them is not looked at. */
    private void converse(int port) {
        for (int i = 0; i < BUSY; i++) {
            traffic.add(Thread.ofPlatform().start(() -> {
                while (!over.get()) {
                    try (RawPeer peer = open(port)) {
                        while (!over.get()) {
                            Bystander.assertEchoes(peer, "busy");
                        }
                    } catch (IOException | AssertionError e) {
                        // The heap is full: it tries again.
                    }
                }
            }));
        }
    }

    private static Stream<Arguments> transportsWithAndWithoutTraffic() {
        return Stream.of(TransportKind.values())
                .flatMap(kind -> Stream.of(Arguments.of(kind, false), Arguments.of(kind, true)));
    }

    /**
     * Fills the heap for so long, and returns the server's health afterwards, how often there was no memory, whether the
     * JDK still has carriers, the number of connections, and the number of bytes that are counted and not held.
     */
    private String[] fill(int millis) throws IOException {
        process.outputWriter().write(millis + "\n");
        process.outputWriter().flush();
        String state = process.inputReader().readLine();
        assertNotNull(state, "the server's process has ended");
        return state.split(" ");
    }

    private int connections() {
        return number(3);
    }

    private int number(int word) {
        try {
            return Integer.parseInt(fill(0)[word]);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Waits until the server serves a new connection: false if it says that it has failed, and has stopped. */
    private boolean serves(int port) throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        String[] words = {};
        while (System.nanoTime() < end) {
            try (RawPeer late = open(port)) {
                Bystander.assertEchoes(late, "late");
                return true;
            } catch (IOException | AssertionError e) {
                words = fill(0);
                if (words[0].equals("FAILED")) {
                    return false;
                }
                if (words[0].equals("IMPAIRED") && words[2].equals("carrierless")) {
                    abort("the JDK lost its carriers and runs no virtual thread; the server says that it is impaired");
                }
            }
        }
        throw new AssertionError("the server does not serve, and does not say so: " + String.join(" ", words));
    }

    @ParameterizedTest
    @MethodSource("transportsWithAndWithoutTraffic")
    void attack25_nothingDiesWhileTheHeapIsFull(TransportKind transport, boolean busy) throws Exception {
        int port = start(transport);
        try (RawPeer idle = open(port)) {
            Bystander.assertEchoes(idle, "before");
            if (busy) {
                converse(port);
            }
            String[] words = fill(FULL_MILLIS);
            over.set(true);
            assertTrue(Integer.parseInt(words[1]) > 0, "the heap was never full");
            if (!serves(port)) {
                // The JDK lost one of its own threads, on which all virtual threads depend.
                Await.until("the server has stopped", () -> isRefused(port));
                return;
            }
            String echo = readFrame(transport, idle.bytes(RawPeer.textFrame("Hello")));
            boolean pinged = echo.startsWith(PING);
            assertEquals("8105 48656c6c6f", pinged ? readFrame(transport, idle) : echo);
            if (transport == TransportKind.BLOCKING) {
                assertEquals("IMPAIRED", fill(0)[0], "the JDK may have lost threads");
            } else {
                Await.until("only the idle connection is left", () -> connections() == 1);
                if (transport == TransportKind.PARKING) {
                    Await.until("no bytes are counted that none holds", () -> number(4) == 0);
                }
            }
            try (RawPeer late = open(port)) {
                assertTrue(readFrame(transport, late).startsWith(PING), "pings are sent");
                assertTrue(pinged || readFrame(transport, idle).startsWith(PING));
                // The first half of a message.
                late.hex("0181 00000000 61");
                assertTrue(readFrame(transport, late).startsWith("88"), "deadlines hold");
            }
        }
        process.outputWriter().close();
        assertTrue(process.waitFor(10, TimeUnit.SECONDS), "the server does not end");
    }

    /** With blocking channels the JDK may lose the connection's thread for good; the server says that this may be so. */
    private String readFrame(TransportKind transport, RawPeer peer) throws IOException {
        try {
            return peer.readFrame();
        } catch (SocketTimeoutException e) {
            if (transport == TransportKind.BLOCKING) {
                String health = fill(0)[0];
                assertTrue(List.of("IMPAIRED", "FAILED").contains(health), health);
                abort("the JDK lost a thread that waited for a socket; the server says that this may be so: " + health);
            }
            throw e;
        }
    }

    private static boolean isRefused(int port) {
        try (RawPeer late = RawPeer.connect(port)) {
            return !late.socket().isConnected();
        } catch (IOException e) {
            return true;
        }
    }
}
