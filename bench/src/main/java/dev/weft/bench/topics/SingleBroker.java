package dev.weft.bench.topics;

import java.io.IOException;
import java.util.function.Predicate;

/** A broker of one process, which loses its data when it is killed. */
record SingleBroker(FaultProcess process) implements FaultBroker {
    @Override
    public void start() throws IOException, InterruptedException {
        process.start();
    }

    @Override
    public String target() {
        return "the broker";
    }

    @Override
    public void stop() throws IOException, InterruptedException {
        process.signal("STOP");
    }

    @Override
    public void goOn() throws IOException, InterruptedException {
        process.signal("CONT");
    }

    @Override
    public void kill() throws InterruptedException {
        process.kill();
    }

    @Override
    public void restart() throws IOException, InterruptedException {
        process.start();
    }

    @Override
    public boolean hasReplicas() {
        return false;
    }

    @Override
    public void stopUntilTakenOver() {
        throw new UnsupportedOperationException("there is no replica");
    }

    @Override
    public Predicate<String> losses() {
        return topic -> true;
    }

    @Override
    public void close() {
        process.close();
    }
}
