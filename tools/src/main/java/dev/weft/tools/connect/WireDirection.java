package dev.weft.tools.connect;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.tools.options.PeerText;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Shows the bytes of one direction of a connection: the lines of heads, then the headers of frames (RFC 6455 §5.2), whether or
 * not the protocol allows them, and what control frames contain. Not thread-safe.
 */
final class WireDirection {
    private static final int MOST_OF_HEAD = 64 << 10;
    private static final int MOST_CHARACTERS = 2000;
    private static final byte[] END_OF_HEAD = {'\r', '\n', '\r', '\n'};
    private static final int SWITCHING_PROTOCOLS = 101;
    private static final int OK = 200;

    private static final int LONGEST_HEADER = 14;
    private static final int LENGTH_16 = 126;
    private static final int LENGTH_64 = 127;
    private static final int MOST_OF_CONTROL = 125;
    private static final int CLOSE = 8;

    private enum Stage {
        HEAD, FRAME_HEADER, PAYLOAD, BODY
    }

    private final Consumer<String> lines;
    private Stage stage = Stage.HEAD;
    private final ByteArrayOutputStream head = new ByteArrayOutputStream();
    /** The header of the current frame, up to this length. */
    private final byte[] header = new byte[LONGEST_HEADER];
    private int headerLength;
    /** The bytes of the current payload that are still to come. */
    private long left;
    /** What came of the payload of a control frame. */
    private final ByteArrayOutputStream control = new ByteArrayOutputStream();

    /**
     * The beginning of a connection.
     *
     * @param lines gets each line, safe for a terminal
     */
    WireDirection(Consumer<String> lines) {
        this.lines = lines;
    }

    /** Shows the next bytes. */
    void show(ByteBuffer bytes) {
        while (bytes.hasRemaining()) {
            switch (stage) {
                case HEAD -> addToHead(bytes.get());
                case FRAME_HEADER -> addToHeader(bytes.get());
                case PAYLOAD -> skipPayload(bytes);
                case BODY -> bytes.position(bytes.limit());
            }
        }
    }

    // Heads

    private void addToHead(byte next) {
        head.write(next);
        byte[] all = next == '\n' ? head.toByteArray() : new byte[0];
        if (all.length >= END_OF_HEAD.length
                && Arrays.equals(all, all.length - END_OF_HEAD.length, all.length, END_OF_HEAD, 0,
                        END_OF_HEAD.length)) {
            String text = new String(all, ISO_8859_1);
            text.strip().lines().forEach(line -> lines.accept(PeerText.line(line, MOST_CHARACTERS)));
            head.reset();
            stage = after(text);
        } else if (head.size() > MOST_OF_HEAD) {
            stage = Stage.BODY;
        }
    }

    /** What follows a head: frames follow a request, and a response that switches protocols. */
    private static Stage after(String text) {
        if (!text.matches("(?s)HTTP/1\\.[0-9] [0-9]{3}\\b.*")) {
            return Stage.FRAME_HEADER;
        }
        int status = Integer.parseInt(text.substring("HTTP/1.1 ".length(), "HTTP/1.1 101".length()));
        return status == SWITCHING_PROTOCOLS ? Stage.FRAME_HEADER : status < OK ? Stage.HEAD : Stage.BODY;
    }

    // Frames

    private void addToHeader(byte next) {
        header[headerLength++] = next;
        if (headerLength >= 2 && headerLength == expectedLength()) {
            left = payloadLength();
            stage = Stage.PAYLOAD;
            if (!isShortControl()) {
                lines.accept(describe());
            }
            endIfComplete();
        }
    }

    private int lengthField() {
        return header[1] & 0x7f;
    }

    private int maskLength() {
        return (header[1] & 0x80) != 0 ? 4 : 0;
    }

    private int lengthLength() {
        return lengthField() == LENGTH_16 ? 2 : lengthField() == LENGTH_64 ? 8 : 0;
    }

    private int expectedLength() {
        return 2 + lengthLength() + maskLength();
    }

    private long payloadLength() {
        return switch (lengthField()) {
            case LENGTH_16 -> ByteBuffer.wrap(header).getShort(2) & 0xffff;
            case LENGTH_64 -> ByteBuffer.wrap(header).getLong(2) & Long.MAX_VALUE;
            default -> lengthField();
        };
    }

    private int opcode() {
        return header[0] & 0xf;
    }

    /** A control frame as it should be; it is shown with its payload. */
    private boolean isShortControl() {
        return opcode() >= CLOSE && lengthField() <= MOST_OF_CONTROL;
    }

    private void skipPayload(ByteBuffer bytes) {
        int count = (int) Math.min(left, bytes.remaining());
        if (isShortControl()) {
            byte[] part = new byte[count];
            bytes.get(part);
            for (int i = 0; i < count; i++) {
                int at = control.size();
                control.write(maskLength() == 0 ? part[i] : part[i] ^ header[headerLength - 4 + at % 4]);
            }
        } else {
            bytes.position(bytes.position() + count);
        }
        left -= count;
        endIfComplete();
    }

    private void endIfComplete() {
        if (left > 0) {
            return;
        }
        if (isShortControl()) {
            byte[] payload = control.toByteArray();
            lines.accept(describe() + (payload.length == 0 ? "" : ": " + content(payload)));
            control.reset();
        }
        headerLength = 0;
        stage = Stage.FRAME_HEADER;
    }

    private String describe() {
        StringBuilder frame = new StringBuilder("frame ").append(switch (opcode()) {
            case 0 -> "CONTINUATION";
            case 1 -> "TEXT";
            case 2 -> "BINARY";
            case CLOSE -> "CLOSE";
            case 9 -> "PING";
            case 10 -> "PONG";
            default -> "opcode " + opcode();
        });
        for (int bit = 0; bit < 4; bit++) {
            if ((header[0] & 0x80 >> bit) != 0) {
                frame.append(bit == 0 ? " FIN" : " RSV" + bit);
            }
        }
        return frame.append(maskLength() > 0 ? " MASK" : "").append(", ").append(payloadLength())
                .append(payloadLength() == 1 ? " byte" : " bytes").toString();
    }

    private String content(byte[] payload) {
        if (opcode() == CLOSE && payload.length >= 2) {
            String reason = new String(payload, 2, payload.length - 2, UTF_8);
            return (ByteBuffer.wrap(payload).getShort() & 0xffff)
                    + (reason.isEmpty() ? "" : " \"" + PeerText.line(reason, MOST_CHARACTERS) + "\"");
        }
        return PeerText.hex(payload, MOST_OF_CONTROL);
    }
}
