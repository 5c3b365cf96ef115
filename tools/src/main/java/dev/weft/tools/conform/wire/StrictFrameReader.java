package dev.weft.tools.conform.wire;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.parser.CloseCode;
import dev.weft.parser.FrameHeader;
import dev.weft.parser.Opcode;
import dev.weft.tools.conform.deflate.WindowInflater;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Reads what the program under test sends, as strictly as its peer may (RFC 6455 §5, RFC 7692 §6): each violation throws a
 * {@link Failure}. Not thread-safe.
 */
final class StrictFrameReader {
    private final DataInputStream in;
    private final Side sender;
    private final Transcript transcript;
    private final AgreedParameters agreement;
    private final WindowInflater inflater;
    private final long maxMessage;

    private int messageOpcode = -1;
    private boolean compressed;
    private final Queue<Integer> maskingKeys = new ConcurrentLinkedQueue<>();
    private ByteArrayOutputStream message = new ByteArrayOutputStream();

    StrictFrameReader(InputStream in, Side sender, AgreedParameters agreement, long maxMessage, Transcript transcript) {
        this.in = new DataInputStream(in);
        this.sender = sender;
        this.agreement = agreement;
        this.inflater = agreement == null ? null : new WindowInflater(agreement.bits(sender));
        this.maxMessage = maxMessage;
        this.transcript = transcript;
    }

    /**
     * Reads to the end of the next message or control frame.
     *
     * @return the message or frame; for a Ping, its payload is in {@code ping}
     */
    Received read() throws IOException {
        while (true) {
            int first = in.read();
            if (first < 0) {
                return new Received(new Event.End(false), null);
            }
            Frame frame;
            try {
                frame = readFrame(first);
            } catch (EOFException e) {
                throw new Failure("TCP ended inside a frame");
            }
            transcript.received(frame);
            if (frame.isControl()) {
                return control(frame);
            }
            Event event = data(frame);
            if (event != null) {
                return new Received(event, null);
            }
        }
    }

    /** The result of a read: an event for the case, or a Ping that must be answered. */
    record Received(Event event, byte[] ping) {}

    /** The masking keys of the frames received so far; from any thread. */
    Queue<Integer> maskingKeys() {
        return maskingKeys;
    }

    private Frame readFrame(int first) throws IOException {
        int second = in.readUnsignedByte();
        boolean fin = (first & FrameHeader.FIN) != 0;
        int rsv = first & 0x70;
        int opcode = first & 0x0f;
        boolean masked = (second & FrameHeader.MASK) != 0;
        require(masked == sender.masks(),
                "§5.1: the " + sender.label() + (masked ? " masks a frame" : " does not mask a frame"));
        require(opcode <= 2 || opcode >= 8 && opcode <= 10, "§5.2: the " + sender.label() + " sends opcode " + opcode);
        long length = second & 0x7f;
        if (length == 126) {
            length = in.readUnsignedShort();
            require(length >= 126, "§5.2: the " + sender.label() + " does not encode length " + length + " minimally");
        } else if (length == 127) {
            length = in.readLong();
            require(length < 0 || length >= 65_536,
                    "§5.2: the " + sender.label() + " does not encode length " + length + " minimally");
        }
        require(length >= 0, "§5.2: the " + sender.label() + " sets the top bit of a length");
        if (opcode >= 8) {
            require(fin, "§5.4: the " + sender.label() + " sends a fragmented control frame");
            require(length <= FrameHeader.MAX_CONTROL_PAYLOAD, "§5.5: a control frame of " + length + " bytes");
        }
        boolean mayCompress = agreement != null && (opcode == 1 || opcode == 2);
        require((rsv & ~(mayCompress ? FrameHeader.RSV1 : 0)) == 0,
                "§5.2: the " + sender.label() + " sets RSV bits " + Integer.toBinaryString(rsv >> 4) + " on "
                        + Transcript.describe(fin, 0, opcode, 0, new byte[0]));
        require(message.size() + length <= maxMessage, "the " + sender.label() + " sends more bytes than it received");
        byte[] key = null;
        byte[] payload = new byte[(int) length];
        if (masked) {
            key = new byte[4];
            in.readFully(key);
            maskingKeys.add(ByteBuffer.wrap(key).getInt());
        }
        in.readFully(payload);
        if (masked) {
            Frame.mask(payload, 0, key);
        }
        return new Frame(fin, rsv, opcode, false, key, Frame.LengthForm.MINIMAL, payload);
    }

    private Received control(Frame frame) {
        byte[] payload = frame.payload();
        if (frame.opcode() == Opcode.PING.code()) {
            return new Received(null, payload);
        }
        if (frame.opcode() == Opcode.PONG.code()) {
            return new Received(new Event.Pong(payload), null);
        }
        if (payload.length == 0) {
            return new Received(new Event.Close(CloseCode.NO_STATUS_RECEIVED, ""), null);
        }
        require(payload.length >= 2, "§5.5.1: the " + sender.label() + " sends a Close frame of 1 byte");
        int code = (payload[0] & 0xff) << 8 | payload[1] & 0xff;
        require(mayTravel(code), "§7.4: the " + sender.label() + " sends close code " + code);
        try {
            String reason = UTF_8.newDecoder().decode(ByteBuffer.wrap(payload, 2, payload.length - 2)).toString();
            return new Received(new Event.Close(code, reason), null);
        } catch (CharacterCodingException e) {
            throw new Failure("§5.5.1: the " + sender.label() + "\'s close reason is not UTF-8");
        }
    }

    /** §7.4: the codes that a Close frame may contain, including those of the IANA registry. */
    static boolean mayTravel(int code) {
        return code >= 1000 && code <= 1003 || code >= 1007 && code <= 1014 || code >= 3000 && code <= 4999;
    }

    /** Returns the message that the frame completes, or {@code null} if it completes none. */
    private Event data(Frame frame) {
        if (frame.opcode() == Opcode.CONTINUATION.code()) {
            require(messageOpcode >= 0, "§5.4: the " + sender.label() + " sends a continuation without a message");
        } else {
            require(messageOpcode < 0, "§5.4: the " + sender.label() + " begins a message inside another");
            messageOpcode = frame.opcode();
            compressed = frame.rsv() != 0;
        }
        byte[] payload = frame.payload();
        boolean whole = frame.fin() && message.size() == 0;
        if (!whole) {
            message.writeBytes(payload);
        }
        if (!frame.fin()) {
            return null;
        }
        byte[] bytes = whole ? payload : message.toByteArray();
        if (compressed) {
            bytes = inflate(bytes);
        }
        Event event = new Event.Message(messageOpcode, bytes, compressed);
        messageOpcode = -1;
        if (!whole) {
            message = new ByteArrayOutputStream();
        }
        return event;
    }

    private byte[] inflate(byte[] bytes) {
        try {
            byte[] inflated = inflater.inflate(bytes, maxMessage);
            if (agreement.noContextTakeover(sender)) {
                inflater.reset();
            }
            return inflated;
        } catch (IllegalArgumentException e) {
            throw new Failure("RFC 7692 §7.2.1: the " + sender.label() + "'s message of " + bytes.length
                    + " compressed bytes, " + Arrays.toString(Arrays.copyOf(bytes, Math.min(8, bytes.length)))
                    + "…, cannot be inflated: " + e.getMessage());
        }
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new Failure(otherwise);
        }
    }
}
