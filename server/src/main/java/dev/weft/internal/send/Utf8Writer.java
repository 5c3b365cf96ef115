package dev.weft.internal.send;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.internal.StrictUtf8;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.MalformedInputException;
import java.util.Objects;

/** Encodes the text of a streamed message, strictly: an unpaired surrogate abandons it. Used by one thread at a time. */
final class Utf8Writer extends Writer {
    /** The number of characters that are encoded at a time. */
    private static final int PIECE = 2048;

    private final OutgoingStream stream;
    /** The first half of a surrogate pair whose second half has not been written yet, or 0. */
    private char high;

    Utf8Writer(OutgoingStream stream) {
        this.stream = stream;
    }

    /** Whether only the first half of a surrogate pair has been written. */
    boolean isWithinCharacter() {
        return high != 0;
    }

    // The other forms of Writer hold a monitor while the stream waits, which on Java 21 to 23 pins a virtual thread.

    @Override
    public void write(int character) throws IOException {
        write(new char[]{(char) character}, 0, 1);
    }

    @Override
    public void write(String text, int offset, int count) throws IOException {
        Objects.checkFromIndexSize(offset, count, text.length());
        for (int at = offset; at < offset + count; at += PIECE) {
            char[] piece = new char[Math.min(PIECE, offset + count - at)];
            text.getChars(at, at + piece.length, piece, 0);
            write(piece, 0, piece.length);
        }
    }

    @Override
    public void write(char[] source, int offset, int count) throws IOException {
        Objects.checkFromIndexSize(offset, count, source.length);
        for (int at = offset; at < offset + count; at += PIECE) {
            writePiece(source, at, Math.min(PIECE, offset + count - at));
        }
    }

    private void writePiece(char[] source, int offset, int count) throws IOException {
        StringBuilder text = new StringBuilder(count + 1);
        if (high != 0) {
            text.append(high);
        }
        text.append(source, offset, count);
        int last = text.length() - 1;
        char next = 0;
        if (Character.isHighSurrogate(text.charAt(last))) {
            next = text.charAt(last);
            text.setLength(last);
        }
        byte[] bytes;
        try {
            bytes = StrictUtf8.encode(text.toString());
        } catch (IllegalArgumentException e) {
            stream.close();
            throw (IOException) new MalformedInputException(1).initCause(e);
        }
        // If this is interrupted, nothing of the piece is taken.
        stream.write(bytes, 0, bytes.length);
        high = next;
    }

    @Override
    public void flush() throws IOException {
        stream.flush();
    }

    @Override
    public void close() {
        stream.close();
    }
}
