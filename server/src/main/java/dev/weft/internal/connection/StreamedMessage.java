package dev.weft.internal.connection;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.MessageStream;
import dev.weft.MessageView;
import dev.weft.parser.FrameParser;
import dev.weft.parser.FrameParser.Event;
import dev.weft.parser.ProtocolViolationException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.util.Objects;

/** A message that is read as it comes: from the read buffer, or from the network right into the reader's array. */
final class StreamedMessage extends InputStream implements MessageStream {
    private static final int SKIPPED_PIECE = 4096;
    /** Fewer octets are read through the connection's buffer: not one system call for each handful. */
    private static final int WORTH_A_READ = 512;

    private final Connection connection;
    private final MessageReader messages;
    private final FrameReader frames;
    private final FrameParser parser;
    private final Extension.Transform decoder;
    private final MessageView.Type type;

    /** What is here of the payload and not yet read, in the parser's array. */
    private int from;
    private int to;
    private boolean decoderHasMore;
    private boolean complete;
    /** No more of the message will be shown: a violation or the connection's end came before its own. */
    private boolean cutOff;
    private boolean expired;

    /** A stream of the message whose first event this is; the end of messages if there is none. */
    StreamedMessage(Connection connection, MessageReader messages, FrameReader frames, Event first)
            throws ProtocolViolationException {
        this.connection = connection;
        this.messages = messages;
        this.frames = frames;
        this.parser = frames.parser();
        if (first == null) {
            this.decoder = null;
            this.type = MessageView.Type.CLOSE;
            this.complete = true;
        } else {
            messages.begin();
            this.decoder = messages.decoder();
            this.type = messages.type();
            take(first);
        }
    }

    @Override
    public MessageView.Type type() {
        return type;
    }

    @Override
    public InputStream inputStream() {
        return this;
    }

    @Override
    public Reader reader() {
        if (type != MessageView.Type.TEXT) {
            throw new IllegalStateException("a " + type + " message has no text");
        }
        return new InputStreamReader(this, UTF_8);
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        if (expired) {
            throw new IOException("the next message was asked for: this stream is no longer valid");
        }
        if (length == 0) {
            return 0;
        }
        if (cutOff) {
            throw connection.closed();
        }
        try {
            return decoder == null ? readPlain(target, offset, length) : readDecoded(target, offset, length);
        } catch (ProtocolViolationException e) {
            cutOff = true;
            throw connection.fail(e);
        } catch (IOException e) {
            throw connection.dead(e);
        }
    }

    /** How many octets can be read without waiting. */
    @Override
    public int available() {
        return expired ? 0 : to - from;
    }

    /** Skips the rest of the message. */
    @Override
    public void close() throws IOException {
        if (!expired && !cutOff) {
            skipRest();
        }
    }

    /** Skips the rest of the message, after which this stream cannot be read. */
    void expire() throws IOException {
        skipRest();
        expired = true;
    }

    /** The connection is over: what is left of the message lies in a buffer that may be another connection's by now. */
    void cutOff() {
        cutOff = true;
        from = to;
    }

    private void skipRest() throws IOException {
        if (!complete || from < to || decoderHasMore) {
            byte[] piece = new byte[SKIPPED_PIECE];
            while (read(piece, 0, piece.length) >= 0) {}
        }
    }

    private int readPlain(byte[] target, int offset, int length) throws IOException, ProtocolViolationException {
        while (from == to) {
            if (complete) {
                return -1;
            }
            deadlineBeginsAnew();
            if (length >= WORTH_A_READ && frames.canReadPayloadDirectly()) {
                int count = frames.readPayload(ByteBuffer.wrap(target, offset, length));
                check(target, offset, offset + count);
                return count;
            }
            take(nextEvent());
        }
        int count = Math.min(length, to - from);
        System.arraycopy(parser.array(), from, target, offset, count);
        from += count;
        return count;
    }

    private int readDecoded(byte[] target, int offset, int length) throws IOException, ProtocolViolationException {
        while (true) {
            if (decoderHasMore) {
                int count = decoder.output(target, offset, offset + length);
                decoderHasMore = count == length;
                check(target, offset, offset + count);
                if (complete && !decoderHasMore) {
                    messages.checkEnd();
                }
                if (count > 0) {
                    return count;
                }
            }
            if (complete) {
                return -1;
            }
            deadlineBeginsAnew();
            take(nextEvent());
        }
    }

    private Event nextEvent() throws IOException, ProtocolViolationException {
        Event event = frames.next();
        if (event == null) {
            // §5.5.1: nothing comes after a Close frame, so this message stays unfinished.
            cutOff = true;
            throw connection.closed();
        }
        return event;
    }

    private void take(Event event) throws ProtocolViolationException {
        if (event == Event.FRAME || event == Event.FRAME_START) {
            messages.countFrame();
        }
        complete = messages.isLast(event);
        int begin = parser.payloadOffset();
        int end = begin + parser.payloadLength();
        if (decoder != null) {
            decoder.input(parser.array(), begin, end, complete);
            decoderHasMore = true;
            if (!complete) {
                messages.countDecoder();
            }
            return;
        }
        check(parser.array(), begin, end);
        from = begin;
        to = end;
        if (complete) {
            messages.checkEnd();
        }
    }

    private void check(byte[] array, int begin, int end) throws ProtocolViolationException {
        messages.countStreamed(end - begin);
        messages.checkText(array, begin, end);
    }

    /** The reader's own pace is not the peer's fault. */
    private void deadlineBeginsAnew() {
        connection.messageGoesOn();
    }
}
