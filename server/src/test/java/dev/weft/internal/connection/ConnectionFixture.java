package dev.weft.internal.connection;

import dev.weft.CloseReason;
import dev.weft.CloseStatus;
import dev.weft.ConnectionClosedException;
import dev.weft.ConnectionLimits;
import dev.weft.ConnectionTimeouts;
import dev.weft.Message;
import dev.weft.OverflowPolicy;
import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.buffer.BufferPool;
import dev.weft.internal.extension.Extension;
import dev.weft.internal.receive.InboundBuffer;
import dev.weft.internal.send.SendServices;
import dev.weft.internal.testing.MemoryTransport;
import dev.weft.internal.time.ClockHand;
import dev.weft.internal.time.CoarseClock;
import dev.weft.internal.time.Failures;
import dev.weft.internal.time.ShortTimer;
import dev.weft.parser.Opcode;
import dev.weft.parser.Role;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.BooleanSupplier;

/** A connection over an in-memory transport, with its handler on its own virtual thread, as in a server. */
public final class ConnectionFixture implements AutoCloseable {
    /** The code that runs on the connection's thread. */
    @FunctionalInterface
    public interface Handler {
        /** Serves the connection. */
        void handle(Connection connection) throws Exception;
    }

    /** Sends every message back, until the end. */
    public static final Handler ECHO = connection -> {
        while (true) {
            switch (connection.receive()) {
                case Message.Text text -> connection.send(text.text());
                case Message.Binary binary -> connection.send(binary.bytes());
                case Message.Close close -> {
                    return;
                }
            }
        }
    };

    /** Sends every message back from where it lies, until the end. */
    public static final Handler ECHO_VIEWS = connection -> {
        while (true) {
            var view = connection.receiveView();
            if (view == null) {
                return;
            }
            connection.send(view);
        }
    };

    /** Sends every message back as a stream, until the end. */
    public static final Handler ECHO_STREAMS = connection -> {
        while (true) {
            var stream = connection.receiveStream();
            if (stream == null) {
                return;
            }
            byte[] whole = stream.inputStream().readAllBytes();
            connection.send(stream.type(), whole, 0, whole.length);
        }
    };

    public static final ConnectionTimeouts TIMEOUTS = ConnectionTimeouts.builder()
            .pongTimeout(Duration.ofSeconds(15)).writeTimeout(Duration.ofSeconds(25))
            .streamTimeout(Duration.ofSeconds(30)).build();

    private static final ConnectionLimits LIMITS = ConnectionLimits.DEFAULT;
    private static final ShortTimer TIMER = new ShortTimer(Runnable::run, Failures.toHandler("timer of all tests"));

    static {
        TIMER.start();
    }

    /** How the connection is to be. */
    public static final class Setup {
        private Role role = Role.SERVER;
        private ConnectionLimits limits = LIMITS;
        private int capacity = 1 << 16;
        private int readLength = Integer.MAX_VALUE;
        private boolean parks;
        private BufferBudget budget = new BufferBudget(1 << 30);
        private BufferPool pool;
        private ShortTimer timer = TIMER;
        private ConnectionTimeouts timeouts = TIMEOUTS;
        private Extension extension;
        private Thread.Builder threads = Thread.ofVirtual();

        /** Sets which end the connection is. */
        public Setup role(Role value) {
            role = value;
            return this;
        }

        /** Has no keepalive ping sent, as if the peer answered each. */
        public Setup withoutPings() {
            timeouts = TIMEOUTS.toBuilder().pingInterval(Duration.ofDays(20)).build();
            return this;
        }

        /** Sets the limits. */
        public Setup limits(int maxMessageSize, long maxStreamedMessageSize, int maxFramesPerMessage) {
            limits = limits.toBuilder().maxMessageSize(maxMessageSize).maxStreamedMessageSize(maxStreamedMessageSize)
                    .maxFramesPerMessage(maxFramesPerMessage).build();
            return this;
        }

        /** Sets how many bytes may be posted while they wait. */
        public Setup maxQueuedSize(int bytes) {
            limits = limits.toBuilder().maxQueuedSize(bytes).build();
            return this;
        }

        /** Sets what happens to a message for which there is no room. */
        public Setup overflowPolicy(OverflowPolicy policy) {
            limits = limits.toBuilder().overflowPolicy(policy).build();
            return this;
        }

        /** Sets the number of queued bytes at which the queue counts as drained. */
        public Setup queueLowWaterMark(int bytes) {
            limits = limits.toBuilder().queueLowWaterMark(bytes).build();
            return this;
        }

        /** Sets how many bytes the network holds each way. */
        public Setup capacity(int bytes) {
            capacity = bytes;
            return this;
        }

        /** Limits every read to this number of bytes. */
        public Setup readLength(int bytes) {
            readLength = bytes;
            return this;
        }

        /** The transport waits outside of reads, so that no buffer is needed to wait. */
        public Setup parks() {
            parks = true;
            return this;
        }

        /** Sets what all buffers together may take. */
        public Setup budget(BufferBudget value) {
            budget = value;
            return this;
        }

        /** Shares a pool. */
        public Setup pool(BufferPool value) {
            pool = value;
            return this;
        }

        /** Held frames stay held until the connection itself flushes them. */
        public Setup withoutTimer() {
            return timer(new ShortTimer(Runnable::run, Failures.toHandler("never started")));
        }

        /** Sets who bounds how long output is held back, and starts threads. */
        public Setup timer(ShortTimer value) {
            timer = value;
            return this;
        }

        /** Sets the negotiated extension. */
        public Setup extension(Extension value) {
            extension = value;
            return this;
        }

        /** Sets what makes the connection's thread. */
        public Setup threads(Thread.Builder value) {
            threads = value;
            return this;
        }

        /** Starts it. */
        public ConnectionFixture start(Handler handler) {
            return new ConnectionFixture(this, handler);
        }
    }

    public final TestPeer peer;
    public final RecordingTransport transport;
    public final BufferBudget budget;

    private final CoarseClock clock = new CoarseClock();
    private final CompletableFuture<Connection> connection = new CompletableFuture<>();
    private final LinkedBlockingQueue<FutureTask<?>> tasks = new LinkedBlockingQueue<>();
    private final Thread thread;
    private volatile Throwable thrown;

    private ConnectionFixture(Setup setup, Handler handler) {
        MemoryTransport[] ends = MemoryTransport.pair(setup.capacity);
        peer = new TestPeer(ends[1], setup.role.receivesMasked());
        transport = new RecordingTransport(ends[0], setup.readLength, setup.parks);
        budget = setup.budget;
        BufferPool pool = setup.pool != null ? setup.pool : new BufferPool(1 << 14, budget);
        ConnectionServices services = new ConnectionServices(setup.role, setup.timeouts,
                new SendServices(setup.limits, clock, pool, setup.timer, this::hasNextFrame));
        HandshakeResult handshake = HandshakeResult.on("/", setup.extension);
        thread = setup.threads
                .start(() -> run(new InboundBuffer(transport, pool), handshake, services,
                        handler == null ? this::runTasks : handler));
    }

    /** The default settings, for what makes up a connection. */
    public static ConnectionServices services(BufferPool pool, ShortTimer timer) {
        return new ConnectionServices(Role.SERVER, TIMEOUTS,
                new SendServices(LIMITS, new CoarseClock(), pool, timer, sender -> false));
    }

    /** How the connection is to be. */
    public static Setup with() {
        return new Setup();
    }

    /** A server's connection with the default settings. */
    public static ConnectionFixture start(Handler handler) {
        return with().start(handler);
    }

    private void run(InboundBuffer input, HandshakeResult handshake, ConnectionServices services,
            Handler handler) {
        Connection created = new Connection(transport, input, 0, handshake, services);
        created.start(() -> {});
        connection.complete(created);
        CloseReason reason = new CloseReason(1000, "");
        try {
            handler.handle(created);
        } catch (ConnectionClosedException e) {
            thrown = e;
        } catch (Throwable e) {
            thrown = e;
            reason = new CloseReason(1011, "");
        }
        created.finish(reason);
    }

    private boolean hasNextFrame(Thread sender) {
        return sender == thread && connection().hasNextFrame();
    }

    /** The handler of a connection that was started without one: does what {@link #onOwner} asks for. */
    private void runTasks(Connection created) throws InterruptedException {
        FutureTask<?> task;
        do {
            task = tasks.take();
            task.run();
        } while (!task.isCancelled());
        if (thrown instanceof RuntimeException e) {
            throw e;
        }
    }

    /** Sends a ping or a pong with this payload, for which users have no method. */
    static void control(Connection connection, Opcode opcode, byte[] payload) throws IOException {
        try {
            connection.sender.control(opcode, () -> payload);
        } catch (IOException e) {
            throw connection.translated(e);
        }
    }

    /** Starts an action on a new virtual thread. */
    static FutureTask<Void> inThread(Callable<Void> action) {
        FutureTask<Void> task = new FutureTask<>(action);
        Thread.startVirtualThread(task);
        return task;
    }

    /** Sends 1,000 bytes, more than the network holds, on a new thread; returns when that thread waits. */
    FutureTask<Void> sendStuck() throws InterruptedException {
        FutureTask<Void> sending = inThread(() -> {
            connection().send(new byte[1000]);
            return null;
        });
        transport.awaitWriting();
        return sending;
    }

    /** Runs an action on the connection's thread, after its current work. */
    public <T> FutureTask<T> onOwner(Callable<T> action) {
        FutureTask<T> task = new FutureTask<>(action);
        tasks.add(task);
        return task;
    }

    /** Lets the handler return. */
    public void returns() {
        FutureTask<Void> last = new FutureTask<>(() -> null);
        last.cancel(false);
        tasks.add(last);
    }

    /** Lets the handler throw. */
    public void throwsUp() {
        onOwner(() -> thrown = new IllegalStateException("the handler's own"));
        returns();
    }

    /** Receives on the connection's thread until the end, and returns one word for each message. */
    public FutureTask<List<String>> receiveAll() {
        return onOwner(() -> {
            List<String> received = new ArrayList<>();
            try {
                Message message;
                do {
                    message = connection().receive();
                    received.add(word(message));
                } while (!(message instanceof Message.Close));
            } catch (IOException e) {
                received.add(e.getClass().getSimpleName());
            }
            return received;
        });
    }

    /** One word that says what a message is. */
    public static String word(Message message) {
        return switch (message) {
            case Message.Text text -> "text:" + text.text();
            case Message.Binary binary -> "binary:" + TestPeer.hex(binary.bytes());
            case Message.Close close -> "close";
        };
    }

    /** The connection. */
    public Connection connection() {
        return connection.join();
    }

    /** Waits for a condition that no thread signals. A test's timeout can end the wait. */
    public static void awaitUntil(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            Thread.onSpinWait();
        }
    }

    /** Waits until the connection's thread waits for bytes, all that were sent being read. */
    public void awaitReading() throws InterruptedException {
        transport.awaitReading(peer.sent());
    }

    /** Lets time pass, and the sweeper look. */
    public void pass(Duration time) {
        connection().sweep(ClockHand.move(clock, time));
    }

    /** The connection's own thread. */
    Thread thread() {
        return thread;
    }

    /** Waits until the connection has ended and its thread has finished. */
    public CloseStatus awaitEnd() throws InterruptedException {
        thread.join();
        return connection().known();
    }

    /** The exception that the handler threw. Waits for the end. */
    public Throwable thrown() throws InterruptedException {
        thread.join();
        return thrown;
    }

    /** Cuts the connection off. */
    @Override
    public void close() {
        peer.close();
        connection().abort();
        returns();
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new AssertionError("the connection did not end", e);
        }
    }
}
