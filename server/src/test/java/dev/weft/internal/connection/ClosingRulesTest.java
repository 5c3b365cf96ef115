package dev.weft.internal.connection;

import static dev.weft.internal.connection.TestPeer.hex;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.CloseCause;
import dev.weft.CloseReason;
import dev.weft.CloseStatus;
import dev.weft.CloseStatus.Side;
import dev.weft.ConnectionClosedException;
import dev.weft.Message;
import dev.weft.MessageType;
import dev.weft.internal.connection.ConnectionFixture.Handler;
import dev.weft.parser.Opcode;
import dev.weft.parser.ProtocolViolationException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The closing handshake (RFC 6455 §5.5.1, §7): what is answered, what is refused, and that nothing follows. */
@Timeout(60)
class ClosingRulesTest {
    private static final List<Handler> DEPTHS = List.of(ConnectionFixture.ECHO, ConnectionFixture.ECHO_VIEWS,
            ConnectionFixture.ECHO_STREAMS);

    @Test
    void validCodesMustBeEchoedAndOthersFailWith1002() throws Exception {
        for (int code = 0; code <= 5000; code++) {
            boolean good = code >= 1000 && code <= 1003 || code >= 1007 && code <= 1014
                    || code >= 3000 && code <= 4999;
            try (ConnectionFixture test = ConnectionFixture.start(DEPTHS.get(code % 3))) {
                test.peer.sendClose(code).shutdownOutput();
                if (good) {
                    test.peer.expect("88 02" + String.format("%04x", code)).expectEnd();
                    assertEquals(new CloseStatus(Optional.of(new CloseReason(code, "")),
                            Optional.of(new CloseReason(code, "")), Optional.of(Side.REMOTE), CloseCause.CLOSED,
                            Optional.empty()),
                            test.awaitEnd());
                } else {
                    test.peer.expectCloseAndEnd(1002);
                    assertEquals(1006, test.awaitEnd().code(), "no Close frame that counts came");
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {5001, 6000, 32767, 32768, 65535})
    void codesAbove5000FailWith1002(int code) throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(ConnectionFixture.ECHO)) {
            test.peer.sendClose(code).shutdownOutput().expectCloseAndEnd(1002);
        }
    }

    @Test
    void emptyCloseMustBeAnsweredWithAnEmptyClose() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(ConnectionFixture.ECHO)) {
            test.peer.send("88 80 00000000").expect("88 00").expectEnd();
            test.peer.close();
            assertEquals(new CloseStatus(Optional.of(CloseReason.EMPTY), Optional.of(CloseReason.EMPTY),
                    Optional.of(Side.REMOTE), CloseCause.CLOSED, Optional.empty()), test.awaitEnd());
            assertEquals(1005, test.awaitEnd().code());
        }
    }

    @Test
    void aCloseOfOneByteFailsWith1002() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(ConnectionFixture.ECHO)) {
            // With the byte after the frame, the code would be 1000.
            test.peer.send("88 81 00000000 03 e8").shutdownOutput().expectCloseAndEnd(1002);
        }
    }

    @Test
    void aReasonOf123BytesIsKnownToTheHandlerAndNotSentBack() throws Exception {
        String reason = "é".repeat(61) + "!";
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            var received = test.onOwner(() -> test.connection().receive());
            test.peer.send("88 fd 00000000 03e8").send(reason.getBytes(UTF_8)).expect("88 02 03e8").expectEnd();
            CloseStatus end = assertInstanceOf(Message.Close.class, received.get()).status();
            assertEquals(new CloseReason(1000, reason), end.received().orElseThrow());
            assertTrue(end.clean());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ff", "c080", "eda080", "f4908080", "61c3"})
    void aReasonThatIsNotUtf8FailsWith1007(String reason) throws Exception {
        byte[] payload = hex("03e8" + reason);
        for (int readLength : new int[]{1, 1000}) {
            try (ConnectionFixture test = ConnectionFixture.with().readLength(readLength)
                    .start(ConnectionFixture.ECHO)) {
                test.peer.sendFrame(0x88, payload).shutdownOutput().expectCloseAndEnd(1007);
            }
        }
    }

    @Test
    void framesAfterThePeersCloseMustBeIgnored() throws Exception {
        for (Handler depth : DEPTHS) {
            try (ConnectionFixture test = ConnectionFixture.start(depth)) {
                // A message, Close, then: message, ping, another Close, a violation.
                test.peer.send("""
                        81 81 00000000 61  88 82 00000000 0bb8
                        81 81 00000000 62  89 81 00000000 70  88 82 00000000 03e8  ff ff""").shutdownOutput();
                test.peer.expect("81 01 61  88 02 0bb8").expectEnd();
                assertEquals(3000, test.awaitEnd().code());
            }
        }
    }

    @Test
    void aMessageThatThePeersCloseCutsOffIsDropped() throws Exception {
        for (Handler depth : DEPTHS) {
            try (ConnectionFixture test = ConnectionFixture.start(depth)) {
                test.peer.send("01 81 00000000 61  88 82 00000000 03e9").shutdownOutput();
                test.peer.expect("88 02 03e9").expectEnd();
                assertTrue(test.awaitEnd().clean());
            }
        }
    }

    @Test
    void thePeersCloseIsAnsweredWhileItsOutputStaysOpen() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(ConnectionFixture.ECHO)) {
            test.peer.send("88 82 00000000 03e8").expect("88 02 03e8").expectEnd();
            // Bytes that still arrive are read and dropped, so that no reset destroys our Close frame.
            test.peer.send(new byte[1 << 17]).shutdownOutput();
            assertTrue(test.awaitEnd().clean());
        }
    }

    @Test
    void ourCloseMustCarryCodeAndReason() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.connection().close(4000, "bye");
            assertFalse(test.connection().isOpen());
            test.peer.expect("88 05 0fa0 627965").send("88 82 00000000 0fa0");
            assertEquals(List.of("close"), test.receiveAll().get());
            test.peer.expectEnd();
            assertEquals(new CloseStatus(Optional.of(new CloseReason(4000, "")),
                    Optional.of(new CloseReason(4000, "bye")), Optional.of(Side.LOCAL), CloseCause.CLOSED,
                    Optional.empty()),
                    test.connection().known());
        }
    }

    @Test
    void messagesAfterOurCloseMustBeReceivedPingsIgnored() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.connection().close();
            test.peer.expect("88 02 03e8")
                    .send("81 81 00000000 61  89 81 00000000 70  82 81 00000000 62  88 82 00000000 03e8");
            assertEquals(List.of("text:a", "binary:62", "close"), test.receiveAll().get());
            test.peer.expectEnd();
        }
    }

    @Test
    void aSecondCloseSendsNothing() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.connection().close(1001, "");
            test.connection().close(1000, "");
            test.returns();
            test.peer.expect("88 02 03e9").shutdownOutput().expectEnd();
            assertEquals(1001, test.awaitEnd().sent().orElseThrow().code());
        }
    }

    @Test
    void bothEndsMayCloseAtTheSameTime() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.peer.send("88 82 00000000 0bb8");
            test.connection().close(3001, "");
            assertEquals(List.of("close"), test.receiveAll().get());
            test.peer.expect("88 02 0bb9").expectEnd();
            assertEquals("clean, received 3000, sent 3001, first LOCAL", test.connection().known().toString());
        }
    }

    @Test
    void invalidCloseMustBeRefusedAndNothingSent() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            Connection connection = test.connection();
            for (int code : new int[]{0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 66536}) {
                assertThrows(IllegalArgumentException.class, () -> connection.close(code, ""), "code " + code);
            }
            for (String reason : List.of("a".repeat(124), "é".repeat(62), "\r\n", "\u0085", "\uD800", "\u0000")) {
                assertThrows(IllegalArgumentException.class, () -> connection.close(1000, reason));
            }
            assertTrue(connection.isOpen());
            connection.close(1000, "a".repeat(123));
            assertEquals(125, test.peer.readFrame().payload().length);
        }
    }

    @Test
    void handlersEndMustCloseWith1000AndAThrowWith1011() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(connection -> {})) {
            test.peer.expect("88 02 03e8").send("88 82 00000000 03e8").expectEnd();
            test.peer.close();
            assertEquals("clean, received 1000, sent 1000, first LOCAL", test.awaitEnd().toString());
        }
        try (ConnectionFixture test = ConnectionFixture.start(connection -> {
            throw new StackOverflowError();
        })) {
            test.peer.expect("88 02 03f3").send("88 82 00000000 03f3").expectEnd();
            test.peer.close();
            assertEquals("clean, received 1011, sent 1011, first LOCAL", test.awaitEnd().toString());
        }
    }

    @Test
    void callsAfterTheEndMustThrowWithItsStatus() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.peer.send("88 82 00000000 03e8");
            assertEquals(List.of("close"), test.receiveAll().get());
            CloseStatus end = test.connection().known();
            for (var action : List.<java.util.concurrent.Callable<?>>of(() -> test.connection().receive(),
                    () -> test.connection().receiveView(), () -> test.connection().receiveStream(), () -> {
                        test.connection().send("x");
                        return null;
                    }, () -> {
                        ConnectionFixture.control(test.connection(), Opcode.PING, new byte[0]);
                        return null;
                    }, () -> test.connection().sendStream(MessageType.BINARY),
                    () -> test.connection().sendStream(MessageType.TEXT))) {
                ExecutionException e = assertThrows(ExecutionException.class, test.onOwner(action)::get);
                assertEquals(end, assertInstanceOf(ConnectionClosedException.class, e.getCause()).status());
            }
            test.peer.expect("88 02 03e8").expectEnd();
        }
    }

    @Test
    void aViolationIsTheCauseAndTheReasonSaysWhatItWas() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(ConnectionFixture.ECHO)) {
            test.peer.send("81 01 61").shutdownOutput();
            TestPeer.Frame close = test.peer.readFrame();
            assertEquals("unmasked frame from a client", close.text().substring(2));
            CloseStatus end = test.awaitEnd();
            assertEquals("5.1",
                    assertInstanceOf(ProtocolViolationException.class, end.failure().orElseThrow()).section());
            assertFalse(end.clean());
            assertEquals(Optional.of(Side.LOCAL), end.closedFirst());
            assertInstanceOf(ConnectionClosedException.class, test.thrown());
        }
    }

    @Test
    void violationAfterOurCloseMustBreakTheConnection() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.connection().close();
            test.peer.send("ff ff");
            assertEquals(List.of("ConnectionClosedException"), test.receiveAll().get());
            test.returns();
            test.peer.expect("88 02 03e8").shutdownOutput().expectEnd();
            assertInstanceOf(ProtocolViolationException.class, test.awaitEnd().failure().orElseThrow());
        }
    }
}
