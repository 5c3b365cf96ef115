package dev.weft.internal.receive;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.MessageType;
import dev.weft.MessageView;
import java.util.Arrays;

/** A connection's one view of a message. */
public final class BorrowedView implements MessageView {
    private static final byte[] NOTHING = {};

    private MessageType type = MessageType.BINARY;
    private byte[] array = NOTHING;
    private int offset;
    private int length;

    BorrowedView show(MessageType type, byte[] array, int offset, int length) {
        this.type = type;
        this.array = array;
        this.offset = offset;
        this.length = length;
        return this;
    }

    /** Makes the view empty, so that code that has kept it too long sees no bytes of another message. */
    void showNothing() {
        show(MessageType.BINARY, NOTHING, 0, 0);
    }

    @Override
    public MessageType type() {
        return type;
    }

    @Override
    public byte[] array() {
        return array;
    }

    @Override
    public int offset() {
        return offset;
    }

    @Override
    public int length() {
        return length;
    }

    @Override
    public String text() {
        return new String(array, offset, length, UTF_8);
    }

    @Override
    public byte[] bytes() {
        return Arrays.copyOfRange(array, offset, offset + length);
    }
}
