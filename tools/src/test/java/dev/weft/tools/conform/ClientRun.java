package dev.weft.tools.conform;

import dev.weft.tools.conform.cases.Case;
import dev.weft.tools.conform.report.Result;
import dev.weft.tools.conform.wire.Settings;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import javax.net.ssl.SSLContext;

/**
 * A quick run of cases against a client in this process.
 *
 * @param results in the order of the cases
 * @param surplusVisits the number of the client's connections that no case needed
 */
record ClientRun(List<Result> results, int surplusVisits) {
    private static final int AT_ONCE = 16;
    /** Shorter than a client waits for the server to end the connection. */
    private static final Duration LONGEST_PATIENCE = Duration.ofSeconds(2);

    /** Runs cases; the client is made for a port, and visits the targets that it is given, several at once. */
    static ClientRun of(List<Case> cases, Duration timeout, IntFunction<Consumer<String>> client) throws Exception {
        return of("ws", SSLContext.getDefault(), cases, timeout, client);
    }

    /** Like the other method, for {@code ws} or {@code wss} with the suite's key. */
    static ClientRun of(String scheme, SSLContext tls, List<Case> cases, Duration timeout,
            IntFunction<Consumer<String>> client) throws Exception {
        try (ServerSocket listener = new ServerSocket(0, 1024, InetAddress.getByName("127.0.0.1"))) {
            int port = listener.getLocalPort();
            Duration patience = timeout.dividedBy(5);
            Settings settings = new Settings(URI.create(scheme + "://127.0.0.1:" + port), tls, timeout,
                    patience.compareTo(LONGEST_PATIENCE) < 0 ? patience : LONGEST_PATIENCE, 16 << 20, true);
            CaseRunner runner = new CaseRunner(settings, result -> {});
            try (FuzzingServer server = new FuzzingServer(settings, cases, runner, listener)) {
                visitAll(server.numbers(), client.apply(port));
                List<Result> results = server.await(null);
                return new ClientRun(results, server.surplusVisits());
            }
        }
    }

    private static void visitAll(int numbers, Consumer<String> visit) {
        AtomicInteger next = new AtomicInteger(1);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < AT_ONCE; i++) {
                threads.execute(() -> {
                    for (int n = next.getAndIncrement(); n <= numbers; n = next.getAndIncrement()) {
                        visit.accept("/runCase?case=" + n + "&agent=test");
                    }
                });
            }
        }
        visit.accept("/updateReports?agent=test");
    }
}
