package dev.weft.bench.echo;

import dev.weft.parser.Opcode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Some connections have many messages in flight and do not read their replies; half of them read nothing at all, the other half
 * a little now and then. The other connections echo as usual, and the figures are theirs. At the end the slow ones read, and
 * must receive every byte of their replies.
 */
record SlowReaders(int connections, int slow, int payload, int slowPayload, int slowWindow) implements Scenario {
    private static final int SLOW_RECEIVE_BUFFER = 1 << 14;
    private static final int DRIBBLE_BYTES = 1 << 12;
    private static final long DRIBBLE_NANOS = 50_000_000;
    private static final long DRAIN_NANOS = 20_000_000_000L;

    @Override
    public String name() {
        return connections + " x " + Sizes.name(payload) + " w1 beside " + slow + " slow readers of " + slowWindow
                + " x " + Sizes.name(slowPayload);
    }

    @Override
    public double extraSeconds() {
        return 1.5;
    }

    @Override
    public List<Figure> run(ServerProcess.Target target, Pace pace) throws IOException {
        Messages messages = Messages.echoed(Opcode.BINARY, payload, 1);
        Messages large = Messages.echoed(Opcode.BINARY, slowPayload, 2);
        try (LoadLoop loop = new LoadLoop(target.port())) {
            List<LoadClient> slowOnes = new ArrayList<>();
            for (int i = 0; i < slow; i++) {
                LoadClient client = loop.connect("/", large, SLOW_RECEIVE_BUFFER);
                client.reading(false);
                slowOnes.add(client);
            }
            loop.connect(connections, "/", messages);
            List<LoadClient> others = loop.clients().subList(slow, slow + connections);
            Set<LoadClient> quiet = Set.copyOf(slowOnes);
            loop.onAnswer((client, count, now) -> {
                if (!quiet.contains(client)) {
                    client.send(count, now);
                }
            });
            for (LoadClient client : others) {
                client.send(1, System.nanoTime());
            }
            List<LoadClient> dribbling = slowOnes.subList(0, slow / 2);
            run(loop, dribbling, System.nanoTime() + pace.warmUp() / 2);
            for (LoadClient client : slowOnes) {
                client.send(slowWindow, Long.MIN_VALUE); // never recorded: it is the load that lets them wait
            }
            run(loop, dribbling, System.nanoTime() + pace.warmUp() / 2);
            long answered = answered(others);
            loop.startRecording(System.nanoTime());
            EchoFigures figures = EchoFigures.start(target.cpu());
            run(loop, dribbling, System.nanoTime() + pace.measure());
            figures.done(answered(others) - answered, "message", "messages");
            figures.latency(loop.latency(), "latency of the others");
            long start = System.nanoTime();
            slowOnes.forEach(client -> client.reading(true));
            loop.drain(DRAIN_NANOS);
            figures.add(Figure.less("time until the slow ones had read all", "ms",
                    (System.nanoTime() - start) / 1e6));
            return figures.all();
        }
    }

    private static void run(LoadLoop loop, List<LoadClient> dribbling, long end) throws IOException {
        for (long next = System.nanoTime() + DRIBBLE_NANOS; next < end; next += DRIBBLE_NANOS) {
            loop.runUntil(next);
            for (LoadClient client : dribbling) {
                client.read(DRIBBLE_BYTES);
            }
        }
        loop.runUntil(end);
    }

    private static long answered(List<LoadClient> clients) {
        return clients.stream().mapToLong(LoadClient::answered).sum();
    }
}
