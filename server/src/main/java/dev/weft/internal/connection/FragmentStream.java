package dev.weft.internal.connection;

import dev.weft.parser.Opcode;
import dev.weft.parser.ProtocolViolationException;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Objects;

/** A message that is sent in fragments as it is written (RFC 6455 §5.4). Used by one thread at a time. */
final class FragmentStream extends OutputStream {
    private static final int FRAGMENT_LENGTH = 8192;
    private static final int ENCODING_OVERHEAD = 64;

    private final SendingConnection connection;
    private final Output output;
    private final Extension extension;
    private final byte[] buffer = new byte[FRAGMENT_LENGTH];
    private int length;
    private Opcode opcode;
    private boolean closed;

    /**
     * Begins the message.
     *
     * @param extension what transforms it, or {@code null}
     */
    FragmentStream(SendingConnection connection, Output output, Opcode opcode, Extension extension) throws IOException {
        this.connection = connection;
        this.output = output;
        this.opcode = opcode;
        this.extension = extension;
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
            if (extension == null) {
                fragment(fin, 0, array, from, to);
            } else {
                sendTransformed(array, from, to, fin);
            }
        } catch (IOException e) {
            throw connection.dead(e);
        }
    }

    private void sendTransformed(byte[] array, int from, int to, boolean fin) throws IOException {
        // With room for octets that do not compress, so that one output empties the encoder.
        byte[] encoded = new byte[(to - from) + (to - from) / 8 + ENCODING_OVERHEAD];
        try {
            Extension.Transform encoder = extension.encoder();
            encoder.input(array, from, to, fin);
            int count;
            do {
                count = encoder.output(encoded, 0, encoded.length);
                boolean last = count < encoded.length;
                if (count > 0 || fin && last) {
                    fragment(fin && last, extension.rsv(), encoded, 0, count);
                }
            } while (count == encoded.length);
        } catch (ProtocolViolationException e) {
            throw new IllegalStateException("an encoder sees no peer's octets", e);
        }
    }

    /** RSV bits stand on the first fragment only (RFC 7692 §6). */
    private void fragment(boolean fin, int rsv, byte[] array, int from, int to) throws IOException {
        output.fragment(fin, opcode == Opcode.CONTINUATION ? 0 : rsv, opcode, array, from, to);
        opcode = Opcode.CONTINUATION;
    }

    private void requireNotClosed() throws IOException {
        if (closed) {
            throw new IOException("the message is complete");
        }
    }
}
