package dev.weft.internal.connection;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.MessageView;
import java.util.Arrays;

/** A connection's one view of a message. */
final class View implements MessageView {
    private static final byte[] NOTHING = {};

    private Type type = Type.CLOSE;
    private byte[] array = NOTHING;
    private int offset;
    private int length;

    View show(Type type, byte[] array, int offset, int length) {
        this.type = type;
        this.array = array;
        this.offset = offset;
        this.length = length;
        return this;
    }

    View showNothing() {
        return show(Type.CLOSE, NOTHING, 0, 0);
    }

    @Override
    public Type type() {
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
