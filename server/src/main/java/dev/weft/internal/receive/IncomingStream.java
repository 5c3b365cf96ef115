package dev.weft.internal.receive;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.IncomingMessage;
import dev.weft.MessageType;
import dev.weft.internal.extension.Extension;
import dev.weft.internal.time.TurnQuota;
import dev.weft.parser.CloseCode;
import dev.weft.parser.FrameParser;
import dev.weft.parser.FrameParser.Event;
import dev.weft.parser.ProtocolViolationException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;
import java.util.function.Function;

/** A message that is read as it arrives: from the read buffer, or from the network directly into the reader's array. */
public final class IncomingStream extends InputStream implements IncomingMessage {
    private static final int SKIPPED_PIECE = 4096;
    /** Smaller reads go through the connection's buffer, to avoid a system call for every few bytes. */
    private static final int WORTH_A_READ = 512;

    private final StreamOwner owner;
    private final MessageReader messages;
    private final FrameReader frames;
    private final FrameParser parser;
    private final Extension.Transform decoder;
    private final MessageType type;

    /** The part of the payload that has been received and not yet read. */
    private byte[] array;
    private int from;
    private int to;
    private boolean decoderHasMore;
    private Reader reader;
    /** Whether the reader has taken bytes: it may have taken more than it has returned. */
    private boolean readByReader;
    private boolean complete;
    /** The message cannot be read any further: a violation or the connection's end came before the message's end. */
    private boolean cutOff;
    private boolean expired;

    /** A stream of the message that begins with this event. */
    public IncomingStream(StreamOwner owner, MessageReader messages, FrameReader frames, Event first)
            throws ProtocolViolationException {
        this.owner = owner;
        this.messages = messages;
        this.frames = frames;
        this.parser = frames.parser();
        messages.begin();
        this.decoder = messages.decoder();
        this.type = messages.type();
        take(first);
    }

    @Override
    public MessageType type() {
        return type;
    }

    @Override
    public InputStream inputStream() {
        return this;
    }

    @Override
    public Reader reader() {
        requireText();
        if (reader == null) {
            reader = new InputStreamReader(new ReaderInput(), UTF_8);
        }
        return reader;
    }

    private void requireText() {
        if (type != MessageType.TEXT) {
            throw new IllegalStateException("a " + type + " message has no text");
        }
    }

    @Override
    public String text() throws IOException {
        requireText();
        return whole(assembly -> new String(assembly.array(), 0, assembly.length(), UTF_8));
    }

    @Override
    public byte[] bytes() throws IOException {
        return whole(assembly -> Arrays.copyOf(assembly.array(), assembly.length()));
    }

    private <T> T whole(Function<MessageAssembler, T> conversion) throws IOException {
        requireUnread();
        MessageAssembler assembly = messages.assembly();
        frames.claim();
        try {
            // First: the assembly may hold a message that is lent now.
            requireValid();
            int count;
            while ((count = readAfter(assembly)) >= 0) {
                assembly.added(count);
            }
            T whole = conversion.apply(assembly);
            frames.spend(assembly.length());
            assembly.release();
            return whole;
        } catch (ProtocolViolationException e) {
            throw failed(e);
        } catch (Error e) {
            throw frames.broken(e);
        } finally {
            frames.release();
        }
    }

    private void requireValid() throws IOException {
        requireUnexpired();
        if (cutOff) {
            throw owner.closed();
        }
    }

    private void requireUnexpired() throws IOException {
        if (expired) {
            throw new IOException("this stream is no longer valid: the next receive has begun");
        }
    }

    /** Reads bytes into the assembly, after its last byte. The buffer may be larger than the maximum message size. */
    private int readAfter(MessageAssembler assembly) throws IOException, ProtocolViolationException {
        int left = assembly.limits().maxMessageSize() - assembly.length();
        if (left == 0) {
            int beyond = readClaimed(new byte[1], 0, 1);
            assembly.requireFits(assembly.length() + (beyond < 0 ? 0L : 1L));
            return -1;
        }
        frames.spend(assembly.makeRoom(1, Long.MAX_VALUE));
        return readClaimed(assembly.array(), assembly.length(), Math.min(left, assembly.buffer().remaining()));
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        Objects.checkFromIndexSize(offset, length, target.length);
        requireUnread();
        return readInto(target, offset, length);
    }

    private int readInto(byte[] target, int offset, int length) throws IOException {
        frames.claim();
        try {
            return readClaimed(target, offset, length);
        } catch (Error e) {
            throw frames.broken(e);
        } finally {
            frames.release();
        }
    }

    private void requireUnread() {
        if (readByReader) {
            throw new IllegalStateException("the reader of this message has been read, and holds some of its bytes");
        }
    }

    /** What the reader reads from: the only way to the bytes from its first read on. */
    private final class ReaderInput extends InputStream {
        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            readByReader = true;
            return readInto(target, offset, length);
        }

        @Override
        public int available() {
            return IncomingStream.this.available();
        }

        @Override
        public void close() throws IOException {
            IncomingStream.this.close();
        }
    }

    /** Reads, or skips if there is no target. */
    private int readClaimed(byte[] target, int offset, int length) throws IOException {
        requireUnexpired();
        if (length == 0) {
            return 0;
        }
        requireValid();
        try {
            int count = decoder == null ? readPlain(target, offset, length) : readDecoded(target, offset, length);
            if (complete && from == to && !decoderHasMore) {
                array = null;
                frames.releaseRegion();
            }
            return count;
        } catch (ProtocolViolationException e) {
            throw failed(e);
        } catch (IOException e) {
            throw owner.translated(e);
        }
    }

    private IOException failed(ProtocolViolationException e) {
        cutOff = true;
        return owner.failed(e);
    }

    /** The number of bytes that can be read without waiting. */
    @Override
    public int available() {
        return expired ? 0 : to - from;
    }

    /** Skips the rest of the message. */
    @Override
    public void close() throws IOException {
        if (!expired && !cutOff) {
            frames.claim();
            try {
                skipRest();
            } catch (Error e) {
                throw frames.broken(e);
            } finally {
                frames.release();
            }
        }
    }

    /** Skips the rest of the message, after which this stream cannot be read. For a thread that has claimed the frames. */
    public void expire() throws IOException {
        skipRest();
        expired = true;
    }

    /**
     * Makes the rest of the message unreadable, because the connection has ended: its buffer may already belong to another
     * connection.
     */
    public void cutOff() {
        cutOff = true;
        from = to;
    }

    private void skipRest() throws IOException {
        if (!complete || from < to || decoderHasMore) {
            long most = messages.assembly().limits().maxMessageSize();
            // A message that is not decoded is not copied either.
            byte[] piece = decoder == null ? null : new byte[SKIPPED_PIECE];
            long skipped = 0;
            int count;
            while ((count = readClaimed(piece, 0, SKIPPED_PIECE)) >= 0) {
                skipped += count;
                if (skipped > most) {
                    throw failed(ProtocolViolationException.overLimit(CloseCode.MESSAGE_TOO_BIG, "7.4.1",
                            "maxMessageSize", "the unread rest of a message is over maxMessageSize " + most));
                }
            }
        }
    }

    private int readPlain(byte[] target, int offset, int length) throws IOException, ProtocolViolationException {
        while (from == to) {
            if (complete) {
                return -1;
            }
            frames.messageContinues();
            if (target != null && length >= WORTH_A_READ && frames.canReadPayloadDirectly()) {
                int count = frames.readPayload(ByteBuffer.wrap(target, offset, length));
                check(target, offset, offset + count);
                return count;
            }
            take(nextEvent());
        }
        int count = Math.min(length, to - from);
        if (target != null) {
            System.arraycopy(array, from, target, offset, count);
        }
        from += count;
        return count;
    }

    private int readDecoded(byte[] target, int offset, int length) throws IOException, ProtocolViolationException {
        while (true) {
            if (decoderHasMore) {
                int room = Math.min(length, TurnQuota.PIECE);
                int count = decoder.output(target, offset, offset + room);
                decoderHasMore = count == room;
                check(target, offset, offset + count);
                frames.countDecompressed(0, count);
                frames.spend(count);
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
            frames.messageContinues();
            take(nextEvent());
        }
    }

    private Event nextEvent() throws IOException, ProtocolViolationException {
        Event event = frames.next();
        if (event == null) {
            // §5.5.1: nothing follows a Close frame, so this message stays incomplete.
            cutOff = true;
            throw owner.closed();
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
            frames.countDecompressed(end - begin, 0);
            decoderHasMore = true;
            if (!complete) {
                messages.countDecoder();
            }
            return;
        }
        check(parser.array(), begin, end);
        array = parser.array();
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
}
