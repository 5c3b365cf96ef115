package dev.weft.tools.connect;

import dev.weft.Message;
import dev.weft.WebSocketConnection;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;

/** Sends the content of a pipe or a file: as lines, or as unchanged bytes. */
final class PipedInput implements Input {
    /** The maximum number of bytes of a message that is sent. */
    static final int MOST_BYTES = 64 << 20;
    private static final int CHUNK = 64 << 10;

    private final InputStream in;
    private final String name;
    private final Form form;
    private final boolean whole;

    /**
     * Input from this stream.
     *
     * @param name  the input's name in messages for the user
     * @param whole whether the whole input is one message
     */
    PipedInput(InputStream in, String name, Form form, boolean whole) {
        this.in = new BufferedInputStream(in, CHUNK);
        this.name = name;
        this.form = form;
        this.whole = whole;
    }

    @Override
    public void sendTo(Conversation conversation) throws IOException, UnsendableException {
        if (whole) {
            send(conversation, readToEnd(), name);
        } else if (form == Form.BINARY) {
            sendChunks(conversation);
        } else {
            sendLines(conversation);
        }
    }

    private byte[] readToEnd() throws UnsendableException {
        try {
            byte[] all = in.readNBytes(MOST_BYTES + 1);
            if (all.length > MOST_BYTES) {
                throw tooLong(name);
            }
            return all;
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private void sendChunks(Conversation conversation) throws IOException, UnsendableException {
        byte[] buffer = new byte[CHUNK];
        for (int length = read(buffer); length >= 0; length = read(buffer)) {
            send(conversation, Arrays.copyOf(buffer, length), name);
        }
    }

    private int read(byte[] buffer) throws UnsendableException {
        try {
            return in.read(buffer);
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private void sendLines(Conversation conversation) throws IOException, UnsendableException {
        long number = 1;
        for (byte[] line = nextLine(number); line != null; line = nextLine(++number)) {
            send(conversation, line, name + ", line " + number);
        }
    }

    /** The next line without its end, which is a line feed, perhaps after a carriage return; null at the end. */
    private byte[] nextLine(long number) throws UnsendableException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        try {
            int next = in.read();
            if (next < 0) {
                return null;
            }
            for (; next >= 0 && next != '\n'; next = in.read()) {
                if (line.size() == MOST_BYTES) {
                    throw tooLong(name + ", line " + number);
                }
                line.write(next);
            }
            byte[] bytes = line.toByteArray();
            boolean returned = next == '\n' && bytes.length > 0 && bytes[bytes.length - 1] == '\r';
            return returned ? Arrays.copyOf(bytes, bytes.length - 1) : bytes;
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private void send(Conversation conversation, byte[] bytes, String where) throws IOException, UnsendableException {
        WebSocketConnection connection = conversation.connection();
        Message message = message(bytes, form, where);
        conversation.display().sent(message);
        if (message instanceof Message.Text(String text)) {
            connection.send(text);
        } else if (message instanceof Message.Binary(byte[] payload)) {
            connection.send(payload);
        }
    }

    /** Converts these bytes to a message. */
    static Message message(byte[] bytes, Form form, String where) throws UnsendableException {
        try {
            return switch (form) {
                case LINES -> new Message.Text(
                        StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
                case BINARY -> new Message.Binary(bytes);
                case BASE64 -> new Message.Binary(Base64.getDecoder().decode(bytes));
            };
        } catch (CharacterCodingException e) {
            throw new UnsendableException(where + ": not UTF-8; --binary or --base64 sends other bytes");
        } catch (IllegalArgumentException e) {
            throw new UnsendableException(where + ": not base64");
        }
    }

    private static UnsendableException tooLong(String where) {
        return new UnsendableException(where + ": longer than " + MOST_BYTES + " bytes");
    }

    private UnsendableException unreadable(IOException e) {
        return new UnsendableException(name + " cannot be read: " + e.getMessage());
    }
}
