package dev.weft.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.attacks.Bystander;
import dev.weft.internal.time.Failures;
import dev.weft.internal.time.ServiceThread;
import dev.weft.internal.transport.TransportFactory;
import dev.weft.server.ServerHealth.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a server reports about its health. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HealthMonitorTest {
    private boolean beats = true;
    private boolean dead;
    private int nudges;
    private int now;

    private Optional<String> impairment = Optional.empty();

    private HealthMonitor monitor(ServiceThread... threads) {
        return new HealthMonitor(() -> beats, () -> dead, () -> impairment, List.of(threads), () -> nudges++);
    }

    /** Looks once a second, so often. */
    private boolean look(HealthMonitor monitor, int seconds) {
        boolean lost = false;
        for (int i = 0; i < seconds; i++) {
            now += 1000;
            lost = monitor.look(now);
        }
        return lost;
    }

    @Test
    void beatsAreHealth() {
        HealthMonitor monitor = monitor();
        assertFalse(look(monitor, 100));
        assertEquals(ServerHealth.HEALTHY, monitor.health());
        assertEquals(0, nudges);
    }

    @Test
    void silenceUnparksTheConnectionsNowAndThenThenImpairs() {
        HealthMonitor monitor = monitor();
        look(monitor, 1);
        beats = false;
        look(monitor, 2);
        assertEquals(0, nudges);
        look(monitor, 7);
        assertEquals(3, nudges);
        assertEquals(Status.HEALTHY, monitor.health().status());
        look(monitor, 1);
        assertEquals(Status.IMPAIRED, monitor.health().status());
        beats = true;
        look(monitor, 1);
        assertEquals(ServerHealth.HEALTHY, monitor.health());
    }

    @Test
    void silenceWhileOtherVirtualThreadsRunIsALoss() {
        HealthMonitor monitor = monitor();
        look(monitor, 1);
        beats = false;
        Await.until("it is lost", () -> look(monitor, 1));
        assertEquals(Status.FAILED, monitor.health().status());
        assertTrue(now >= 2 * HealthMonitor.LONGEST_SILENCE, now + " ms");
    }

    @Test
    void endOfWhatWakesConnectionsIsALoss() {
        HealthMonitor monitor = monitor();
        assertFalse(look(monitor, 1));
        dead = true;
        assertTrue(look(monitor, 1));
        assertEquals(new ServerHealth(Status.FAILED, "what wakes connections has ended"), monitor.health());
    }

    @Test
    void threadsThatFailImpairUntilTheySucceed() throws Exception {
        AtomicBoolean fails = new AtomicBoolean(true);
        ServiceThread thread = new ServiceThread("service", () -> {
            if (fails.get()) {
                throw new IOException("no descriptors");
            }
            Thread.onSpinWait();
        }, new Failures("service", (what, count, latest) -> {}), Duration.ofMillis(1), true);
        thread.start();
        HealthMonitor monitor = monitor(thread);
        Await.until("it fails", () -> monitor.health().status() == Status.IMPAIRED);
        assertTrue(monitor.health().reason().startsWith("service fails, "), monitor.health().reason());
        fails.set(false);
        Await.until("it succeeds", () -> monitor.health().status() == Status.HEALTHY);
        thread.stop();
        assertTrue(thread.join(Duration.ofSeconds(10)));
        assertFalse(monitor.look(1), "an end that was asked for is none");
    }

    @Test
    void failuresMustUnparkTheConnectionsForAWhile() {
        Failures failures = new Failures("service", (what, count, latest) -> {});
        HealthMonitor monitor = monitor(new ServiceThread("service", () -> {}, failures, Duration.ofMillis(1), true));
        look(monitor, 20);
        failures.note(new OutOfMemoryError());
        look(monitor, 3);
        assertEquals(1, nudges);
        look(monitor, 30);
        assertEquals(3, nudges);
    }

    @Test
    void threadThatHasEndedIsALoss() throws Exception {
        ServiceThread service = new ServiceThread("service", () -> {}, Failures.toHandler("service"),
                Duration.ofMillis(1), true);
        HealthMonitor monitor = monitor(service);
        assertFalse(monitor.look(1), "a thread that is not started yet is no loss");
        Thread ended = Thread.ofPlatform().start(() -> {});
        ended.join();
        PrivateField.set(service, "thread", ended);
        assertTrue(monitor.look(2));
        assertEquals(new ServerHealth(Status.FAILED, "the thread service has ended"), monitor.health());
    }

    private static Object wakerOf(WebSocketServer server) throws ReflectiveOperationException {
        return server.configuration().transport() == TransportKind.BLOCKING
                ? PrivateField.get(server.transports, "wakeUpProbe")
                : ((List<?>) PrivateField.get(server.transports, "pollers")).getFirst();
    }

    /** As if the JDK had lost the thread: the server must say so, and stop, though its connections cannot end. */
    @ParameterizedTest
    @EnumSource(value = TransportKind.class, names = "LOOPS", mode = EnumSource.Mode.EXCLUDE)
    void serverThatLostItsPollerStops(TransportKind transport) throws Exception {
        LogCapture log = new LogCapture();
        WebSocketServer server = Handlers.echoServer().transport(transport).messageTimeout(Duration.ofMillis(400))
                .shutdownGrace(Duration.ofMinutes(10)).start();
        try (RawPeer peer = RawPeer.open(server)) {
            Bystander.assertEchoes(peer, "before");
            Thread ended = Thread.ofVirtual().start(() -> {});
            ended.join();
            PrivateField.set(wakerOf(server), "thread", ended);
            server.awaitTermination();
            assertEquals(Status.FAILED, server.health().status());
            CountDownLatch over = new CountDownLatch(1);
            Thread.startVirtualThread(() -> {
                try {
                    peer.readToEnd();
                } catch (IOException e) {
                    // A reset.
                }
                over.countDown();
            });
            assertTrue(over.await(10, TimeUnit.SECONDS), "connections are aborted");
        } finally {
            server.close();
            log.close();
        }
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void idleTransportsBeat(TransportKind transport) throws Exception {
        TransportFactory transports = transport.open(Failures.toHandler("beating"));
        try {
            for (int i = 0; i < 3; i++) {
                Await.until("it beats", transports::beat);
            }
            assertFalse(transports.isDead());
        } finally {
            transports.close();
        }
    }
}
