package dev.weft.tools.conform;

import dev.weft.tools.conform.cases.Case;
import dev.weft.tools.conform.report.Result;
import dev.weft.tools.conform.wire.Client;
import dev.weft.tools.conform.wire.Failure;
import dev.weft.tools.conform.wire.Findings;
import dev.weft.tools.conform.wire.Frame;
import dev.weft.tools.conform.wire.Peer;
import dev.weft.tools.conform.wire.Settings;
import dev.weft.tools.conform.wire.Verdict;
import dev.weft.tools.conform.wire.ClientRequest;
import java.io.Closeable;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Waits for the client under test, which visits the resources of an Autobahn fuzzing server: {@code /getCaseCount} tells how
 * often {@code /runCase?case=N&agent=NAME} is to be visited, for N from 1, and {@code /updateReports} ends the run. On each
 * visit the client must echo until the connection ends. A case has as many numbers as it needs connections: those that run
 * alone come later, the perilous ones last. A client may skip, repeat and mix the numbers, and visit several at once.
 */
final class FuzzingServer implements AutoCloseable {
    private static final Pattern QUERY = Pattern.compile("/runCase\\?(?:.*&)?case=([0-9]{1,9})(?:&.*)?");
    private static final Pattern AGENT = Pattern.compile("[^?]*\\?(?:.*&)?agent=([^&]*)(?:&.*)?");
    private static final Duration TICK = Duration.ofMillis(100);

    private final Settings settings;
    private final CaseRunner runner;
    private final ServerSocket listener;
    private final List<Trial> trials;
    /** The trial of each number. */
    private final List<Trial> numbers = new ArrayList<>();
    private final CountDownLatch reportsAreWanted = new CountDownLatch(1);
    private final AtomicInteger visits = new AtomicInteger();
    private final AtomicInteger surplusVisits = new AtomicInteger();
    private final AtomicInteger running = new AtomicInteger();
    private volatile long lastEvent;
    private volatile String agent = "";

    /** A case, and its connections. */
    private final class Trial {
        private final Case one;
        private final ClientRequest.Line line = new ClientRequest.Line();
        private final AtomicBoolean started = new AtomicBoolean();
        private final CompletableFuture<Result> result = new CompletableFuture<>();

        Trial(Case one) {
            this.one = one;
        }

        int connections() {
            return one.maxMessage() > settings.maxMessage() ? 0 : one.connections().applyAsInt(settings);
        }

        void visit(ClientRequest visit) {
            line.add(visit);
            if (started.compareAndSet(false, true)) {
                run();
            } else if (result.isDone()) {
                endRest();
            }
        }

        private void run() {
            running.incrementAndGet();
            try {
                result.complete(runner.run(one, findings -> new Client(settings, findings, line)));
            } finally {
                running.decrementAndGet();
                lastEvent = System.nanoTime();
            }
            endRest();
        }

        /** Ends the connections that the case did not need, because it failed before. */
        private void endRest() {
            line.drain().forEach(visit -> {
                surplusVisits.incrementAndGet();
                tell(visit);
            });
        }

        Result resultOr(String reason) {
            if (!started.get()) {
                String why = connections() == 0 ? "needs messages of " + one.maxMessage() + " bytes" : reason;
                return new Result(one.id(), one.family(), one.title(), one.section(), Verdict.SKIPPED, why, 0,
                        List.of());
            }
            return result.join();
        }
    }

    /**
     * Starts to listen.
     *
     * @param listener where; the caller chooses port and address
     */
    FuzzingServer(Settings settings, List<Case> cases, CaseRunner runner, ServerSocket listener) {
        this.settings = settings;
        this.runner = runner;
        this.listener = listener;
        this.trials = cases.stream().map(Trial::new).toList();
        trials.stream().sorted(Comparator.comparing(trial -> trial.one.load())).forEach(trial -> {
            for (int i = trial.connections(); i > 0; i--) {
                numbers.add(trial);
            }
        });
        Thread.ofVirtual().name("conform-accept").start(this::acceptAll);
    }

    private void acceptAll() {
        while (!listener.isClosed()) {
            try {
                Socket socket = listener.accept();
                Thread.ofVirtual().name("conform-visit").start(() -> receive(socket));
            } catch (IOException e) {
                // Closed, or a connection that ended before it was accepted.
            }
        }
    }

    private void receive(Socket socket) {
        lastEvent = System.nanoTime();
        ClientRequest visit = null;
        try {
            visit = ClientRequest.of(socket, settings);
        } catch (IOException | Failure e) {
            // No request. A client that sends none fails the case, for which no connection comes.
        }
        if (visit != null) {
            visits.incrementAndGet();
            dispatch(visit);
        } else {
            close(socket);
        }
    }

    private static void close(Closeable closed) {
        try {
            closed.close();
        } catch (IOException e) {
            // It is closed anyway.
        }
    }

    private void dispatch(ClientRequest visit) {
        String target = visit.target();
        Matcher query = QUERY.matcher(target);
        if (target.equals("/getCaseCount") || target.startsWith("/getCaseCount?")) {
            tell(visit, Frame.text(String.valueOf(numbers.size())));
        } else if (query.matches()) {
            int number = Integer.parseInt(query.group(1));
            nameAgent(target);
            if (number >= 1 && number <= numbers.size()) {
                numbers.get(number - 1).visit(visit);
            } else {
                visit.refuse("404 Not Found");
            }
        } else if (target.equals("/updateReports") || target.startsWith("/updateReports?")) {
            nameAgent(target);
            tell(visit);
            reportsAreWanted.countDown();
        } else {
            visit.refuse("404 Not Found");
        }
    }

    private void nameAgent(String target) {
        Matcher named = AGENT.matcher(target);
        if (named.matches()) {
            try {
                agent = URLDecoder.decode(named.group(1), StandardCharsets.UTF_8);
            } catch (IllegalArgumentException e) {
                agent = named.group(1);
            }
        }
    }

    /** Accepts a connection that belongs to no case, sends messages, and ends it. */
    private void tell(ClientRequest visit, Frame... messages) {
        ClientRequest.Line alone = new ClientRequest.Line();
        alone.add(visit);
        Client client = new Client(settings, new Findings(), alone);
        try {
            Peer peer = client.open();
            peer.send(messages);
            peer.close();
        } catch (Failure e) {
            // No case, so it is not judged.
        } finally {
            client.abort();
        }
    }

    /** The number of visits that the client is asked for. */
    int numbers() {
        return numbers.size();
    }

    /** The number of visits so far that no case needed. */
    int surplusVisits() {
        return surplusVisits.get();
    }

    /** The name that the client gives itself, or an empty one. */
    String agent() {
        return agent;
    }

    /** Whether the client has asked for the reports. */
    boolean hasFinished() {
        return reportsAreWanted.getCount() == 0;
    }

    /** Whether the client has sent any request. */
    boolean wasVisited() {
        return visits.get() > 0;
    }

    /**
     * Waits for the end of the run: the client wants the reports, its process has ended, or it opens no connection for {@link
     * Settings#idle()}. This time begins with the first connection if there is no process.
     *
     * @param process the client's process, if the caller has started it, or {@code null}
     * @return the results in the order of the cases
     */
    List<Result> await(Process process) throws InterruptedException {
        lastEvent = System.nanoTime();
        while (!reportsAreWanted.await(TICK.toMillis(), TimeUnit.MILLISECONDS)) {
            boolean idle = running.get() == 0 && System.nanoTime() - lastEvent > settings.idle().toNanos();
            if (process == null ? idle && wasVisited() : idle || !process.isAlive()) {
                break;
            }
        }
        trials.forEach(trial -> trial.line.end());
        String reason = hasFinished() ? "the client did not ask for it" : "the client stopped before";
        return trials.stream().map(trial -> trial.resultOr(reason)).toList();
    }

    @Override
    public void close() {
        close(listener);
    }
}
