package dev.weft.nats;

import dev.weft.topics.Backplane;
import dev.weft.topics.BackplaneException;
import dev.weft.topics.BackplaneHealth;
import dev.weft.topics.BackplaneHistory;
import dev.weft.topics.BackplaneMessage;
import dev.weft.topics.Position;
import dev.weft.topics.TopicLimits;
import io.nats.client.Connection;
import io.nats.client.ConnectionListener;
import io.nats.client.Consumer;
import io.nats.client.Dispatcher;
import io.nats.client.ErrorListener;
import io.nats.client.Message;
import io.nats.client.Nats;
import io.nats.client.Options;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Connects the topics of several processes by a NATS server or cluster, version 2.9 or later. For any thread. {@snippet
 * class = "dev.weft.nats.Snippets" region = "nats"} If topics have a history, messages are published to a stream of
 * JetStream, which gives them positions and publishes them again. Without a history, they are published by core NATS,
 * and publishing waits only while 5,000 messages wait for the network. Presence needs JetStream, too. In both cases, a
 * node gets messages by subscriptions of core NATS to the topics and filters of its connections.
 * <p>
 * With {@link Builder#replicas} 1, which is the default, streams are in the memory of the server: after its restart,
 * each topic begins with a new epoch. With more, they are in the files of that number of servers, and survive as long
 * as a majority of these does. Use 3 on a cluster: with 1, the cluster continues without the server that had the
 * stream, and nodes detect only by the offsets that the messages of the stream are lost.
 * <p>
 * <b>Messages</b> may have as many bytes as {@code max_payload} of the server, by default 1 MiB, or {@code max_msg_size} of an
 * existing stream, less the key and about 30 bytes. Larger ones are refused with {@link dev.weft.topics.TopicException.Reason#MESSAGE_TOO_LARGE}.
 * <p>
 * <b>Permissions.</b> A subscription that the server refuses fails. If it refuses a publication without a history, {@code
 * publish} returns normally, and a warning is logged.
 * <p>
 * <b>Members</b> whose names are too long are not listed, and a warning is logged: the names of a topic and a member may have
 * 3,700 bytes together. ASCII letters and digits, hyphens and underscores count as one byte, and each byte of other characters
 * in UTF-8 as three.
 */
public final class NatsBackplane implements Backplane {
    private static final Logger LOGGER = System.getLogger("dev.weft.nats");
    private static final Duration PAUSE = Duration.ofMillis(100);
    private static final Duration LONG = Duration.ofSeconds(10);

    /** A copy, which nobody changes. */
    private final Builder settings;
    private final Subjects subjects;
    private final Members members;
    private final Nodes nodes;
    private final Subscriptions subscriptions;
    private final Offsets offsets;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    // Guarded by the lock; the rest is also read without it.
    private boolean ended;

    private volatile @Nullable Connection connection;
    /** Whether the client of NATS has given up, and connects no more. */
    private volatile boolean clientEnded;
    /** Whether this was closed while the client had not reported anything yet, and so was not known. */
    private volatile boolean closed;
    private volatile @Nullable Streams streams;
    /** Whether the epoch is that of the stream to which this is connected, and messages are passed. */
    private volatile boolean ready;
    private volatile String detail = "not started";
    private volatile TopicLimits limits = TopicLimits.DEFAULT;
    private volatile @Nullable Receiver receiver;
    private volatile @Nullable Outages outages;
    private @Nullable Thread supervisor;

    // For the thread that receives.
    /** How many messages the client has dropped so far. */
    private long dropped;
    /** The number of the last message that it has kept before; 0 after that was received. */
    private long lastKept;

    private NatsBackplane(Builder builder) {
        this.settings = new Builder(builder);
        this.subjects = new Subjects(builder.prefix);
        String node = Long.toUnsignedString(ThreadLocalRandom.current().nextLong(), 36);
        this.members = new Members(subjects, node);
        this.nodes = new Nodes(subjects, members, node, builder.nodeTimeout, builder.replicas);
        this.subscriptions = new Subscriptions(subjects, builder.timeout, this::lost);
        this.offsets = new Offsets(builder.prefix, builder.streamSize, builder.replicas, this::wakeSupervisor);
    }

    /** Returns a builder for one or more servers of a cluster, for example {@code nats://user:password@10.0.0.5:4222}. */
    public static Builder builder(String... uris) {
        return new Builder(uris);
    }

    // The connection. The client of NATS connects again by itself, and then renews its subscriptions.

    @Override
    public void start(TopicLimits topicLimits, Receiver told) {
        lock.lock();
        try {
            if (receiver != null) {
                throw new IllegalStateException("a backplane is started once");
            }
            receiver = told;
            outages = new Outages(told, () -> ready);
            limits = topicLimits;
        } finally {
            lock.unlock();
        }
        connect();
        supervisor = Thread.ofVirtual().name("weft-nats").start(this::supervise);
        long end = System.nanoTime() + settings.timeout.toNanos();
        lock.lock();
        try {
            long left;
            while (!ready && (left = end - System.nanoTime()) > 0) {
                changed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            if (!ready) {
                outages.lost();
            }
            lock.unlock();
        }
        outages.tell();
    }

    /** Begins to connect, and does not wait. */
    private void connect() {
        Options options = settings.options().connectionListener(this::connectionEvent)
                .errorListener(new Errors(subscriptions.beginAnew())).build();
        boolean begun = false;
        clientEnded = false;
        try {
            Nats.connectAsynchronously(options, true);
            begun = true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            clientEnded |= !begun;
        }
    }

    /** The client has given up, for example because the server has refused its password twice. */
    private void connectAgain() {
        connection = null;
        connect();
    }

    private void connectionEvent(Connection current, ConnectionListener.Events event) {
        switch (event) {
            case CLOSED -> {
                lost("disconnected: " + current.getLastError());
                // This is its last event.
                clientEnded = true;
            }
            case DISCONNECTED -> {
                // Also while it has never been connected.
                connection = current;
                lost("disconnected: " + current.getLastError());
            }
            // After a first attempt that has failed, the event is the same as after an interruption.
            default -> connection = current;
        }
        if (closed && event != ConnectionListener.Events.CLOSED) {
            Thread.ofVirtual().name("weft-nats-close").start(() -> close(current));
        }
        wakeSupervisor();
    }

    private static void close(Connection connection) {
        try {
            connection.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private final class Errors implements ErrorListener {
        private final Refusals refused;
        private volatile long warnAgain = System.nanoTime();

        Errors(Refusals refused) {
            this.refused = refused;
        }

        @Override
        public void errorOccurred(Connection current, String error) {
            boolean warned = refused.reported(error) && System.nanoTime() - warnAgain >= 0;
            if (warned) {
                // Otherwise there may be one for each message.
                warnAgain = System.nanoTime() + LONG.toNanos();
            }
            LOGGER.log(warned ? Level.WARNING : Level.DEBUG, "NATS: {0}", error);
        }

        @Override
        public void exceptionOccurred(Connection current, Exception failure) {
            LOGGER.log(Level.DEBUG, "NATS", failure);
        }

        @Override
        public void slowConsumerDetected(Connection current, Consumer consumer) {
            // Messages were dropped.
            outages.suspect();
            wakeSupervisor();
        }
    }

    private void wakeSupervisor() {
        lock.lock();
        try {
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void lost(String why) {
        lock.lock();
        try {
            detail = why;
            if (ready) {
                ready = false;
                if (!ended) {
                    outages.lost();
                }
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
        outages.tell();
    }

    private void supervise() {
        while (true) {
            try {
                if (clientEnded) {
                    connectAgain();
                }
                Connection current = connection;
                if (current != null && current.getStatus() == Connection.Status.CONNECTED) {
                    if (ready) {
                        watch();
                    } else {
                        prepare(current);
                    }
                    outages.tell();
                }
            } catch (Throwable e) {
                // An Error, too: without this thread, the broker would be away for good.
                failed(e);
            }
            lock.lock();
            try {
                if (ended) {
                    return;
                }
                changed.awaitNanos((ready ? settings.nodeTimeout.dividedBy(6) : PAUSE).toNanos());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } finally {
                lock.unlock();
            }
        }
    }

    private void failed(Throwable failure) {
        try {
            lost(String.valueOf(failure.getMessage()));
            Level level = failure instanceof Error ? Level.WARNING : Level.DEBUG;
            LOGGER.log(level, "NATS does not do its work", failure);
        } catch (Throwable again) {
            // What this has to say cannot be said, for example because the heap is full. The supervisor tries again.
            detail = "failed";
        }
    }

    /** Looks after what may have gone wrong although the connection stands. */
    private void watch() {
        boolean mayHaveMissed = limits.historyLength() > 0 && offsets.mayHaveMissed(streams);
        if (nodes.beat(streams, receiver) || mayHaveMissed) {
            outages.suspect();
        }
    }

    /** Prepares a new connection. */
    private void prepare(Connection current) {
        if (streams == null || !streams.isOf(current)) {
            streams = new Streams(current, subjects, settings.prefix, settings.timeout);
            current.createDispatcher(nodes::received).subscribe(subjects.node("*"));
        }
        subscriptions.renew(current, this::received);
        streams.flush();
        if (limits.historyLength() > 0) {
            offsets.begin(streams, limits);
        }
        nodes.begin(streams);
        lock.lock();
        try {
            ready = true;
            detail = "connected to " + current.getConnectedUrl();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private Connection connected() {
        Connection current = connection;
        if (!ready || current == null || current.getStatus() != Connection.Status.CONNECTED) {
            throw BackplaneException.notDone("not connected to NATS: " + detail);
        }
        return current;
    }

    // Messages.

    /** Called on a thread of the client, for one message after the other. */
    private void received(Message message) {
        try {
            pass(message);
        } finally {
            Dispatcher from = message.getSubscription().getDispatcher();
            // None if the subscription has just ended.
            if (from != null) {
                tellIfDropped(from);
            }
        }
    }

    /**
     * The client reports only that it begins to drop messages. After the last message that it has kept before the last one that
     * it has dropped, the node is told again.
     */
    private void tellIfDropped(Dispatcher from) {
        long now = from.getDroppedCount();
        if (now != dropped) {
            dropped = now;
            lastKept = from.getDeliveredCount() + from.getPendingMessageCount();
        }
        if (lastKept > 0 && from.getDeliveredCount() >= lastKept) {
            lastKept = 0;
            outages.suspect();
            outages.tell();
        }
    }

    private void pass(Message message) {
        if (!ready) {
            // The epoch may be another one now; once that is known, everything is compared.
            return;
        }
        byte[] data = message.getData();
        if (data.length == 0) {
            return;
        }
        try {
            String topic = subjects.topicOf(message.getSubject());
            if (Members.isNotice(data)) {
                members.noticed(topic, data, receiver);
                return;
            }
            BackplaneMessage passed = BackplaneMessage.decode(topic, data);
            if (limits.historyLength() > 0) {
                passed = offsets.placed(passed, message);
            }
            receiver.received(passed);
        } catch (RuntimeException e) {
            LOGGER.log(Level.WARNING, "a message from NATS cannot be read", e);
        } catch (Error e) {
            // The message is lost.
            outages.suspect();
            wakeSupervisor();
            throw e;
        }
    }

    @Override
    public Position publish(BackplaneMessage message) {
        Connection current = connected();
        byte[] encoded = message.encode();
        long most = current.getMaxPayload();
        if (most > 0 && encoded.length > most) {
            throw new IllegalArgumentException("the message has " + encoded.length
                    + " bytes with its key and what nodes add, more than max_payload of the NATS server: " + most);
        }
        if (limits.historyLength() > 0) {
            return place(message.topic(), encoded);
        }
        Sending.send(() -> current.publish(subjects.channel(message.topic()), encoded));
        return Position.of(0, 0);
    }

    private Position place(String topic, byte[] message) {
        try {
            return offsets.place(streams, topic, message);
        } catch (BackplaneException e) {
            if (offsets.isOver() || streams.isMissing()) {
                // A server has lost it, or somebody has deleted it; the supervisor makes another one.
                lost(e.getMessage());
            }
            throw e;
        }
    }

    // Subscriptions and histories.

    @Override
    public void subscribe(String filter) {
        subscriptions.add(filter, longest -> {
            Connection current = connected();
            streams.flush(longest);
            return current;
        });
    }

    @Override
    public void unsubscribe(String filter) {
        subscriptions.remove(filter);
    }

    @Override
    public BackplaneHistory read(String topic) {
        connected();
        return streams.read(topic, offsets.epoch(), null);
    }

    @Override
    public BackplaneHistory readAfter(String topic, Position position) {
        connected();
        return streams.read(topic, offsets.epoch(), position);
    }

    // Presence.

    @Override
    public boolean present(String topic, String member, int connections) {
        connected();
        return members.present(streams, topic, member, connections);
    }

    @Override
    public Map<String, Integer> presence(String topic) {
        connected();
        return members.of(streams, topic);
    }

    @Override
    public BackplaneHealth health() {
        return new BackplaneHealth(ready, detail);
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (ended) {
                return;
            }
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        // Also on a thread that is interrupted: otherwise the connection would stay.
        boolean interrupted = Thread.interrupted();
        try {
            if (supervisor != null) {
                supervisor.join(settings.timeout.multipliedBy(4));
            }
            Connection last = connection;
            if (last == null) {
                closed = true;
                last = connection;
            }
            if (last != null) {
                nodes.leave(last, settings.timeout);
                ready = false;
                last.close();
            }
        } catch (InterruptedException e) {
            interrupted = true;
            closed = true;
            Connection left = connection;
            if (left != null) {
                Thread.ofVirtual().name("weft-nats-close").start(() -> close(left));
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        ready = false;
        detail = "closed";
    }

    /** Builds a backplane. A method that is given a value out of bounds throws an exception that names it. Not thread-safe. */
    public static final class Builder {
        private static final Duration SHORTEST = Duration.ofMillis(10);
        private static final Duration LONGEST = Duration.ofMinutes(5);
        /** Two of the client, and one of {@link Flush}: with more unanswered ones, the client gives up the connection. */
        private static final int MOST_PINGS = 3;

        private final String[] uris;
        private String prefix = "weft";
        private Duration timeout = Duration.ofSeconds(2);
        private Duration nodeTimeout = Duration.ofSeconds(10);
        private int replicas = 1;
        private long streamSize = 256L << 20;

        private Builder(String... uris) {
            this.uris = uris.clone();
        }

        private Builder(Builder other) {
            this.uris = other.uris;
            this.prefix = other.prefix;
            this.timeout = other.timeout;
            this.nodeTimeout = other.nodeTimeout;
            this.replicas = other.replicas;
            this.streamSize = other.streamSize;
        }

        private Options.Builder options() {
            // Nothing is kept for later while there is no connection: publishing fails instead.
            return new Options.Builder().servers(uris).connectionTimeout(timeout).maxReconnects(-1)
                    .reconnectWait(Duration.ofMillis(100)).reconnectJitter(Duration.ofMillis(100))
                    .reconnectBufferSize(0)
                    .pingInterval(timeout.dividedBy(2)).maxPingsOut(MOST_PINGS).reportNoResponders()
                    .writeQueuePushTimeout(timeout);
        }

        /**
         * Sets the prefix of the names of all subjects and streams: letters and digits of ASCII, hyphens, underscores.
         * Nodes that use the same NATS with the same prefix form a group. Default {@code weft}.
         */
        public Builder prefix(String value) {
            if (!value.matches("[A-Za-z0-9_-]{1,32}")) {
                throw new IllegalArgumentException("prefix is not 1 to 32 letters, digits, '-' and '_': " + value);
            }
            prefix = value;
            return this;
        }

        /** Sets how long each operation waits for NATS: 10 ms to 5 minutes. Default 2 seconds. */
        public Builder timeout(Duration time) {
            timeout = checked("timeout", time);
            return this;
        }

        /**
         * Sets the time without a heartbeat after which a node counts as dead, and its members as gone: 10 ms to 5 minutes. All
         * nodes should have the same value. Default 10 seconds.
         */
        public Builder nodeTimeout(Duration time) {
            nodeTimeout = checked("nodeTimeout", time);
            return this;
        }

        /**
         * Sets how many servers of a cluster keep the streams: 1 to 5. Default 1, which is for a single server. Applies to
         * streams that do not exist yet.
         */
        public Builder replicas(int count) {
            if (count < 1 || count > 5) {
                throw new IllegalArgumentException("replicas is " + count + ", not 1 to 5");
            }
            replicas = count;
            return this;
        }

        /**
         * Sets the maximum number of bytes of the histories of all topics in NATS: 1 MiB or more. Default 256 MiB. The
         * oldest messages are dropped. Applies to a stream that does not exist yet.
         */
        public Builder streamSize(long bytes) {
            if (bytes < 1 << 20) {
                throw new IllegalArgumentException("streamSize is " + bytes + ", less than 1048576");
            }
            streamSize = bytes;
            return this;
        }

        private static Duration checked(String name, Duration time) {
            Objects.requireNonNull(time);
            if (time.compareTo(SHORTEST) < 0 || time.compareTo(LONGEST) > 0) {
                throw new IllegalArgumentException(name + " is " + time + ", not " + SHORTEST + " to " + LONGEST);
            }
            return time;
        }

        /**
         * Returns the backplane, for one {@link dev.weft.topics.Topics}. It connects only when the topics are built.
         */
        public NatsBackplane build() {
            return new NatsBackplane(this);
        }
    }
}
