package dev.weft.nats;

import dev.weft.topics.BackplaneException;
import dev.weft.topics.BackplaneHistory;
import dev.weft.topics.BackplaneMessage;
import dev.weft.topics.Position;
import dev.weft.topics.TopicLimits;
import io.nats.client.Connection;
import io.nats.client.JetStream;
import io.nats.client.JetStreamApiException;
import io.nats.client.JetStreamManagement;
import io.nats.client.JetStreamOptions;
import io.nats.client.JetStreamStatusException;
import io.nats.client.JetStreamSubscription;
import io.nats.client.Message;
import io.nats.client.PushSubscribeOptions;
import io.nats.client.api.ClusterInfo;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.MessageGetRequest;
import io.nats.client.api.MessageInfo;
import io.nats.client.api.PublishAck;
import io.nats.client.api.Republish;
import io.nats.client.api.RetentionPolicy;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import io.nats.client.api.StreamInfo;
import io.nats.client.api.StreamInfoOptions;
import io.nats.client.api.StreamState;
import io.nats.client.api.Subject;
import io.nats.client.impl.Headers;
import java.io.IOException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The streams of JetStream: one for the messages of all topics, and one for members and nodes. A message gets the next sequence
 * number of the stream as its offset, and is then published again, with its own number and that of the message before it in the
 * same topic. For any thread; all methods wait for the server.
 */
final class Streams {
    private static final int NO_STREAM = 10059;
    private static final int NO_MESSAGE = 10037;
    private static final int TOO_LARGE = 10054;
    /** Of one server, or of a cluster since 2.11. */
    private static final Set<Integer> NOT_THE_LAST = Set.of(10071, 10164);

    /** How long the stream keeps a message, at least. */
    private static final Duration SHORTEST_KEEP = Duration.ofDays(1);
    private static final byte[] NOTHING = {};
    /** How often, within the timeout, a reader looks whether what it waits for is still there. */
    private static final int SILENCES = 10;

    private final Connection connection;
    private final JetStream stream;
    private final JetStreamManagement management;
    private final Subjects subjects;
    private final Duration timeout;
    private final Flush flush;
    private final String messages;
    private final String members;
    private volatile boolean missing;

    Streams(Connection connection, Subjects subjects, String prefix, Duration timeout) {
        JetStreamOptions options = JetStreamOptions.builder().requestTimeout(timeout).build();
        try {
            this.stream = connection.jetStream(options);
            this.management = connection.jetStreamManagement(options);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        this.connection = connection;
        this.subjects = subjects;
        this.timeout = timeout;
        this.flush = new Flush(connection);
        this.messages = prefix;
        this.members = prefix + "_members";
    }

    boolean isOf(Connection other) {
        return connection == other;
    }

    private interface Call<T> {
        T run() throws IOException, JetStreamApiException, InterruptedException;
    }

    /** What the server refuses has not been done; otherwise nobody knows. */
    private static <T> T ask(Call<T> call) {
        try {
            return call.run();
        } catch (JetStreamApiException e) {
            throw BackplaneException.notDone("JetStream refuses: " + e.getMessage(), e);
        } catch (IOException | IllegalStateException e) {
            throw BackplaneException.uncertain("NATS has not answered: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw BackplaneException.uncertain("interrupted while waiting for NATS", e);
        }
    }

    private Message request(String subject, @Nullable Headers headers, byte[] data) throws InterruptedException {
        try {
            return connection.requestWithTimeout(subject, headers, data, timeout).get(timeout.toNanos() * 2,
                    TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof JetStreamStatusException) {
                missing = true;
                throw BackplaneException.notDone("there is no JetStream for " + subject, e.getCause());
            }
            throw BackplaneException.uncertain("NATS has not answered: " + e.getCause(), e);
        } catch (TimeoutException | IllegalStateException e) {
            // A request that is cancelled is in an illegal state, too.
            throw BackplaneException.uncertain("NATS has not answered within " + timeout.toMillis() + " ms", e);
        }
    }

    private long publish(String subject, byte[] data) throws IOException, JetStreamApiException, InterruptedException {
        return new PublishAck(request(subject, null, data)).getSeqno();
    }

    /**
     * Publishes if the last message with the subject has this number, or, for 0, if there is none. Returns the number of the new
     * message, or 0 if none was published.
     */
    private long publishAfter(long last, String subject, byte[] data)
            throws IOException, JetStreamApiException, InterruptedException {
        try {
            Headers expected = new Headers().put("Nats-Expected-Last-Subject-Sequence", "" + last);
            return new PublishAck(request(subject, expected, data)).getSeqno();
        } catch (JetStreamApiException e) {
            if (NOT_THE_LAST.contains(e.getApiErrorCode())) {
                return 0;
            }
            throw e;
        }
    }

    /** Whether a stream was not there when a message was published. */
    boolean isMissing() {
        return missing;
    }

    // Messages.

    /**
     * A stream of messages.
     *
     * @param oldest     the offset of the first message that it still has
     * @param oldestTime when it got that message
     * @param newest     the offset of the last message that it has got
     * @param fragile    whether it is in the memory of one server of a cluster. After a restart of that server, it begins again
     *                   with the first offset, but has the same time of creation, which the cluster keeps.
     */
    record State(long epoch, long oldest, ZonedDateTime oldestTime, long newest, boolean fragile) {
        private static State of(StreamInfo info) {
            ClusterInfo cluster = info.getClusterInfo();
            boolean clustered = cluster != null && cluster.getName() != null && !cluster.getName().isEmpty();
            // Each making of a stream has another time.
            long epoch = info.getCreateTime().toEpochSecond() * 1_000_000_000L + info.getCreateTime().getNano();
            StreamState kept = info.getStreamState();
            return new State(epoch, kept.getFirstSequence(), kept.getFirstTime(), kept.getLastSequence(),
                    clustered && info.getConfiguration().getStorageType() == StorageType.Memory);
        }

        /** Whether this is the same stream as before, and has not begun again. */
        boolean continues(State before) {
            return epoch == before.epoch && !(fragile && hasBegunAgain(before));
        }

        private boolean hasBegunAgain(State before) {
            boolean hadMessages = before.oldest > 0 && before.oldest <= before.newest;
            return newest < before.newest
                    || hadMessages && oldest <= before.oldest && !oldestTime.equals(before.oldestTime);
        }
    }

    /** Makes the stream of messages if there is none. */
    State prepareMessages(TopicLimits limits, long size, int replicas) {
        // One more than is promised: the oldest one shows that nothing after it is missing.
        return prepare(messages, configuration(messages, replicas).subjects(subjects.allPlacing())
                .maxMessagesPerSubject(limits.historyLength() + 1L).maxBytes(size).maxAge(keepTime(limits))
                .republish(
                        Republish.builder().source(subjects.allPlacing()).destination(subjects.allChannels()).build())
                .build());
    }

    private static Duration keepTime(TopicLimits limits) {
        Duration twice = limits.historyTime().multipliedBy(2);
        return twice.compareTo(SHORTEST_KEEP) > 0 ? twice : SHORTEST_KEEP;
    }

    /** Makes the stream of members if there is none. */
    void prepareMembers(int replicas) {
        prepare(members, configuration(members, replicas).subjects(subjects.allMembers(), subjects.node("*"))
                .maxMessagesPerSubject(1).build());
    }

    private static StreamConfiguration.Builder configuration(String name, int replicas) {
        return StreamConfiguration.builder().name(name).replicas(replicas).retentionPolicy(RetentionPolicy.Limits)
                .storageType(replicas == 1 ? StorageType.Memory : StorageType.File);
    }

    private State prepare(String name, StreamConfiguration configuration) {
        return ask(() -> {
            request("$JS.API.INFO", null, NOTHING);
            missing = false;
            StreamInfo info;
            try {
                info = management.getStreamInfo(name);
            } catch (JetStreamApiException e) {
                if (e.getApiErrorCode() != NO_STREAM) {
                    throw e;
                }
                // Another node may do the same at the same time: then it is there already.
                info = management.addStream(configuration);
            }
            return State.of(info);
        });
    }

    /** The stream of messages as it is now. */
    State messages() {
        return ask(() -> State.of(management.getStreamInfo(messages)));
    }

    void deleteMessages() {
        ask(() -> management.deleteStream(messages));
    }

    /**
     * Publishes a message and returns its offset.
     *
     * @throws IllegalArgumentException if the stream accepts no message of this size
     */
    long place(String topic, byte[] message) {
        return ask(() -> {
            try {
                return publish(subjects.placing(topic), message);
            } catch (JetStreamApiException e) {
                if (e.getApiErrorCode() == TOO_LARGE) {
                    throw new IllegalArgumentException("the message has " + message.length
                            + " bytes with its key and what nodes add, more than max_msg_size of the stream", e);
                }
                throw e;
            }
        });
    }

    /**
     * Reads what a topic has after a position, or all that is kept. A topic without messages gets a mark, an empty message that
     * no node delivers, so that there is a position to come back to.
     */
    BackplaneHistory read(String topic, long epoch, @Nullable Position after) {
        String subject = subjects.placing(topic);
        return ask(() -> {
            MessageInfo last;
            while ((last = lastMessage(messages, subject)) == null) {
                // The topic may have got a message meanwhile.
                long mark = publishAfter(0, subject, NOTHING);
                if (mark > 0) {
                    return new BackplaneHistory(Position.of(epoch, mark), List.of(), after == null);
                }
            }
            boolean here = after != null && after.epoch() == epoch;
            if (here && after.offset() == last.getSeq()) {
                return new BackplaneHistory(after, List.of(), true);
            }
            long from = here ? after.offset() : 0;
            List<BackplaneMessage> wanted = new ArrayList<>();
            // Old messages go first: if one is kept that is not newer, so are all that are.
            boolean[] reaches = {after == null};
            long[] newest = {last.getSeq()};
            // Of the topic, marks included: somebody may come back to the position of a mark.
            long[] previous = {0};
            forEachTo(last.getSeq(), subject, each -> {
                long offset = each.metaData().streamSequence();
                if (offset <= from) {
                    reaches[0] = true;
                    previous[0] = from;
                } else {
                    if (each.getData().length > 0) {
                        wanted.add(BackplaneMessage.decode(topic, each.getData()).at(Position.of(epoch, offset),
                                previous[0] > 0 ? previous[0] : offset - 1));
                    }
                    previous[0] = offset;
                }
                newest[0] = Math.max(newest[0], offset);
            });
            boolean complete = reaches[0] && from <= newest[0];
            return new BackplaneHistory(Position.of(epoch, newest[0]), wanted, complete);
        });
    }

    /** Asks the leader of the stream: a replica may not have the last message yet. */
    private @Nullable MessageInfo lastMessage(String name, String subject)
            throws IOException, JetStreamApiException, InterruptedException {
        try {
            Message answer = request("$JS.API.STREAM.MSG.GET." + name, null,
                    MessageGetRequest.lastForSubject(subject).serialize());
            return new MessageInfo(answer, name, false).throwOnHasError();
        } catch (JetStreamApiException e) {
            if (e.getApiErrorCode() == NO_MESSAGE) {
                return null;
            }
            throw e;
        }
    }

    /**
     * All messages of a topic up to the one with this number, in their order, and perhaps newer ones. How many there are is not
     * asked: some may be removed meanwhile.
     */
    private void forEachTo(long last, String subject, Consumer<Message> action)
            throws IOException, JetStreamApiException, InterruptedException {
        PushSubscribeOptions options = PushSubscribeOptions.builder().stream(messages).ordered(true)
                .configuration(ConsumerConfiguration.builder().deliverPolicy(DeliverPolicy.All).build()).build();
        JetStreamSubscription reader = stream.subscribe(subject, options);
        try {
            readTo(last, reader, subject, action);
        } finally {
            reader.unsubscribe();
        }
    }

    private void readTo(long last, JetStreamSubscription reader, String subject, Consumer<Message> action)
            throws IOException, JetStreamApiException, InterruptedException {
        long reached = 0;
        long end = System.nanoTime() + timeout.toNanos();
        while (reached < last) {
            Message message = reader.nextMessage(timeout.dividedBy(SILENCES));
            boolean seemsOver = message == null;
            if (message != null) {
                action.accept(message);
                reached = message.metaData().streamSequence();
                seemsOver = message.metaData().pendingCount() == 0;
                end = System.nanoTime() + timeout.toNanos();
            }
            if (reached < last && seemsOver && isRemoved(reached, subject)) {
                return;
            }
            if (System.nanoTime() - end > 0) {
                throw new IOException("timeout while reading a stream");
            }
        }
    }

    /** Whether all messages of a topic after this one have been removed. */
    private boolean isRemoved(long after, String subject)
            throws IOException, JetStreamApiException, InterruptedException {
        MessageInfo last = lastMessage(messages, subject);
        return last == null || last.getSeq() <= after;
    }

    // Members and nodes.

    /**
     * The subjects in the stream of members that match. If there are at most 100,000, they are all as they are at one moment; for
     * each further 100,000, the client asks again.
     */
    Set<String> subjects(String filter) {
        return ask(() -> management.getStreamInfo(members, StreamInfoOptions.filterSubjects(filter)).getStreamState()
                // In their map, the client has only those of the first answer.
                .getSubjects().stream().map(Subject::getName).collect(Collectors.toUnmodifiableSet()));
    }

    /** Publishes what no stream keeps. Does not wait, unless for the network. */
    void pass(String subject, byte[] data) {
        ask(() -> {
            connection.publish(subject, data);
            return null;
        });
    }

    /** Waits until the server has done all that it was sent before: at most the timeout. */
    void flush() {
        flush(timeout);
    }

    /** Waits until the server has done all that it was sent before, no longer than this. */
    void flush(Duration longest) {
        ask(() -> {
            flush.await(longest);
            return null;
        });
    }

    /** The value of a subject in the stream of members, or {@code null}. */
    @Nullable
    MessageInfo get(String subject) {
        return ask(() -> lastMessage(members, subject));
    }

    /** Returns the number of the value in the stream of members. */
    long set(String subject, byte[] value) {
        return ask(() -> publish(subject, value));
    }

    /** Sets a value if the one before it has this number. Returns its number, or 0 if it is not set. */
    long setAfter(long last, String subject, byte[] value) {
        return ask(() -> publishAfter(last, subject, value));
    }

    /** Returns whether it was there. */
    boolean remove(String subject) {
        return removeBefore(Long.MAX_VALUE, subject);
    }

    /** Removes the value of a subject if its number is lower than this one. Returns whether it was there, and lower. */
    boolean removeBefore(long number, String subject) {
        return ask(() -> {
            MessageInfo last = lastMessage(members, subject);
            if (last == null || last.getSeq() >= number) {
                return false;
            }
            try {
                return management.deleteMessage(members, last.getSeq(), false);
            } catch (JetStreamApiException e) {
                MessageInfo now = lastMessage(members, subject);
                if (now != null && now.getSeq() == last.getSeq()) {
                    throw e;
                }
                // Meanwhile, somebody else has removed it, or there is a newer one.
                return false;
            }
        });
    }
}
