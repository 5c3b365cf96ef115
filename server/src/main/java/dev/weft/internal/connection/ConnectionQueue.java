package dev.weft.internal.connection;

import dev.weft.OverflowPolicy;
import dev.weft.PreparedMessage;
import dev.weft.SendQueue;
import dev.weft.SendResult;
import dev.weft.internal.StrictUtf8;
import dev.weft.parser.Opcode;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;

/** A connection's queue, as the application sees it. It has no state of its own. */
record ConnectionQueue(Connection connection) implements SendQueue {
    @Override
    public SendResult trySendLatest(Object key, String text) {
        Objects.requireNonNull(key, "key");
        byte[] utf8 = StrictUtf8.encode(text);
        return count(connection.sender.attempt().runLatest(key, Opcode.TEXT, utf8, false));
    }

    @Override
    public SendResult trySendLatest(Object key, byte[] binary) {
        Objects.requireNonNull(key, "key");
        return count(connection.sender.attempt().runLatest(key, Opcode.BINARY, binary, true));
    }

    @Override
    public SendResult trySendLatest(Object key, PreparedMessage message) {
        Objects.requireNonNull(key, "key");
        return connection.trySend(key, message, false);
    }

    private SendResult count(SendResult result) {
        return MessageSender.result(connection, result);
    }

    @Override
    public void flush() throws IOException {
        try {
            connection.sender.queued().flush();
        } catch (IOException e) {
            throw connection.translated(e);
        }
    }

    @Override
    public Duration barrier(Duration timeout) throws IOException {
        return PingSender.barrier(connection, timeout);
    }

    @Override
    public long queuedBytes() {
        return connection.sender.queued().bytes();
    }

    @Override
    public long droppedMessages() {
        return connection.sender.queued().dropped();
    }

    @Override
    public long replacedMessages() {
        return connection.sender.queued().replaced();
    }

    @Override
    public void onDrained(Runnable action) {
        connection.sender.queued().onDrained(Objects.requireNonNull(action, "action"));
    }

    @Override
    public void overflowPolicy(OverflowPolicy policy) {
        connection.sender.queued().policy(Objects.requireNonNull(policy, "policy"));
    }
}
