package dev.weft.internal.receive;

import static dev.weft.parser.CloseCode.INVALID_FRAME_PAYLOAD_DATA;
import static dev.weft.parser.CloseCode.MESSAGE_TOO_BIG;

import dev.weft.MessageType;
import dev.weft.internal.extension.Extension;
import dev.weft.parser.FrameParser;
import dev.weft.parser.FrameParser.Event;
import dev.weft.parser.Opcode;
import dev.weft.parser.ProtocolViolationException;
import dev.weft.parser.Utf8Validator;
import java.io.IOException;

/**
 * Joins frames to messages (RFC 6455 §5.4) and enforces the rules of messages: sizes, number of frames, UTF-8 (§8.1), and
 * decoding by an extension. For the connection's thread.
 * <pre>
 *              a frame that can be completed in its buffer
 *           ┌──────────────────────────────▶ IN_PLACE ─────┐
 *   BETWEEN ┤                                              ├── last byte of a FIN frame ──▶ BETWEEN
 *           └──────────────────────────────▶ ASSEMBLING ───┘
 *              fragments, transformed, or larger
 * </pre>
 * An interrupted wait changes nothing: the next call continues in the same state.
 * <p>
 * A message of one frame takes a short path if the read buffer holds it, or has room for the rest of it: it is lent from that
 * buffer.
 */
public final class MessageReader {
    private enum Stage {
        /** The next event begins a message. */
        BETWEEN,
        /** The rest of a frame is read into the buffer that holds its beginning. */
        IN_PLACE,
        /** The message is assembled in its own buffer. */
        ASSEMBLING
    }

    /** The size in bytes of the pieces in which a transformed message is decoded. */
    public static final int DECODED_PIECE = 4096;

    private final FrameReader frames;
    private final Extension extension;
    private final MessageAssembler assembly;
    private final BorrowedView view = new BorrowedView();

    /** The message that is being read. */
    private boolean text;
    private boolean transformed;
    private int frameCount;
    private long received;
    private Utf8Validator utf8;
    /** The bytes that the decoder holds, counted in the budget. */
    private int decoderBytes;

    private Stage stage = Stage.BETWEEN;
    private int inPlaceFrom;

    /** A reader of messages from these frames. */
    public MessageReader(FrameReader frames, Extension extension, MessageAssembler assembly) {
        this.frames = frames;
        this.extension = extension;
        this.assembly = assembly;
    }

    /**
     * Waits for a whole message.
     *
     * @param textIsChecked false if the caller itself checks the UTF-8 of a message that arrives in one frame
     * @return the view, or {@code null} when the peer's Close frame arrived
     */
    public BorrowedView next(boolean textIsChecked) throws IOException, ProtocolViolationException {
        Event event = null;
        if (stage == Stage.BETWEEN) {
            release();
            event = frames.next();
            if (event == null) {
                return null;
            }
            begin();
            if (event == Event.FRAME && parser().fin() && !transformed) {
                return showFrame(textIsChecked);
            }
            if (event == Event.FRAME_START && parser().fin() && !transformed && frames.canCompleteInPlace()) {
                assembly.requireFits(parser().frameLength());
                inPlaceFrom = parser().payloadOffset();
                stage = Stage.IN_PLACE;
            } else {
                stage = Stage.ASSEMBLING;
            }
        }
        BorrowedView message = stage == Stage.IN_PLACE ? completeInPlace() : assemble(event);
        stage = Stage.BETWEEN;
        return message;
    }

    /** Whether an interrupted receive has already taken part of a message. */
    public boolean isWithinMessage() {
        return stage != Stage.BETWEEN;
    }

    /** Drops the last message's bytes. */
    public void release() {
        assembly.release();
        view.showNothing();
    }

    /** Drops the last message's bytes, and returns the read buffer to the pool if all bytes in it are parsed. */
    void releaseAll() {
        release();
        frames.releaseRegion();
    }

    /** Releases everything. Called when the connection has ended. */
    public void end() {
        release();
        discountDecoder();
        if (extension != null) {
            extension.decoder().close();
        }
    }

    /** The bytes of an incomplete message, counted in the budget. For any thread; may be slightly out of date. */
    public int heldBytes() {
        return assembly.heldBytes() + decoderBytes;
    }

    private BorrowedView showFrame(boolean textIsChecked) throws ProtocolViolationException {
        int from = parser().payloadOffset();
        int length = parser().payloadLength();
        assembly.requireFits(length);
        if (text && textIsChecked && !Utf8Validator.isValid(parser().array(), from, from + length)) {
            throw notUtf8();
        }
        return view.show(type(), parser().array(), from, length);
    }

    /** Completes a frame of which only a part has arrived: its buffer has room for the rest, so no byte is copied. */
    private BorrowedView completeInPlace() throws IOException, ProtocolViolationException {
        while (frames.nextInPlace() == Event.PAYLOAD) {
            checkText(parser().array(), parser().payloadOffset(), parser().payloadOffset() + parser().payloadLength());
        }
        checkEnd();
        return view.show(type(), parser().array(), inPlaceFrom, (int) parser().frameLength());
    }

    private BorrowedView assemble(Event first) throws IOException, ProtocolViolationException {
        Event event = first == null ? nextOfMessage() : first;
        while (event != null && !takeWhole(event)) {
            countDecoder();
            event = nextOfMessage();
        }
        // §5.5.1: a message that the peer's Close frame cuts off is dropped.
        return event == null ? null : view.show(type(), assembly.array(), 0, assembly.length());
    }

    private Event nextOfMessage() throws IOException, ProtocolViolationException {
        if (frames.canReadPayloadDirectly() && !transformed) {
            readDirectly();
            return Event.PAYLOAD;
        }
        return frames.next();
    }

    /** Processes an event of a message that is assembled; returns true if the message is complete. */
    private boolean takeWhole(Event event) throws ProtocolViolationException {
        boolean complete = isLast(event);
        if (event == Event.FRAME || event == Event.FRAME_START) {
            countFrame();
            if (!transformed) {
                assembly.requireFits(assembly.length() + parser().frameLength());
            }
        }
        if (transformed) {
            decodeInto(assembly, complete);
        } else if (parser().payloadLength() > 0) {
            int from = parser().payloadOffset();
            int to = from + parser().payloadLength();
            checkText(parser().array(), from, to);
            if (parser().array() != assembly.array()) {
                frames.spend(assembly.append(parser().array(), from, to, expectedSize(to - from)));
            }
        }
        if (complete) {
            checkEnd();
        }
        return complete;
    }

    private void readDirectly() throws IOException, ProtocolViolationException {
        frames.spend(assembly.makeRoom(1, expectedSize(0)));
        frames.readPayload(assembly.buffer());
    }

    /** The maximum size of the message, if the current frame adds this number of bytes. */
    private long expectedSize(int bytes) {
        return parser().fin() ? assembly.length() + bytes + parser().frameRemaining() : Long.MAX_VALUE;
    }

    private void decodeInto(MessageAssembler target, boolean last) throws ProtocolViolationException {
        // Blocks without output are work too: compressed data is hardly ever larger than its plain form.
        received += parser().payloadLength();
        assembly.requireFits(received - received / 8 - DECODED_PIECE);
        Extension.Transform decoder = extension.decoder();
        int from = parser().payloadOffset();
        decoder.input(parser().array(), from, from + parser().payloadLength(), last);
        frames.countDecompressed(parser().payloadLength(), 0);
        int count;
        int room;
        do {
            int left = target.limits().maxMessageSize() - target.length();
            if (left == 0) {
                requireDecoded(decoder);
                return;
            }
            int moved = target.makeRoom(1, Long.MAX_VALUE);
            // The buffer may be larger than a message.
            room = Math.min(left, Math.min(target.buffer().remaining(), DECODED_PIECE));
            count = decoder.output(target.array(), target.length(), target.length() + room);
            checkText(target.array(), target.length(), target.length() + count);
            target.added(count);
            frames.countDecompressed(0, count);
            frames.spend(moved + count);
        } while (count == room);
    }

    /** A message of exactly the maximum size is valid if no more bytes follow. */
    private void requireDecoded(Extension.Transform decoder) throws ProtocolViolationException {
        byte[] beyond = new byte[1];
        assembly.requireFits((long) assembly.limits().maxMessageSize() + decoder.output(beyond, 0, 1));
    }

    // Shared with streamed messages.

    /** The first frame's header has been received. */
    void begin() {
        text = parser().opcode() == Opcode.TEXT;
        transformed = extension != null && (parser().rsv() & extension.rsv()) != 0;
        frameCount = 0;
        received = 0;
        if (utf8 != null) {
            utf8.reset();
        }
    }

    void countFrame() throws ProtocolViolationException {
        int most = assembly.limits().maxFramesPerMessage();
        if (++frameCount > most) {
            throw ProtocolViolationException.overLimit(MESSAGE_TOO_BIG, "10.4", "maxFramesPerMessage",
                    "a message of " + frameCount + " frames is over maxFramesPerMessage " + most);
        }
    }

    void countStreamed(long bytes) throws ProtocolViolationException {
        received += bytes;
        if (received > assembly.limits().maxStreamedMessageSize()) {
            throw ProtocolViolationException.overLimit(MESSAGE_TOO_BIG, "7.4.1", "maxStreamedMessageSize",
                    "a message of at least " + received + " bytes is over maxStreamedMessageSize "
                            + assembly.limits().maxStreamedMessageSize());
        }
    }

    /** §8.1: fails as soon as a byte arrives that cannot be part of valid text. */
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

    /** Counts the memory of the decoder of an incomplete message: many connections may be in the middle of a message. */
    void countDecoder() throws ProtocolViolationException {
        if (transformed) {
            int now = extension.decoderSize();
            if (now > decoderBytes) {
                assembly.take(now - decoderBytes);
                decoderBytes = now;
            }
        }
    }

    private void discountDecoder() {
        assembly.giveBack(decoderBytes);
        decoderBytes = 0;
    }

    /** The message's last bytes have been received and decoded. */
    void checkEnd() throws ProtocolViolationException {
        if (decoderBytes != 0) {
            discountDecoder();
        }
        if (text && utf8 != null && !utf8.isComplete()) {
            throw notUtf8();
        }
    }

    /** Whether the message ends with this event. */
    boolean isLast(Event event) {
        return (event == Event.FRAME || event == Event.FRAME_END) && parser().fin();
    }

    private FrameParser parser() {
        return frames.parser();
    }

    FrameReader frames() {
        return frames;
    }

    MessageAssembler assembly() {
        return assembly;
    }

    Extension.Transform decoder() {
        return transformed ? extension.decoder() : null;
    }

    MessageType type() {
        return text ? MessageType.TEXT : MessageType.BINARY;
    }

    /** The violation of a peer whose text is not UTF-8. */
    public static ProtocolViolationException notUtf8() {
        return new ProtocolViolationException(INVALID_FRAME_PAYLOAD_DATA, "8.1", "text is not UTF-8");
    }
}
