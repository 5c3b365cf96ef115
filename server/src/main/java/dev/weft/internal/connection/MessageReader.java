package dev.weft.internal.connection;

import static dev.weft.parser.CloseCode.INVALID_FRAME_PAYLOAD_DATA;
import static dev.weft.parser.CloseCode.MESSAGE_TOO_BIG;

import dev.weft.MessageView;
import dev.weft.parser.FrameParser;
import dev.weft.parser.FrameParser.Event;
import dev.weft.parser.Opcode;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Utf8Validator;
import java.io.IOException;

/**
 * Joins frames to messages (RFC 6455 §5.4) and holds them to the rules of messages: sizes, number of frames, UTF-8
 * (§8.1), and the transformation by an extension. Belongs to the connection's thread.
 * <pre>
 *   BETWEEN ── first frame ──▶ WITHIN ── last octet of a FIN frame ──▶ BETWEEN
 * </pre>
 * A message of one frame that lies whole in the read buffer, or can come to, takes a short path: it is shown where it
 * lies.
 */
final class MessageReader {
    /** Through which a transformed message is decoded, piece by piece. */
    static final int DECODED_PIECE = 4096;

    private final FrameReader frames;
    private final FrameParser parser;
    private final Extension extension;
    private final Assembly assembly;
    private final View view = new View();

    /** The message that is being read. */
    private boolean text;
    private boolean transformed;
    private int frameCount;
    private long received;
    private Utf8Validator utf8;
    /** Whether what the decoder holds is counted. */
    private boolean decoderIsCounted;

    MessageReader(FrameReader frames, Extension extension, Assembly assembly) {
        this.frames = frames;
        this.parser = frames.parser();
        this.extension = extension;
        this.assembly = assembly;
    }

    /**
     * Waits for a whole message.
     *
     * @param textIsChecked false if the caller finds malformed UTF-8 himself in a message that came in one frame
     * @return the view, which shows nothing when the peer's Close frame came
     */
    View next(boolean textIsChecked) throws IOException, ProtocolViolationException {
        release();
        Event event = frames.next();
        if (event == null) {
            return view;
        }
        begin();
        if (event == Event.FRAME && parser.fin() && !transformed) {
            return showFrame(textIsChecked);
        }
        if (event == Event.FRAME_START && parser.fin() && !transformed && frames.canCompleteInPlace()) {
            return completeInPlace();
        }
        return assemble(event);
    }

    /** The view, showing nothing. */
    View nothing() {
        release();
        return view;
    }

    /** Drops the last message's octets. */
    void release() {
        assembly.release();
        view.showNothing();
    }

    /** The connection is over. */
    void end() {
        release();
        if (extension != null) {
            extension.decoder().close();
            discountDecoder();
        }
    }

    private View showFrame(boolean textIsChecked) throws ProtocolViolationException {
        int from = parser.payloadOffset();
        int length = parser.payloadLength();
        assembly.requireFits(length);
        if (text && textIsChecked && !Utf8Validator.isValid(parser.array(), from, from + length)) {
            throw notUtf8();
        }
        return view.show(type(), parser.array(), from, length);
    }

    /** The frame is cut, but its buffer has room for the rest: no octet of it need be copied. */
    private View completeInPlace() throws IOException, ProtocolViolationException {
        assembly.requireFits(parser.frameLength());
        int from = parser.payloadOffset();
        while (frames.nextInPlace() == Event.PAYLOAD) {
            checkText(parser.array(), parser.payloadOffset(), parser.payloadOffset() + parser.payloadLength());
        }
        checkEnd();
        return view.show(type(), parser.array(), from, (int) parser.frameLength());
    }

    private View assemble(Event first) throws IOException, ProtocolViolationException {
        Event event = first;
        while (event != null && !takeWhole(event)) {
            countDecoder();
            if (frames.canReadPayloadDirectly() && !transformed) {
                readDirectly();
                event = Event.PAYLOAD;
            } else {
                event = frames.next();
            }
        }
        if (event == null) {
            // §5.5.1: a message that the peer's Close frame cuts off is dropped.
            return nothing();
        }
        return view.show(type(), assembly.array(), 0, assembly.length());
    }

    /** Takes an event of a message that is assembled; true when the message is complete. */
    private boolean takeWhole(Event event) throws ProtocolViolationException {
        boolean complete = isLast(event);
        if (event == Event.FRAME || event == Event.FRAME_START) {
            countFrame();
            if (!transformed) {
                assembly.requireFits(assembly.length() + parser.frameLength());
            }
        }
        if (transformed) {
            decodeInto(assembly, complete);
        } else if (parser.payloadLength() > 0) {
            int from = parser.payloadOffset();
            int to = from + parser.payloadLength();
            checkText(parser.array(), from, to);
            if (parser.array() != assembly.array()) {
                assembly.append(parser.array(), from, to, expectedSize(to - from));
            }
        }
        if (complete) {
            checkEnd();
        }
        return complete;
    }

    private void readDirectly() throws IOException, ProtocolViolationException {
        assembly.makeRoom(1, expectedSize(0));
        frames.readPayload(assembly.buffer());
    }

    /** How large the message can become when it has these octets of the current frame too. */
    private long expectedSize(int octets) {
        return parser.fin() ? assembly.length() + octets + parser.frameRemaining() : Long.MAX_VALUE;
    }

    private void decodeInto(Assembly target, boolean last) throws ProtocolViolationException {
        // Blocks without output are work too: what is compressed is hardly larger than what it stands for.
        received += parser.payloadLength();
        assembly.requireFits(received - received / 8 - DECODED_PIECE);
        Extension.Transform decoder = extension.decoder();
        int from = parser.payloadOffset();
        decoder.input(parser.array(), from, from + parser.payloadLength(), last);
        int count;
        int room;
        do {
            int left = target.limits().maxMessageSize() - target.length();
            if (left == 0) {
                requireDecoded(decoder);
                return;
            }
            target.makeRoom(1, Long.MAX_VALUE);
            // The buffer may be larger than a message.
            room = Math.min(left, Math.min(target.buffer().remaining(), DECODED_PIECE));
            count = decoder.output(target.array(), target.length(), target.length() + room);
            checkText(target.array(), target.length(), target.length() + count);
            target.added(count);
        } while (count == room);
    }

    /** A message that has all the octets that it may have is good if no more come. */
    private void requireDecoded(Extension.Transform decoder) throws ProtocolViolationException {
        byte[] beyond = new byte[1];
        assembly.requireFits((long) assembly.limits().maxMessageSize() + decoder.output(beyond, 0, 1));
    }

    // What streamed messages share with whole ones.

    /** The first frame's header is here. */
    void begin() {
        text = parser.opcode() == Opcode.TEXT;
        transformed = extension != null && (parser.rsv() & extension.rsv()) != 0;
        frameCount = 0;
        received = 0;
        if (utf8 != null) {
            utf8.reset();
        }
    }

    void countFrame() throws ProtocolViolationException {
        int most = assembly.limits().maxFramesPerMessage();
        if (++frameCount > most) {
            throw new ProtocolViolationException(MESSAGE_TOO_BIG, "10.4",
                    "message of " + frameCount + " frames is over maxFramesPerMessage " + most);
        }
    }

    void countStreamed(long octets) throws ProtocolViolationException {
        received += octets;
        if (received > assembly.limits().maxStreamedMessageSize()) {
            throw new ProtocolViolationException(MESSAGE_TOO_BIG, "7.4.1", "message of at least " + received
                    + " octets is over maxStreamedMessageSize " + assembly.limits().maxStreamedMessageSize());
        }
    }

    /** §8.1, as soon as an octet came that cannot be part of valid text. */
    void checkText(byte[] array, int from, int to) throws ProtocolViolationException {
        if (text) {
            if (utf8 == null) {
                utf8 = new Utf8Validator();
            }
            if (!utf8.update(array, from, to)) {
                throw notUtf8();
            }
        }
    }

    /** The message goes on: its decoder keeps its state, and many connections may be in the middle of one. */
    void countDecoder() throws ProtocolViolationException {
        if (transformed && !decoderIsCounted) {
            assembly.take(extension.decoderSize());
            decoderIsCounted = true;
        }
    }

    private void discountDecoder() {
        if (decoderIsCounted) {
            decoderIsCounted = false;
            assembly.giveBack(extension.decoderSize());
        }
    }

    /** The message's last octets are here, decoded. */
    void checkEnd() throws ProtocolViolationException {
        discountDecoder();
        if (text && utf8 != null && !utf8.isComplete()) {
            throw notUtf8();
        }
    }

    /** Whether the message ends with this event. */
    boolean isLast(Event event) {
        return (event == Event.FRAME || event == Event.FRAME_END) && parser.fin();
    }

    Extension.Transform decoder() {
        return transformed ? extension.decoder() : null;
    }

    MessageView.Type type() {
        return text ? MessageView.Type.TEXT : MessageView.Type.BINARY;
    }

    static ProtocolViolationException notUtf8() {
        return new ProtocolViolationException(INVALID_FRAME_PAYLOAD_DATA, "8.1", "text is not UTF-8");
    }
}
