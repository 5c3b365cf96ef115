package dev.weft.attacks;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;

/** Binary messages that contain their sender and their number, which together determine all other bytes. */
final class Numbered {
    private static final int HEADER = 8;

    private Numbered() {}

    /** A message of this sender, of at least 8 bytes. */
    static byte[] message(int sender, int number, int length) {
        byte[] message = new byte[length];
        ByteBuffer.wrap(message).putInt(sender).putInt(number);
        for (int i = HEADER; i < length; i++) {
            message[i] = (byte) (sender * 31 + number * 7 + i);
        }
        return message;
    }

    static int sender(byte[] message) {
        return ByteBuffer.wrap(message).getInt();
    }

    /** The message's number; fails if any byte is not what the sender and the number say. */
    static int number(byte[] message) {
        int sender = sender(message);
        int number = ByteBuffer.wrap(message).getInt(4);
        for (int i = HEADER; i < message.length; i++) {
            if (message[i] != (byte) (sender * 31 + number * 7 + i)) {
                assertEquals((byte) (sender * 31 + number * 7 + i), message[i],
                        "byte " + i + " of message " + number + " of sender " + sender);
            }
        }
        return number;
    }
}
