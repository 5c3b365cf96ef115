package dev.weft.internal.send;

import dev.weft.parser.FrameParser;
import dev.weft.parser.Opcode;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Role;
import java.nio.ByteBuffer;
import java.util.BitSet;

/**
 * What the peer of a stressed sender has received. Parses every byte, and checks what can be checked at once: frames are
 * whole, and fragments of two messages are not mixed (the parser sees to both); the messages of each sender have their
 * content and are in order; pongs are in order, and are left out only 16 at a time; nothing follows the Close frame.
 * <p>
 * A message says in its first bytes which sender's it is, its number, and its length; the others follow from these.
 */
final class ReceivedFrames {
    /** The least length of a message. */
    static final int HEAD = 9;
    /** Of more pongs that wait only the newest is kept. */
    private static final int MOST_PONGS = 16;

    private final FrameParser parser;
    private final BitSet[] messages;
    private final int[] lastPing;
    private int lastPong = -1;
    private boolean closed;
    private int count;

    private ByteBuffer message = ByteBuffer.allocate(64);
    private ByteBuffer control = ByteBuffer.allocate(125);

    ReceivedFrames(Role senderRole, int senders) {
        this.parser = new FrameParser(senderRole.sendsMasked() ? Role.SERVER : Role.CLIENT, 1 << 20);
        this.messages = new BitSet[senders];
        this.lastPing = new int[senders];
        for (int i = 0; i < senders; i++) {
            messages[i] = new BitSet();
            lastPing[i] = -1;
        }
    }

    /** A message. */
    static byte[] message(int sender, int number, int length) {
        byte[] bytes = new byte[length];
        ByteBuffer.wrap(bytes).put((byte) sender).putInt(number).putInt(length);
        for (int i = HEAD; i < length; i++) {
            bytes[i] = content(sender, number, i);
        }
        return bytes;
    }

    private static byte content(int sender, int number, int at) {
        return (byte) (sender * 41 + number * 7 + at + (at >>> 8) * 13);
    }

    /** The payload of a ping of this sender. */
    static byte[] ping(int sender, int number) {
        return ByteBuffer.allocate(5).put((byte) sender).putInt(number).array();
    }

    /** The payload of a pong; all have one sender. */
    static byte[] pong(int number) {
        return ByteBuffer.allocate(4).putInt(number).array();
    }

    /** Whether a message arrived. */
    synchronized boolean hasMessage(int sender, int number) {
        return messages[sender].get(number);
    }

    /** The last ping of this sender that arrived. */
    synchronized int lastPing(int sender) {
        return lastPing[sender];
    }

    /** The last pong that arrived. */
    synchronized int lastPong() {
        return lastPong;
    }

    /** Whether the Close frame arrived. */
    synchronized boolean isClosed() {
        return closed;
    }

    /** The number of frames so far. */
    synchronized int count() {
        return count;
    }

    /** Whether what arrived ends where a frame ends. */
    synchronized boolean isAtFrameBoundary() {
        return parser.atFrameBoundary();
    }

    /** Takes bytes in, and checks them. */
    synchronized void take(byte[] bytes) {
        check(!closed || bytes.length == 0, "bytes after the Close frame");
        parser.feed(bytes, 0, bytes.length);
        try {
            while (true) {
                switch (parser.next()) {
                    case FRAME -> {
                        payload();
                        frameEnds();
                    }
                    case PAYLOAD -> payload();
                    case FRAME_END -> frameEnds();
                    case FRAME_START -> {
                    }
                    case NEED_INPUT -> {
                        return;
                    }
                }
            }
        } catch (ProtocolViolationException e) {
            throw new AssertionError("the sender broke the framing", e);
        }
    }

    private void payload() {
        boolean ofMessage = !parser.opcode().isControl();
        ByteBuffer target = ofMessage ? message : control;
        if (target.remaining() < parser.payloadLength()) {
            check(ofMessage, "a long control frame");
            int length = message.position() + parser.payloadLength();
            message = ByteBuffer.allocate(2 * length).put(message.flip());
            target = message;
        }
        target.put(parser.array(), parser.payloadOffset(), parser.payloadLength());
    }

    private void frameEnds() {
        check(!closed, "a frame after the Close frame");
        count++;
        if (!parser.opcode().isControl()) {
            if (parser.fin()) {
                messageEnds(message.flip());
                message.clear();
            }
            return;
        }
        control.flip();
        switch (parser.opcode()) {
            case PING -> pingArrives(control.get(), control.getInt());
            case PONG -> pongArrives(control.getInt());
            default -> closed = parser.opcode() == Opcode.CLOSE;
        }
        control.clear();
    }

    private void messageEnds(ByteBuffer whole) {
        int length = whole.remaining();
        check(length >= HEAD, "a message of " + length + " bytes");
        int sender = whole.get();
        int number = whole.getInt();
        check(sender >= 0 && sender < messages.length, "a message of no sender");
        check(whole.getInt() == length, "a message of the wrong length");
        for (int i = HEAD; i < length; i++) {
            check(whole.get() == content(sender, number, i), "wrong content");
        }
        int last = messages[sender].length() - 1;
        check(number > last, "message " + number + " of sender " + sender + " after its message " + last);
        messages[sender].set(number);
    }

    private void pingArrives(int sender, int number) {
        check(number > lastPing[sender], "ping " + number + " after ping " + lastPing[sender]);
        lastPing[sender] = number;
    }

    private void pongArrives(int number) {
        check(number > lastPong, "pong " + number + " after pong " + lastPong);
        check((number - lastPong - 1) % MOST_PONGS == 0,
                "pong " + number + " after pong " + lastPong + ", none between");
        lastPong = number;
    }

    private static void check(boolean good, String what) {
        if (!good) {
            throw new AssertionError(what);
        }
    }
}
