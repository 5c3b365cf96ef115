package dev.weft.internal.connection;

import dev.weft.parser.Opcode;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Objects;

/** A message that is sent in fragments as it is written (RFC 6455 §5.4). Used by one thread at a time. */
final class FragmentStream extends OutputStream {
    private static final int FRAGMENT_LENGTH = 8192;

    private final SendingConnection connection;
    private final Output output;
    private final boolean transformed;
    private final byte[] buffer = new byte[FRAGMENT_LENGTH];
    private int length;
    private Opcode opcode;
    private boolean closed;

    /**
     * Begins the message.
     *
     * @param transformed whether the extension transforms it
     */
    FragmentStream(SendingConnection connection, Output output, Opcode opcode, boolean transformed) throws IOException {
        this.connection = connection;
        this.output = output;
        this.opcode = opcode;
        this.transformed = transformed;
        output.beginStream();
    }

    @Override
    public void write(int octet) throws IOException {
        requireNotClosed();
        if (length == buffer.length) {
            flush();
        }
        buffer[length++] = (byte) octet;
    }

    @Override
    public void write(byte[] source, int offset, int count) throws IOException {
        Objects.checkFromIndexSize(offset, count, source.length);
        requireNotClosed();
        if (count > buffer.length - length) {
            flush();
            if (count >= buffer.length) {
                send(source, offset, offset + count, false);
                return;
            }
        }
        System.arraycopy(source, offset, buffer, length, count);
        length += count;
    }

    /** Sends what was written as a fragment, if anything was. */
    @Override
    public void flush() throws IOException {
        requireNotClosed();
        if (length > 0) {
            int count = length;
            length = 0;
            send(buffer, 0, count, false);
        }
    }

    /** Ends the message. */
    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            try {
                send(buffer, 0, length, true);
            } finally {
                output.endStream();
            }
        }
    }

    private void send(byte[] array, int from, int to, boolean fin) throws IOException {
        try {
            opcode = output.fragment(fin, transformed, opcode, array, from, to);
        } catch (IOException e) {
            throw connection.dead(e);
        }
    }

    private void requireNotClosed() throws IOException {
        if (closed) {
            throw new IOException("the message is complete");
        }
    }
}
