package dev.weft.tools.conform.wire;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/** The newest events of a connection, for the report of a failure. Thread-safe. */
public final class Transcript {
    private static final int KEPT = 40;
    private static final int SHOWN_BYTES = 24;

    private final ReentrantLock lock = new ReentrantLock();
    private final Deque<Line> lines = new ArrayDeque<>();
    private long dropped;

    /** Formatted only on demand, because most cases pass. */
    private record Line(String direction, String note, Frame frame, byte[] bytes, int length) {
        String format() {
            if (frame != null) {
                return direction + " " + describe(frame.fin(), frame.rsv(), frame.opcode(), length, bytes)
                        + (frame.wronglyMasked() ? " (masked wrongly)" : "");
            }
            return direction + " " + note + (bytes == null ? "" : ": " + hex(bytes, length));
        }
    }

    void sent(Frame frame) {
        add(new Line("->", null, frame, head(frame.payload()), frame.payload().length));
    }

    void sent(String what, byte[] bytes) {
        add(new Line("->", what, null, head(bytes), bytes.length));
    }

    void received(Frame frame) {
        add(new Line("<-", null, frame, head(frame.payload()), frame.payload().length));
    }

    void note(String what) {
        add(new Line("--", what, null, null, 0));
    }

    private static byte[] head(byte[] bytes) {
        return bytes.length <= SHOWN_BYTES ? bytes : Arrays.copyOf(bytes, SHOWN_BYTES);
    }

    private void add(Line line) {
        // Without the frame's payload, which may be large.
        Line kept = line.frame == null
                ? line
                : new Line(line.direction, null,
                        new Frame(line.frame.fin(), line.frame.rsv(), line.frame.opcode(), line.frame.wronglyMasked(),
                                null,
                                line.frame.form(), line.bytes),
                        line.bytes, line.length);
        lock.lock();
        try {
            lines.add(kept);
            if (lines.size() > KEPT) {
                lines.remove();
                dropped++;
            }
        } finally {
            lock.unlock();
        }
    }

    /** The newest events, oldest first. */
    public List<String> lines() {
        lock.lock();
        try {
            List<String> all = new ArrayList<>();
            if (dropped > 0) {
                all.add("-- " + dropped + " earlier events");
            }
            lines.forEach(line -> all.add(line.format()));
            return all;
        } finally {
            lock.unlock();
        }
    }

    /** A description of a frame. */
    static String describe(boolean fin, int rsv, int opcode, int length, byte[] bytes) {
        String name = switch (opcode) {
            case 0 -> "continuation";
            case 1 -> "text";
            case 2 -> "binary";
            case 8 -> "close";
            case 9 -> "ping";
            case 10 -> "pong";
            default -> "opcode " + opcode;
        };
        StringBuilder all = new StringBuilder(name);
        if (!fin) {
            all.append(" (FIN clear)");
        }
        if (rsv != 0) {
            all.append(" (RSV ").append(Integer.toBinaryString(8 | rsv >> 4).substring(1)).append(')');
        }
        if (opcode == 8 && bytes.length >= 2) {
            int code = (bytes[0] & 0xff) << 8 | bytes[1] & 0xff;
            all.append(' ').append(code).append(' ').append(quote(Arrays.copyOfRange(bytes, 2, bytes.length)));
            return all.toString();
        }
        return all.append(' ').append(hex(bytes, length)).toString();
    }

    private static String quote(byte[] text) {
        String printable = new String(text, UTF_8).replaceAll("\\p{Cntrl}", "?");
        return '"' + printable + '"';
    }

    private static String hex(byte[] bytes, int length) {
        if (length == 0) {
            return "0 bytes";
        }
        String shown = HexFormat.of().formatHex(bytes, 0, Math.min(bytes.length, SHOWN_BYTES));
        return (length == 1 ? "1 byte " : length + " bytes ") + shown + (length > SHOWN_BYTES ? ".." : "");
    }
}
