package dev.weft.internal.connection;

import dev.weft.MessageType;
import dev.weft.PreparedMessage;
import dev.weft.SendResult;
import dev.weft.internal.PreparedMessageAccess;
import dev.weft.internal.StrictUtf8;
import dev.weft.internal.event.ConnectionEvents;
import dev.weft.parser.Opcode;
import dev.weft.parser.deflate.SharedMessage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;

/** Sends whole messages, from any thread. */
final class MessageSender {
    private MessageSender() {}

    static void send(Connection connection, String text) throws IOException {
        byte[] utf8 = StrictUtf8.encode(text);
        send(connection, Opcode.TEXT, utf8, 0, utf8.length);
    }

    static void send(Connection connection, MessageType type, byte[] array, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, array.length);
        send(connection, opcode(type), array, offset, offset + length);
    }

    static void send(Connection connection, ByteBuffer binary) throws IOException {
        if (binary.hasArray()) {
            int from = binary.arrayOffset() + binary.position();
            send(connection, Opcode.BINARY, binary.array(), from, from + binary.remaining());
        } else {
            byte[] copy = copy(binary);
            send(connection, Opcode.BINARY, copy, 0, copy.length);
        }
        binary.position(binary.limit());
    }

    private static byte[] copy(ByteBuffer buffer) {
        byte[] copy = new byte[buffer.remaining()];
        buffer.get(buffer.position(), copy);
        return copy;
    }

    private static void send(Connection connection, Opcode opcode, byte[] array, int from, int to) throws IOException {
        try {
            connection.sender.send(opcode, array, from, to, null, connection.hasNextFrame());
        } catch (IOException e) {
            throw connection.translated(e);
        }
    }

    static void send(Connection connection, PreparedMessage message) throws IOException {
        try {
            SharedMessage shared = PreparedMessageAccess.of(message);
            connection.sender.send(opcode(message.type()), shared.bytes(), 0, shared.bytes().length, shared,
                    connection.hasNextFrame());
        } catch (IOException e) {
            throw connection.translated(e);
        }
    }

    static SendResult trySend(Connection connection, String text) {
        byte[] utf8 = StrictUtf8.encode(text);
        return result(connection,
                connection.sender.attempt().run(Opcode.TEXT, utf8, 0, utf8.length, false));
    }

    static SendResult trySend(Connection connection, MessageType type, byte[] array, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, array.length);
        return result(connection,
                connection.sender.attempt().run(opcode(type), array, offset, offset + length, true));
    }

    static SendResult trySend(Connection connection, ByteBuffer binary) {
        SendResult result;
        if (binary.hasArray()) {
            result = trySend(connection, MessageType.BINARY, binary.array(), binary.arrayOffset() + binary.position(),
                    binary.remaining());
        } else {
            byte[] copy = copy(binary);
            result = result(connection,
                    connection.sender.attempt().run(Opcode.BINARY, copy, 0, copy.length, false));
        }
        if (result.isAccepted()) {
            binary.position(binary.limit());
        }
        return result;
    }

    static SendResult trySend(Connection connection, Object key, PreparedMessage message, boolean more) {
        return result(connection, connection.sender.attempt().run(key, opcode(message.type()),
                PreparedMessageAccess.of(message), more));
    }

    /** Counts the result of an attempt. */
    static SendResult result(Connection connection, SendResult result) {
        if (result == SendResult.PEER_BEHIND || result == SendResult.SERVER_FULL) {
            connection.services.pool().traffic().refusedSend(connection.transport.place(),
                    result == SendResult.SERVER_FULL);
            ConnectionEvents.get().queueFull(connection.services.role(), connection, result,
                    connection.sender.waitingBytes());
        }
        return FailedCallThrottle.count(connection, result);
    }

    static Opcode opcode(MessageType type) {
        return type == MessageType.TEXT ? Opcode.TEXT : Opcode.BINARY;
    }
}
