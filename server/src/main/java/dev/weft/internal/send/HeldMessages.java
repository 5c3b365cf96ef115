package dev.weft.internal.send;

import dev.weft.parser.Opcode;
import dev.weft.parser.deflate.SharedMessage;
import java.io.IOException;
import java.util.Arrays;

/**
 * Messages for several connections that one of them holds back, without their frames. In a large room, each connection would
 * otherwise borrow a buffer for a few messages that all have in common.
 */
final class HeldMessages {
    private static final int FIRST = 4;
    /** As many as {@link #texts} has bits. */
    private static final int MOST = Long.SIZE;

    private SharedMessage[] messages = new SharedMessage[FIRST];
    private int count;
    /** A bit for each message: whether it is text. */
    private long texts;
    private int bytes;

    /** Whether no message can be added. */
    boolean isFull() {
        return count == MOST;
    }

    /**
     * Adds a message.
     *
     * @param frameLength the length of its frame, at the most
     */
    void add(Opcode opcode, SharedMessage message, int frameLength) {
        if (count == messages.length) {
            messages = Arrays.copyOf(messages, 4 * count);
        }
        messages[count] = message;
        if (opcode == Opcode.TEXT) {
            texts |= 1L << count;
        }
        count++;
        bytes += frameLength;
    }

    /** Builds the frames of all messages. If that fails, the connection ends: the messages have been accepted. */
    void buildIn(FrameBuffer buffer, boolean wait) throws IOException {
        boolean built = false;
        try {
            for (int i = 0; i < count; i++) {
                Opcode opcode = (texts >>> i & 1) == 1 ? Opcode.TEXT : Opcode.BINARY;
                byte[] payload = messages[i].bytes();
                buffer.message(opcode, payload, 0, payload.length, messages[i], false, wait);
            }
            built = true;
        } finally {
            if (!built) {
                buffer.breakOff("an accepted message could not be sent", null);
            }
        }
    }

    /** The number of bytes of all frames, at the most. */
    int bytes() {
        return bytes;
    }
}
