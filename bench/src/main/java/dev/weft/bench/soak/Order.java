package dev.weft.bench.soak;

import java.nio.ByteBuffer;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A client's request to a {@link SoakHandler}, as a text message such as {@code soak STREAM 3 100 5000}: as order 3, stream 100
 * messages of up to 5,000 bytes. Orders are carried out concurrently. Each ends with the text {@code done 3 100}: 100 messages
 * were accepted, and all of them were sent before. After ABANDON and CLOSE, a Close frame is sent instead. All other messages
 * from the client are echoed.
 *
 * @param id of the order, unique on its connection
 * @param count how many messages; of CLOSE, the close code
 * @param length the most bytes of a message, at least {@value #HEADER}
 */
record Order(Verb verb, int id, int count, int length) {
    /** The action. */
    enum Verb {
        /** The handler's thread sends the messages. */
        SEND,
        /** The handler's thread sleeps for a while first. */
        SLEEP,
        /** The handler's thread computes for a while first. */
        COMPUTE,
        /** The handler's thread waits for a pong first. */
        PING,
        /** Another thread sends them. */
        SEND_ELSEWHERE,
        /** Another thread tries to send each until it is accepted. */
        TRY_AGAIN,
        /** Another thread tries to send each once. Some are rejected, and no other message replaces them. */
        TRY_ONCE,
        /** Another thread writes each as a stream. */
        STREAM,
        /** Another thread starts a message and abandons it: the connection fails with 1011. */
        ABANDON,
        /** Another thread closes with this code and {@link #REASON}. */
        CLOSE
    }

    /** The maximum time that a handler's thread sleeps or computes. */
    static final int LONGEST_MILLIS = 200;

    static final String REASON = "as ordered \u20ac";
    /** Of a message: its order and its number. */
    static final int HEADER = 8;

    private static final Pattern TEXT = Pattern.compile("soak ([A-Z_]+) (\\d{1,9}) (\\d{1,9}) (\\d{1,9})");
    private static final Pattern DONE = Pattern.compile("done (\\d{1,9}) (\\d{1,9})");

    /** The end of an order. */
    record Done(int id, int accepted) {
        /** Returns {@code null} if the text is not an order. */
        static Done parse(String text) {
            Matcher matcher = DONE.matcher(text);
            return matcher.matches()
                    ? new Done(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)))
                    : null;
        }

        @Override
        public String toString() {
            return "done " + id + " " + accepted;
        }
    }

    /** Returns {@code null} if the text is none. */
    static Order parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        return matcher.matches()
                ? new Order(Verb.valueOf(matcher.group(1)), Integer.parseInt(matcher.group(2)),
                        Integer.parseInt(matcher.group(3)), Integer.parseInt(matcher.group(4)))
                : null;
    }

    /** The time that the handler's thread sleeps or computes, in milliseconds. */
    int millis() {
        return length % (LONGEST_MILLIS + 1);
    }

    /** Whether the handler's thread carries it out. */
    boolean isForTheHandler() {
        return verb == Verb.SEND || verb == Verb.SLEEP || verb == Verb.COMPUTE || verb == Verb.PING;
    }

    /** The message with this number: the order determines its length and every byte. */
    byte[] message(int number) {
        RandomGenerator random = new java.util.SplittableRandom(((long) id << 32 | number) * 31 + length);
        byte[] message = new byte[HEADER + random.nextInt(length - HEADER + 1)];
        random.nextBytes(message);
        ByteBuffer.wrap(message).putInt(id).putInt(number);
        return message;
    }

    /** The message as text. */
    @Override
    public String toString() {
        return "soak " + verb + " " + id + " " + count + " " + length;
    }
}
