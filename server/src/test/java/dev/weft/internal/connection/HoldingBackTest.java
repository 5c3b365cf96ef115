package dev.weft.internal.connection;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Message;
import dev.weft.PreparedMessage;
import dev.weft.WebSocketConnection;
import dev.weft.internal.connection.RecordingTransport.Write;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** When frames leave: replies to one read together, and none later than its guard allows. */
@ParameterizedClass
@ValueSource(booleans = {false, true})
@Timeout(20)
class HoldingBackTest {
    private static final String TEN_MESSAGES = "81 81 00000000 61".repeat(10);
    private static final String TEN_REPLIES = "81 01 61".repeat(10);

    private final boolean prepared;

    /** @param prepared whether what is held back is prepared for several connections */
    HoldingBackTest(boolean prepared) {
        this.prepared = prepared;
    }

    private void send(WebSocketConnection connection, String text) throws IOException {
        if (prepared) {
            connection.send(PreparedMessage.text(text));
        } else {
            connection.send(text);
        }
    }

    private void send(WebSocketConnection connection, byte[] binary) throws IOException {
        if (prepared) {
            connection.send(PreparedMessage.binary(binary));
        } else {
            connection.send(binary);
        }
    }

    @Test
    void repliesToMessagesOfOneReadLeaveInOneWrite() throws Exception {
        for (var depth : List.of(ConnectionFixture.ECHO, ConnectionFixture.ECHO_VIEWS,
                ConnectionFixture.ECHO_STREAMS)) {
            try (ConnectionFixture test = ConnectionFixture.with().withoutTimer().start(depth)) {
                test.peer.send(TEN_MESSAGES).expect(TEN_REPLIES);
                test.awaitReading();
                assertEquals(List.of(30), lengths(test));
            }
        }
    }

    private static List<Integer> lengths(ConnectionFixture test) {
        return test.transport.writes().stream().map(Write::length).toList();
    }

    /** More than can be held back without their frames. */
    @Test
    void manyRepliesMustLeaveTogether() throws Exception {
        int count = 200;
        try (ConnectionFixture test = ConnectionFixture.with().withoutTimer().start(connection -> {
            while (connection.receive() instanceof Message.Text text) {
                send(connection, text.text());
                assertTrue(connection.trySend(PreparedMessage.text(text.text())).isAccepted());
            }
        })) {
            test.peer.send("81 81 00000000 61".repeat(count)).expect("81 01 61".repeat(2 * count));
            // After the last message nothing is held back.
            assertEquals(List.of(2 * count * 3 - 3, 3), lengths(test));
        }
    }

    @Test
    void pongsAndTheAnswerToACloseMustLeaveInOneWrite() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().withoutTimer().start(ConnectionFixture.ECHO)) {
            test.peer.send("89 80 00000000  81 80 00000000  89 81 00000000 01  88 80 00000000");
            test.peer.expect("8a 00  81 00  8a 01 01  88 00").expectEnd();
            assertEquals(List.of(9), lengths(test));
        }
    }

    @Test
    void aReplyLeavesAtOnceWhenNoWholeFrameFollows() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().withoutTimer().start(null)) {
            // The second message is cut: the reply to the first must not wait for the rest.
            test.peer.send("81 81 00000000 61  81 81 00000000");
            test.onOwner(() -> {
                test.connection().receive();
                send(test.connection(), "a");
                return null;
            }).get();
            test.peer.expect("81 01 61");
        }
    }

    @Test
    void heldFramesMustLeaveWhenTheHandlerWaits() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().withoutTimer().start(null)) {
            hold(test);
            test.onOwner(() -> test.connection().receive()).get();
            assertEquals(0, test.transport.writes().size(), "held back");
            test.receiveAll();
            test.peer.expect("81 01 61");
        }
    }

    @Test
    void heldBackFramesMustLeaveWithAnotherThreadsFrame() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().withoutTimer().start(null)) {
            hold(test);
            send(test.connection(), "b");
            test.peer.expect("81 01 61  81 01 62");
            assertEquals(List.of(6), lengths(test));
        }
    }

    /** Replies to one of two messages. */
    private void hold(ConnectionFixture test) throws Exception {
        test.peer.send("81 81 00000000 61  81 81 00000000 62");
        test.onOwner(() -> {
            test.connection().receive();
            send(test.connection(), "a");
            return null;
        }).get();
    }

    @Test
    void heldBackFramesMustLeaveWhenTheHandlerEnds() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().withoutTimer().start(null)) {
            hold(test);
            test.returns();
            test.peer.expect("81 01 61  88 02 03e8");
        }
        try (ConnectionFixture test = ConnectionFixture.with().withoutTimer().start(null)) {
            hold(test);
            test.throwsUp();
            test.peer.expect("81 01 61  88 02 03f3");
        }
    }

    @Test
    void heldFramesMustLeaveWithAViolationsCloseFrame() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().withoutTimer().start(ConnectionFixture.ECHO)) {
            test.peer.send("81 81 00000000 61  83 80 00000000").shutdownOutput();
            test.peer.expect("81 01 61").expectCloseAndEnd(1002);
            assertEquals(1, test.transport.writes().size());
        }
    }

    @Test
    void theGuardSendsWhatABusyHandlerHoldsBack() throws Exception {
        CountDownLatch replied = new CountDownLatch(1);
        for (int i = 0; i < 20; i++) {
            try (ConnectionFixture test = ConnectionFixture.start(connection -> {
                connection.receive();
                send(connection, "a");
                replied.await();
                connection.receive();
                connection.receive();
            })) {
                test.peer.send("81 81 00000000 61  81 81 00000000 62").expect("81 01 61");
                replied.countDown();
            }
        }
    }

    @Test
    void timerMustWatchFramesAddedAfterItsFirstLook() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            for (int i = 0; i < 200; i++) {
                test.peer.send("81 81 00000000 61  81 81 00000000 62");
                test.onOwner(() -> {
                    test.connection().receive();
                    send(test.connection(), "a");
                    return null;
                }).get();
                test.peer.expect("81 01 61");
                test.onOwner(() -> test.connection().receive()).get();
            }
        }
    }

    @Test
    void aLargePayloadIsWrittenFromWhereItLies() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            byte[] small = new byte[4096];
            byte[] large = new byte[4097];
            test.connection().send(small);
            test.connection().send(large);
            test.peer.expectFrame(0x82, small).expectFrame(0x82, large);
            List<Write> writes = test.transport.writes();
            assertEquals(List.of(4100, 4101), lengths(test));
            assertNotSame(small, writes.get(0).second());
            assertSame(large, writes.get(1).second());
        }
    }

    @Test
    void largePayloadMustLeaveWithTheHeldFrames() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().withoutTimer().start(null)) {
            hold(test);
            byte[] large = new byte[5000];
            test.connection().send(large);
            test.peer.expect("81 01 61").expectFrame(0x82, large);
            assertEquals(List.of(3 + 4 + 5000), lengths(test));
        }
    }

    @Test
    void moreThanABufferOfRepliesLeavesBufferByBuffer() throws Exception {
        byte[] message = TestPeer.binary(new byte[3000]);
        byte[] five = new byte[5 * message.length];
        for (int i = 0; i < 5; i++) {
            System.arraycopy(message, 0, five, i * message.length, message.length);
        }
        try (ConnectionFixture test = ConnectionFixture.with().withoutTimer().start(connection -> {
            while (connection.receive() instanceof Message.Binary binary) {
                // Twice as much back as came.
                send(connection, binary.bytes());
                send(connection, binary.bytes());
            }
        })) {
            test.peer.send(five);
            for (int i = 0; i < 10; i++) {
                test.peer.expectFrame(0x82, new byte[3000]);
            }
            assertArrayEquals(new int[]{5 * 3004, 4 * 3004, 3004},
                    lengths(test).stream().mapToInt(Integer::intValue).toArray());
        }
    }
}
