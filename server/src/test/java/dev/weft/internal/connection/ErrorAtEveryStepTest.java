package dev.weft.internal.connection;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.CloseStatus;
import dev.weft.MessageType;
import dev.weft.MessageView;
import dev.weft.OutgoingMessage;
import dev.weft.parser.FrameHeader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A conversation in which one step, each in turn, fails for lack of memory. The peer gets whole messages, in order and without a
 * gap, up to some point. Then the connection ends, and holds nothing.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ErrorAtEveryStepTest {
    private static final int RSV = FrameHeader.RSV2;
    private static final int NORMAL = 1000;

    private static final List<byte[]> SENT = List.of(filled(10), filled(5000), filled(20_000), filled(30), filled(300));

    private static byte[] filled(int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) length);
        return bytes;
    }

    /** Sends each message back, in different ways. */
    private static void reply(Connection connection) throws Exception {
        int count = 0;
        for (MessageView view = connection.receiveView(); view != null; view = connection.receiveView()) {
            byte[] bytes = view.bytes();
            switch (count++ % 3) {
                case 0 -> connection.send(bytes);
                case 1 -> {
                    try (OutgoingMessage stream = connection.sendStream(MessageType.BINARY)) {
                        stream.write(bytes, 0, bytes.length / 2);
                        stream.flush();
                        stream.write(bytes, bytes.length / 2, bytes.length - bytes.length / 2);
                        stream.complete();
                    }
                }
                default -> assertTrue(connection.trySend(bytes).isAccepted() || !connection.isOpen());
            }
        }
    }

    private static void sendAll(TestPeer peer) throws IOException {
        for (byte[] message : SENT) {
            int half = message.length / 2;
            peer.sendFrame(0x02, Arrays.copyOf(message, half)).sendFrame(0x89, new byte[]{1})
                    .sendFrame(0x80, Arrays.copyOfRange(message, half, message.length));
        }
        peer.sendClose(NORMAL);
    }

    /** The messages that arrive whole. */
    private static List<byte[]> receiveAll(TestPeer peer, boolean transformed, int[] code) {
        XorExtension.Step decoder = new XorExtension.Step();
        List<byte[]> messages = new ArrayList<>();
        ByteArrayOutputStream message = null;
        boolean encoded = false;
        while (true) {
            TestPeer.Frame frame;
            try {
                frame = peer.readFrame();
            } catch (IOException e) {
                return messages;
            }
            switch (frame.firstByte() & 0x0f) {
                case 0x8 -> code[0] = frame.payload().length == 0
                        ? NORMAL
                        : (frame.payload()[0] & 0xff) << 8 | frame.payload()[1] & 0xff;
                case 0xa -> assertArrayEquals(new byte[]{1}, frame.payload());
                default -> {
                    boolean first = (frame.firstByte() & 0x0f) == 2;
                    assertEquals(message == null, first, "a fragment of another message");
                    if (first) {
                        message = new ByteArrayOutputStream();
                        encoded = (frame.firstByte() & RSV) != 0;
                        assertEquals(transformed, encoded);
                    }
                    message.writeBytes(encoded ? decoder.apply(frame.payload()) : frame.payload());
                    if ((frame.firstByte() & 0x80) != 0) {
                        messages.add(message.toByteArray());
                        message = null;
                    }
                }
            }
        }
    }

    /** Converses; returns the number of steps. */
    private static int converse(boolean parks, boolean transformed, int failsAt) throws Exception {
        ConnectionFixture.Setup setup = ConnectionFixture.with().capacity(1 << 12);
        CompletableFuture<CloseStatus> end = new CompletableFuture<>();
        XorExtension extension = new XorExtension();
        if (parks) {
            setup.parks();
        }
        if (transformed) {
            setup.extension(extension);
        }
        CompletableFuture<RecordingTransport> transport = new CompletableFuture<>();
        try (ConnectionFixture test = setup.start(connection -> {
            connection.onClose(end::complete);
            transport.join().runOutOfMemoryAt(failsAt);
            reply(connection);
        })) {
            transport.complete(test.transport);
            FutureTask<Void> sending = ConnectionFixture.inThread(() -> {
                sendAll(test.peer);
                return null;
            });
            int[] code = new int[1];
            List<byte[]> received = receiveAll(test.peer, transformed, code);
            for (int i = 0; i < received.size(); i++) {
                assertArrayEquals(SENT.get(i), received.get(i), "message " + i + " of step " + failsAt);
            }
            if (code[0] == NORMAL) {
                assertEquals(SENT.size(), received.size(), "a message was lost at step " + failsAt);
            }
            test.peer.close();
            test.thread().join();
            assertTrue(test.connection().closeStatus().isPresent());
            end.get();
            ConnectionFixture.awaitUntil(() -> test.budget.taken() == 0 && test.connection().heldBytes() == 0);
            assertTrue(!transformed || extension.isClosed());
            ConnectionFixture.awaitUntil(sending::isDone);
            return test.transport.steps();
        }
    }

    @ParameterizedTest
    @CsvSource({"false, false", "true, false", "false, true", "true, true"})
    void connectionMustEndOrContinueWithoutAGap(boolean parks, boolean transformed) throws Exception {
        int steps = converse(parks, transformed, 0);
        for (int step = 1; step <= steps; step++) {
            converse(parks, transformed, step);
        }
    }
}
