package dev.weft.tools.conform.wire;

import dev.weft.parser.CloseCode;
import dev.weft.parser.Opcode;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Set;

/**
 * The suite's side of one connection: sends frames, valid or invalid, and checks what the program under test sends back. The
 * first violation ends the case with a {@link Failure}; behaviour that is only weak is recorded in the {@link Findings}. Used
 * by one thread.
 */
public final class Peer {
    /** Codes that are not the expected one but plausible: a program may classify the error differently. */
    private static final Set<Integer> PLAUSIBLE = Set.of(CloseCode.PROTOCOL_ERROR, CloseCode.UNSUPPORTED_DATA,
            CloseCode.INVALID_FRAME_PAYLOAD_DATA, CloseCode.POLICY_VIOLATION, CloseCode.MESSAGE_TOO_BIG,
            CloseCode.INTERNAL_ERROR);
    /** Codes with which a program refuses a valid message because it exceeds the program's limits. */
    private static final Set<Integer> LIMIT_CODES = Set.of(CloseCode.MESSAGE_TOO_BIG, CloseCode.POLICY_VIOLATION);
    /** The size in bytes that every program should accept; a larger message may exceed its limit. */
    private static final int MODEST = 65_536;

    private final Wire wire;
    private final Side subject;
    private final Settings settings;
    private final Findings findings;
    private final AgreedParameters agreement;
    private int compressedReplies;

    Peer(Wire wire, Side subject, Settings settings, Findings findings, AgreedParameters agreement) {
        this.wire = wire;
        this.subject = subject;
        this.settings = settings;
        this.findings = findings;
        this.agreement = agreement;
    }

    /** The settings of the run. */
    public Settings settings() {
        return settings;
    }

    /** The case's findings. */
    public Findings findings() {
        return findings;
    }

    /** The agreed parameters of permessage-deflate; {@code null} if it was not negotiated. */
    public AgreedParameters agreement() {
        return agreement;
    }

    /** The binary logarithm of the window of the messages that the suite compresses. */
    public int windowBits() {
        return agreement.bits(subject.other());
    }

    /** Whether the suite must compress each message without the previous ones. */
    public boolean noContextTakeover() {
        return agreement.noContextTakeover(subject.other());
    }

    /** The number of expected messages that arrived compressed. */
    public int compressedReplies() {
        return compressedReplies;
    }

    private void weak(String what) {
        findings.add(Verdict.NON_STRICT, what, this::transcript);
    }

    // ---- sending

    /** Sends frames in one write. */
    public void send(Frame... frames) {
        send(List.of(frames));
    }

    /** Sends frames in one write. */
    public void send(List<Frame> frames) {
        note(frames);
        writeBytes(bytes(frames), Integer.MAX_VALUE);
    }

    /** Sends frames in writes of this number of bytes. */
    public void sendChopped(int size, Frame... frames) {
        note(List.of(frames));
        writeBytes(bytes(List.of(frames)), size);
    }

    /** The bytes of frames that are sent to the program under test. */
    public byte[] bytes(List<Frame> frames) {
        return Frame.bytes(subject.other(), frames);
    }

    /** Sends bytes in one write. */
    public void sendBytes(byte[] bytes) {
        wire.transcript().sent("bytes", bytes);
        writeBytes(bytes, Integer.MAX_VALUE);
    }

    /** Sends a part of some bytes in one write. */
    public void sendBytes(byte[] bytes, int from, int to) {
        sendBytes(Arrays.copyOfRange(bytes, from, to));
    }

    /** Sends a Close frame with this payload, and does not wait for the answer. */
    public void sendClose(byte[] payload) {
        send(Frame.close(payload));
    }

    /** Ends the stream to the program under test with FIN, without a Close frame. */
    public void endOutput() {
        try {
            wire.endOutput();
        } catch (IOException e) {
            throw new Failure("the " + subject.label() + " ended the connection: " + e.getMessage());
        }
    }

    private void note(List<Frame> frames) {
        for (Frame frame : frames) {
            wire.transcript().sent(frame);
            if (isGoodClose(frame)) {
                wire.closeIsSent();
            }
        }
    }

    /** Whether this frame begins a valid closing handshake, so that the program's Close frame needs no answer. */
    static boolean isGoodClose(Frame frame) {
        byte[] payload = frame.payload();
        if (frame.opcode() != Opcode.CLOSE.code() || !frame.fin() || frame.rsv() != 0 || frame.wronglyMasked()
                || frame.form() != Frame.LengthForm.MINIMAL || payload.length == 1 || payload.length > 125) {
            return false;
        }
        return payload.length == 0 || StrictFrameReader.mayTravel((payload[0] & 0xff) << 8 | payload[1] & 0xff);
    }

    private void writeBytes(byte[] bytes, int size) {
        Subject.write(wire, bytes, size);
    }

    /** Sends the same bytes again and again, by another thread, until writing fails or about {@code limit} bytes were sent. */
    public void pour(byte[] bytes, long limit) {
        wire.transcript().sent("again and again", bytes);
        Thread.ofVirtual().name("conform-pour").start(() -> {
            try {
                for (long sent = 0; sent < limit; sent += bytes.length) {
                    wire.write(bytes);
                }
            } catch (IOException e) {
                wire.transcript().note("writing failed: " + e.getMessage());
            }
        });
    }

    // ---- expecting

    /**
     * Waits for these messages and pongs. Messages must arrive in order, and pongs must arrive in order; the order between the
     * two kinds is not checked.
     */
    public void expect(Frame... frames) {
        expect(List.of(frames));
    }

    /** Waits for these messages and pongs, like {@link #expect(Frame...)}. */
    public void expect(List<Frame> frames) {
        Deque<Frame> messages = new ArrayDeque<>();
        Deque<Frame> pongs = new ArrayDeque<>();
        frames.forEach(frame -> (frame.isControl() ? pongs : messages).add(frame));
        while (!messages.isEmpty() || !pongs.isEmpty()) {
            Frame awaited = messages.isEmpty() ? pongs.peek() : messages.peek();
            switch (next("expected " + awaited)) {
                case Event.Message message -> {
                    match(messages.poll(), message.opcode(), message.payload());
                    compressedReplies += message.compressed() ? 1 : 0;
                }
                case Event.Pong pong -> match(pongs.poll(), Opcode.PONG.code(), pong.payload());
                case Event.Close close -> {
                    if (LIMIT_CODES.contains(close.code()) && awaited.payload().length >= MODEST) {
                        throw new Unsupported("closes with " + close.code() + " \"" + close.reason()
                                + "\": the " + subject.label() + "'s limit refuses " + awaited.payload().length
                                + " bytes");
                    }
                    throw new Failure("expected " + awaited + ", got close " + close.code() + " \"" + close.reason()
                            + '"');
                }
                case Event.End end -> throw new Failure("expected " + awaited + ", got the end of the connection");
                case Event.Violation violation -> throw new Failure(violation.what());
            }
        }
    }

    /** Checks that a message is the expected one. */
    public void match(Frame expected, Event.Message message) {
        match(expected, message.opcode(), message.payload());
    }

    private static void match(Frame expected, int opcode, byte[] payload) {
        if (expected == null) {
            throw new Failure("unexpected " + Frame.of(opcode, payload));
        }
        if (expected.opcode() != opcode || !Arrays.equals(expected.payload(), payload)) {
            int at = Arrays.mismatch(expected.payload(), payload);
            throw new Failure("expected " + expected + ", got " + Frame.of(opcode, payload)
                    + (at >= 0 ? ", which differs at byte " + at : ""));
        }
    }

    /** Sends a message or frames of one, and waits for its echo. */
    public void echoes(Frame... frames) {
        send(frames);
        expect(whole(frames));
    }

    /** The message that consists of these frames. */
    public static Frame whole(Frame... frames) {
        int length = Arrays.stream(frames).mapToInt(frame -> frame.payload().length).sum();
        byte[] payload = new byte[length];
        int at = 0;
        for (Frame frame : frames) {
            System.arraycopy(frame.payload(), 0, payload, at, frame.payload().length);
            at += frame.payload().length;
        }
        return Frame.of(frames[0].opcode(), payload);
    }

    /** The next event; {@code null} if none arrives within {@link Settings#patience()}. */
    public Event poll() {
        return wire.next(settings.patience());
    }

    /** Waits for the next event, of any kind. */
    public Event next(String expectation) {
        Event event = wire.next(settings.timeout());
        if (event == null) {
            throw new Failure(expectation + ", received nothing within " + settings.timeout().toMillis() + " ms");
        }
        return event;
    }

    /** Waits until the program under test fails the connection with this code (§7.1.7). */
    public void fails(int code) {
        failsAfter(code);
    }

    /** Waits until the program fails the connection with this code, after it has answered with these messages. */
    public void failsAfter(int code, Frame... before) {
        Event event = next("expected close " + code);
        int answered = 0;
        while (event instanceof Event.Message message && answered < before.length) {
            match(before[answered++], message.opcode(), message.payload());
            event = next("expected close " + code);
        }
        failed(code, event);
        if (answered < before.length) {
            weak("of the " + before.length + " valid messages before it, " + answered + " were answered");
        }
    }

    /** Checks that this event fails the connection with this code, and waits for the end. */
    public void failed(int code, Event event) {
        switch (event) {
            case Event.Close close -> {
                judge(code, close);
                ended();
            }
            case Event.End end -> weak("§7.1.7: dropped TCP without a Close frame");
            case Event.Message message ->
                throw new Failure("expected close " + code + ", got " + Frame.of(message.opcode(), message.payload()));
            case Event.Pong pong -> throw new Failure("expected close " + code + ", got " + Frame.pong(pong.payload()));
            case Event.Violation violation -> throw new Failure(violation.what());
        }
    }

    private void judge(int code, Event.Close close) {
        if (close.code() == code) {
            return;
        }
        String what = "expected close " + code + ", got " + close.code() + " \"" + close.reason() + '"';
        if (!PLAUSIBLE.contains(close.code()) && close.code() != CloseCode.NO_STATUS_RECEIVED) {
            throw new Failure(what);
        }
        weak("expected close " + code + ", got " + close.code());
    }

    /** Performs the closing handshake with code 1000. */
    public void close() {
        closes(CloseCode.NORMAL_CLOSURE, "");
    }

    /** Performs the closing handshake (§7.1.2): the program must answer with the same code, and the connection must end. */
    public void closes(int code, String reason) {
        send(Frame.close(code, reason));
        closed(code);
    }

    /** Waits for the answer to a Close frame, and for the end. */
    public void closed(int code) {
        switch (next("expected close " + code)) {
            case Event.Close close -> {
                boolean noneIsNone = code == CloseCode.NO_STATUS_RECEIVED
                        && close.code() == CloseCode.NORMAL_CLOSURE;
                if (close.code() != code && !noneIsNone) {
                    if (PLAUSIBLE.contains(close.code())) {
                        throw new Failure("§7.4: refuses a valid Close frame: expected close " + code + ", got "
                                + close.code());
                    }
                    weak("§5.5.1: answers close " + code + " by " + close.code());
                }
            }
            case Event.Message message ->
                throw new Failure("expected close " + code + ", got " + Frame.of(message.opcode(), message.payload()));
            case Event.Pong pong -> throw new Failure("expected close " + code + ", got " + Frame.pong(pong.payload()));
            case Event.End end -> throw new Failure("§5.5.1: our Close frame was not answered");
            case Event.Violation violation -> throw new Failure(violation.what());
        }
        ended();
    }

    /** Waits for the end of the stream with FIN (§7.1.1): the server must end it first, then the client. */
    public void ended() {
        Event event = next("§7.1.1: the Close frames have passed; expected the end of the connection");
        switch (event) {
            case Event.End end -> {
                if (end.reset()) {
                    weak("§7.1.1: ended TCP by RST, which may destroy the Close frame");
                }
            }
            case Event.Violation violation -> throw new Failure(violation.what());
            default -> throw new Failure("expected the end of the connection, got " + event);
        }
    }

    /** Whether the next event is the end of the stream, and arrives within the time limit. */
    public boolean endsInTime() {
        return wire.next(settings.timeout()) instanceof Event.End;
    }

    /** The frames sent and received. */
    public List<String> transcript() {
        return wire.transcript().lines();
    }

    /** Keeps the stream to a client open after the closing handshake. */
    public void stayOpen() {
        wire.stayOpen();
    }

    /** The masking keys of the frames received so far. */
    public List<Integer> maskingKeys() {
        return wire.maskingKeys();
    }

    /** Ends the connection at once. May be called from any thread. */
    public void abort() {
        wire.close();
    }
}
