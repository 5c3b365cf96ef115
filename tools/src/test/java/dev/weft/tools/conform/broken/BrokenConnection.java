package dev.weft.tools.conform.broken;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.weft.parser.Utf8Validator;
import dev.weft.tools.conform.wire.Side;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Random;
import java.util.zip.DataFormatException;

/** One end of a connection: echoes messages. */
final class BrokenConnection {
    private static final int LIMIT = 16 << 20;

    /** Fails the connection (§7.1.7). */
    private static final class Violation extends Exception {
        private static final long serialVersionUID = 1;
        private final int code;

        Violation(int code) {
            this.code = code;
        }
    }

    private final Fault fault;
    private final Side side;
    private final Socket socket;
    private final DataInputStream in;
    private final OutputStream out;
    private final BrokenDeflate deflate;

    private final ByteArrayOutputStream message = new ByteArrayOutputStream();
    private final Utf8Validator utf8 = new Utf8Validator();
    private int opcode;
    private boolean compressed;
    private int fragments;
    private final Deque<byte[]> pings = new ArrayDeque<>();
    private boolean closed;
    private final Random random = new Random();
    private int keys;

    BrokenConnection(Fault fault, Side side, Socket socket, InputStream in, BrokenDeflate deflate)
            throws IOException {
        this.fault = fault;
        this.side = side;
        this.socket = socket;
        this.in = new DataInputStream(in);
        this.out = new BufferedOutputStream(socket.getOutputStream(), 65_536);
        this.deflate = deflate;
    }

    private boolean has(Fault other) {
        return fault == other;
    }

    void run() throws IOException {
        try {
            while (!closed) {
                if (in.available() == 0) {
                    flush();
                }
                frame();
            }
            flush();
        } catch (EOFException e) {
            if (has(Fault.IGNORES_FIN)) {
                sleep();
            }
        } catch (Violation e) {
            if (has(Fault.DROPS_WITHOUT_CLOSE)) {
                return;
            }
            if (has(Fault.VOIDS_GOOD_FRAMES)) {
                sendNow(8, code(e.code));
            } else {
                send(true, 0, 8, code(e.code));
            }
            flush();
        } finally {
            if (deflate != null) {
                deflate.close();
            }
        }
        finish();
    }

    private void finish() throws IOException {
        if (has(Fault.STAYS_OPEN)) {
            sleep();
        }
        if (has(Fault.RESETS)) {
            socket.setSoLinger(true, 0);
            return;
        }
        end();
    }

    /** A server ends the stream; a client waits for the server to do so. */
    private void end() throws IOException {
        if (side == Side.SERVER || has(Fault.ENDS_FIRST)) {
            BrokenServer.drain(socket);
        } else {
            BrokenServer.readRest(socket);
        }
    }

    private static void sleep() {
        try {
            Thread.sleep(2_500);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static byte[] code(int code) {
        return new byte[]{(byte) (code >> 8), (byte) code};
    }

    private static void require(boolean condition) throws Violation {
        require(condition, 1002);
    }

    private static void require(boolean condition, int code) throws Violation {
        if (!condition) {
            throw new Violation(code);
        }
    }

    private void frame() throws IOException, Violation {
        int first = in.readUnsignedByte();
        int second = in.readUnsignedByte();
        boolean fin = (first & 0x80) != 0;
        int rsv = first & 0x70;
        int code = first & 0x0f;
        boolean control = code >= 8;
        if (!control || code == 9) {
            // First the checks that a fault may leave out, then the others.
            boolean lax = has(Fault.ACCEPTS_RSV) || has(Fault.ACCEPTS_RSV3_ON_PING) && code == 9 && rsv == 0x10
                    || has(Fault.ACCEPTS_RSV1_ON_PING) && code == 9 && rsv == 0x40
                    || has(Fault.ACCEPTS_RSV1_ON_CONTINUATION) && code == 0 && rsv == 0x40;
            rsv = lax ? 0 : rsv;
        }
        boolean mayCompress = deflate != null && (code == 1 || code == 2);
        require((rsv & ~(mayCompress ? 0x40 : 0)) == 0);
        if (has(Fault.ACCEPTS_RESERVED_OPCODE) && code == 3) {
            code = 2;
        }
        boolean ignored = has(Fault.ACCEPTS_RESERVED_CONTROL) && code > 10;
        require(code <= 2 || code >= 8 && code <= 10 || ignored);
        boolean masked = (second & 0x80) != 0;
        require(masked == (side == Side.SERVER) || has(Fault.ACCEPTS_WRONG_MASKS));
        long length = second & 0x7f;
        if (length >= 126) {
            boolean small = length == 126;
            length = small ? in.readUnsignedShort() : in.readLong();
            require(length < 0
                    ? has(Fault.TRUSTS_LENGTH)
                    : has(Fault.ACCEPTS_LONG_FORMS)
                            || length >= (small ? 126 : 65_536));
        }
        require(!control || fin || has(Fault.ACCEPTS_FRAGMENTED_PING));
        require(!control || length <= 125 || has(Fault.ACCEPTS_LONG_PING));
        if (!control) {
            boolean continues = code == 0;
            require(continues == (opcode != 0) || continues && has(Fault.ACCEPTS_STRAY_CONTINUATION)
                    || !continues && has(Fault.ACCEPTS_MESSAGE_INSIDE));
            start(code, rsv);
        }
        if (has(Fault.TRUSTS_LENGTH) && length > LIMIT) {
            socket.setSoLinger(true, 0);
            socket.close();
        }
        int limit = has(Fault.LIMIT_16M) ? LIMIT - 1 : LIMIT;
        require(control || has(Fault.NO_INFLATE_LIMIT) || message.size() + length <= limit,
                has(Fault.LIMIT_16M) ? 1002 : 1009);
        byte[] key = new byte[4];
        if (masked) {
            in.readFully(key);
        }
        if (control) {
            byte[] payload = new byte[(int) length];
            in.readFully(payload);
            unmask(payload, payload.length, key, 0);
            if (!ignored) {
                control(code, payload);
            }
        } else {
            data(fin, (int) length, key);
        }
    }

    private void start(int code, int rsv) throws Violation {
        if (code == 0 && opcode != 0) {
            fragments++;
            require(!has(Fault.LIMIT_64_FRAGMENTS) || fragments <= 64, 1009);
            return;
        }
        opcode = code == 0 ? 1 : code;
        compressed = rsv != 0;
        fragments = 1;
        message.reset();
        utf8.reset();
        if (compressed) {
            deflate.begin();
        }
    }

    private void unmask(byte[] bytes, int length, byte[] key, int from) {
        for (int i = 0; i < length; i++) {
            bytes[i] ^= key[(has(Fault.IGNORES_MASK_ROTATION) && from + i >= 256 ? i + 1 : from + i) & 3];
        }
    }

    private void data(boolean fin, int length, byte[] key) throws IOException, Violation {
        byte[] piece = new byte[Math.min(length, 65_536)];
        if (has(Fault.FORGETS_UTF8_STATE)) {
            utf8.reset();
        }
        int at = 0;
        do {
            int n = length == 0 ? 0 : in.read(piece, 0, Math.min(piece.length, length - at));
            if (n < 0) {
                throw new EOFException();
            }
            unmask(piece, n, key, at);
            at += n;
            take(Arrays.copyOf(piece, n), fin && at == length);
        } while (at < length);
        boolean ends = fin || has(Fault.ENDS_AT_EMPTY_FRAGMENT) && length == 0 && fragments > 1;
        if (opcode == 1 && !has(Fault.NO_UTF8) && (ends || !has(Fault.LATE_UTF8_FRAMES))) {
            checkText(ends, !has(Fault.LATE_UTF8) || ends);
        }
        if (ends) {
            echo(message.toByteArray());
            opcode = 0;
            while (!pings.isEmpty()) {
                send(true, 0, 10, pings.remove());
            }
        }
    }

    private void take(byte[] bytes, boolean last) throws Violation {
        byte[] taken = bytes;
        if (compressed) {
            try {
                taken = deflate.inflate(bytes, last, has(Fault.NO_INFLATE_LIMIT) ? 1 << 30 : LIMIT);
            } catch (DataFormatException e) {
                throw new Violation(1007);
            }
            require(taken != null, 1009);
        }
        message.writeBytes(taken);
        boolean late = has(Fault.LATE_UTF8) || has(Fault.LATE_UTF8_FRAMES) || has(Fault.NO_UTF8) || isLenient()
                || has(Fault.NO_UTF8_IN_DEFLATE) && compressed;
        if (opcode == 1 && !late && !utf8.update(taken, 0, taken.length)) {
            throw new Violation(has(Fault.WRONG_CODE_FOR_TEXT) ? 1002 : 1007);
        }
    }

    private boolean isLenient() {
        return has(Fault.ACCEPTS_SURROGATES) || has(Fault.ACCEPTS_OVERLONG) || has(Fault.ACCEPTS_ABOVE_10FFFF)
                || has(Fault.REFUSES_NONCHARACTERS);
    }

    /** At the end of a frame or message: checks that were not made as it arrived. */
    private void checkText(boolean ends, boolean now) throws Violation {
        if (has(Fault.LATE_UTF8) || has(Fault.LATE_UTF8_FRAMES) || isLenient()) {
            byte[] all = message.toByteArray();
            String bytes = new String(all, ISO_8859_1);
            boolean excused = has(Fault.ACCEPTS_SURROGATES) && bytes.matches("(?s).*\\xed[\\xa0-\\xbf].*")
                    || has(Fault.ACCEPTS_OVERLONG) && bytes.matches("(?s).*([\\xc0\\xc1]|\\xe0[\\x80-\\x9f]).*")
                    || has(Fault.ACCEPTS_ABOVE_10FFFF) && bytes.matches("(?s).*\\xf4[\\x90-\\xbf].*");
            require(!has(Fault.REFUSES_NONCHARACTERS) || !bytes.contains("\u00ef\u00bf\u00bf"), 1007);
            require(!ends || !now || excused || Utf8Validator.isValid(all, 0, all.length), 1007);
            return;
        }
        boolean unchecked = has(Fault.ACCEPTS_TRUNCATED) || has(Fault.NO_UTF8_IN_DEFLATE) && compressed;
        require(!ends || utf8.isComplete() || unchecked, 1007);
    }

    private void echo(byte[] bytes) throws IOException {
        byte[] reply = bytes;
        if (has(Fault.LOSES_BYTE_65536) && bytes.length > 65_535) {
            reply = Arrays.copyOf(bytes, bytes.length - 1);
            System.arraycopy(bytes, 65_536, reply, 65_535, bytes.length - 65_536);
        }
        if (has(Fault.LOSES_EMPTY_MESSAGE) && bytes.length == 0) {
            return;
        }
        int type = has(Fault.SWAPS_TYPES) ? 3 - opcode : opcode;
        if (has(Fault.REORDERS) && bytes.length == 9 && in.available() > 0) {
            send(true, 0, type, new byte[]{'!'});
        }
        if (compressed) {
            byte[] deflated = deflate.deflate(reply);
            if (has(Fault.SENDS_RSV1_ON_CONTINUATION)) {
                send(false, 0x40, type, Arrays.copyOf(deflated, 1));
                send(true, 0x40, 0, Arrays.copyOfRange(deflated, 1, deflated.length));
            } else {
                send(true, 0x40, type, deflated);
            }
        } else if (has(Fault.INTERLEAVES) && reply.length > 1000) {
            send(false, 0, type, Arrays.copyOf(reply, 500));
            send(true, 0, type, Arrays.copyOfRange(reply, 500, reply.length));
        } else {
            send(true, 0, type, reply);
        }
    }

    private void control(int code, byte[] payload) throws IOException, Violation {
        switch (code) {
            case 8 -> close(payload);
            case 9 -> ping(payload);
            default -> {
                if (has(Fault.ANSWERS_PONGS)) {
                    send(true, 0, 10, payload);
                }
            }
        }
    }

    private void ping(byte[] payload) throws IOException {
        byte[] pong = has(Fault.EMPTY_PONG) ? new byte[0] : payload;
        if (has(Fault.WRONG_PONG) && payload.length > 0) {
            pong = payload.clone();
            pong[payload.length - 1]++;
        }
        if (has(Fault.LATE_PONG) && opcode != 0) {
            pings.add(pong);
        } else if (!has(Fault.ONLY_LAST_PONG) || in.available() == 0) {
            send(true, 0, 10, pong);
        }
    }

    private void close(byte[] payload) throws IOException, Violation {
        require(payload.length != 1 || has(Fault.ACCEPTS_ONE_BYTE_CLOSE));
        int code = payload.length < 2 ? 1005 : (payload[0] & 0xff) << 8 | payload[1] & 0xff;
        if (payload.length >= 2) {
            require(isGood(code));
            require(Utf8Validator.isValid(payload, 2, payload.length) || has(Fault.ACCEPTS_BAD_REASON), 1007);
        }
        if (has(Fault.FORGETS_ECHO_BEFORE_CLOSE)) {
            sendNow(8, code(code));
        } else if (has(Fault.SENDS_1005)) {
            send(true, 0, 8, code(code));
        } else if (has(Fault.WRONG_CODE_ECHOED)) {
            send(true, 0, 8, code(1000));
        } else if (!has(Fault.NO_CLOSE_ECHO)) {
            send(true, 0, 8, payload.length < 2 ? new byte[0] : code(code));
        }
        closed = true;
        if (has(Fault.ANSWERS_AFTER_CLOSE) && in.available() > 0) {
            frame();
        }
    }

    private boolean isGood(int code) {
        return code >= 1000 && code <= 1003 || code >= 1007 && code <= (has(Fault.REFUSES_1014) ? 1013 : 1014)
                || code >= 3000 && code <= (has(Fault.REFUSES_4999) ? 4998 : 4999)
                || has(Fault.ACCEPTS_1005) && code == 1005 || has(Fault.ACCEPTS_2999) && code == 2999;
    }

    /** Buffered bytes are lost. */
    private void sendNow(int code, byte[] payload) throws IOException {
        socket.getOutputStream().write(frame(true, 0, code, payload));
        end();
        throw new IOException("lost");
    }

    private void send(boolean fin, int rsv, int code, byte[] payload) throws IOException {
        out.write(frame(fin, rsv, code, payload));
        if (has(Fault.INTERLEAVES) && code != 0 && !fin) {
            send(true, 0, 1, new byte[]{'x'});
        }
    }

    private byte[] frame(boolean fin, int rsv, int code, byte[] payload) {
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        int bits = has(Fault.SENDS_RSV2) && code < 8 ? rsv | 0x20 : rsv;
        frame.write((fin ? 0x80 : 0) | bits | code);
        boolean masks = (side == Side.CLIENT) != has(Fault.MASKS_WRONGLY);
        int mask = masks ? 0x80 : 0;
        boolean longForm = has(Fault.SENDS_LONG_FORMS) && code < 8;
        if (payload.length < 126 && !longForm) {
            frame.write(mask | payload.length);
        } else if (payload.length < 65_536) {
            frame.write(mask | 126);
            frame.write(payload.length >> 8);
            frame.write(payload.length);
        } else {
            frame.write(mask | 127);
            frame.writeBytes(new byte[4]);
            frame.writeBytes(new byte[]{(byte) (payload.length >> 24), (byte) (payload.length >> 16),
                    (byte) (payload.length >> 8), (byte) payload.length});
        }
        byte[] masked = payload.clone();
        if (masks) {
            byte[] key = nextKey();
            frame.writeBytes(key);
            for (int i = 0; i < masked.length; i++) {
                masked[i] ^= key[i & 3];
            }
        }
        frame.writeBytes(masked);
        return frame.toByteArray();
    }

    private byte[] nextKey() {
        int key = has(Fault.CONSTANT_MASK) ? 0x12345678 : has(Fault.COUNTS_MASKS) ? keys++ : random.nextInt();
        return new byte[]{(byte) (key >> 24), (byte) (key >> 16), (byte) (key >> 8), (byte) key};
    }

    private void flush() throws IOException {
        out.flush();
    }
}
