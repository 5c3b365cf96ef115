package dev.weft.internal.connection;

import static dev.weft.internal.connection.TestPeer.hex;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weft.CloseCause;
import dev.weft.CloseReason;
import dev.weft.CloseStatus;
import dev.weft.CloseStatus.Side;
import dev.weft.ConnectionClosedException;
import dev.weft.MessageType;
import dev.weft.parser.Opcode;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What each event does in each state of a connection: event by the peer, by the user on the connection's thread, or by
 * the user on another thread. Behind the event the peer sends Close 1000 and ends its output, and the handler receives
 * to the end. The tables tell all that the peer sees from the event on ("!1002" is a Close frame with that code and a
 * reason), what the handler receives, and how the connection ended: code received, code sent, who was first, the cause.
 */
@Timeout(30)
class ConnectionStatesTest {
    enum State {
        OPEN, MID_HEADER, MID_FRAME, MID_MESSAGE, CLOSE_SENT, CLOSED, BROKEN
    }

    private static void bring(ConnectionFixture test, State state) throws Exception {
        Connection connection = test.connection();
        switch (state) {
            case OPEN -> {
            }
            case MID_HEADER -> test.peer.send("81");
            case MID_FRAME -> test.peer.send("81 83 00000000 61");
            case MID_MESSAGE -> test.peer.send("01 81 00000000 61");
            case CLOSE_SENT -> {
                connection.close(1001, "");
                test.peer.expect("88 02 03e9");
            }
            case CLOSED -> {
                test.peer.send("88 82 00000000 03e8");
                assertEquals(List.of("close"), test.receiveAll().get());
                test.peer.expect("88 02 03e8");
            }
            case BROKEN -> connection.abort();
        }
    }

    private static void endByPeer(ConnectionFixture test) {
        try {
            test.peer.send("88 82 00000000 03e8").shutdownOutput();
        } catch (IOException e) {
            // The connection was cut off by then.
        }
    }

    private static void assertOutcome(ConnectionFixture test, String sees, String gets, String end,
            FutureTask<List<String>> received) throws Exception {
        if (gets != null) {
            assertEquals(List.of(gets.split(" ")), received.get(), "what the handler gets");
        }
        test.returns();
        CloseStatus actual = test.awaitEnd();
        assertEquals(end, actual.received().map(CloseReason::code).map(String::valueOf).orElse("-")
                + " " + actual.sent().map(CloseReason::code).map(String::valueOf).orElse("-")
                + " " + actual.closedFirst().map(Side::toString).orElse("-")
                + " " + actual.failure().map(cause -> cause.getClass().getSimpleName()).orElse("-"), "the end");
        assertEquals(sees == null ? "" : sees.replace(" ", ""), seen(test), "what the peer sees");
    }

    private static String seen(ConnectionFixture test) throws IOException {
        StringBuilder seen = new StringBuilder();
        byte[] all;
        try {
            all = test.peer.readToEnd();
        } catch (IOException e) {
            // Cut off with bytes of ours unread: the network resets the connection.
            return "";
        }
        int at = 0;
        while (at < all.length) {
            int end = at + 2 + all[at + 1];
            String frame = hex(Arrays.copyOfRange(all, at, end));
            boolean reason = frame.startsWith("88") && frame.length() > 8;
            seen.append(reason ? "!" + Integer.parseInt(frame.substring(4, 8), 16) : frame);
            at = end;
        }
        return seen.toString();
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource(delimiter = '|', textBlock = """
            OPEN        | text          | 81 81 00000000 62    | 880203e8 | text:b close | 1000 1000 REMOTE -
            OPEN        | binary        | 82 81 00000000 62    | 880203e8 | binary:62 close | 1000 1000 REMOTE -
            OPEN        | fragment      | 01 81 00000000 62    | 880203e8 | close        | 1000 1000 REMOTE -
            OPEN        | continuation  | 80 81 00000000 62    | !1002    | CCE          | - 1002 LOCAL PVE
            OPEN        | ping          | 89 81 00000000 70    | 8a0170 880203e8 | close        | 1000 1000 REMOTE -
            OPEN        | pong          | 8a 81 00000000 70    | 880203e8 | close        | 1000 1000 REMOTE -
            OPEN        | empty Close   | 88 80 00000000       | 8800     | close        | 1005 1005 REMOTE -
            OPEN        | Close 3000    | 88 84 00000000 0bb86f6b | 88020bb8 | close        | 3000 3000 REMOTE -
            OPEN        | Close, 1 byte  | 88 81 00000000 03    | !1002    | CCE          | - 1002 LOCAL PVE
            OPEN        | Close 1005    | 88 82 00000000 03ed  | !1002    | CCE          | - 1002 LOCAL PVE
            OPEN        | Close, not UTF-8 | 88 83 00000000 03e8ff | !1007    | CCE          | - 1007 LOCAL PVE
            OPEN        | violation     | 81 01 62             | !1002    | CCE          | - 1002 LOCAL PVE
            OPEN        | end of input  | EOF                  |          | EOFException | - - - EOFException
            OPEN        | reset         | RESET                |          | IOException  | - - - IOException
            MID_HEADER  | the rest      | 81 00000000 62       | 880203e8 | text:b close | 1000 1000 REMOTE -
            MID_HEADER  | violation     | 01                   | !1002    | CCE          | - 1002 LOCAL PVE
            MID_HEADER  | end of input  | EOF                  |          | EOFException | - - - EOFException
            MID_HEADER  | reset         | RESET                |          | IOException  | - - - IOException
            MID_FRAME   | the rest      | 62 63                | 880203e8 | text:abc close | 1000 1000 REMOTE -
            MID_FRAME   | not UTF-8     | ff                   | !1007    | CCE          | - 1007 LOCAL PVE
            MID_FRAME   | end of input  | EOF                  |          | EOFException | - - - EOFException
            MID_FRAME   | reset         | RESET                |          | IOException  | - - - IOException
            MID_MESSAGE | text          | 81 81 00000000 62    | !1002    | CCE          | - 1002 LOCAL PVE
            MID_MESSAGE | binary        | 82 81 00000000 62    | !1002    | CCE          | - 1002 LOCAL PVE
            MID_MESSAGE | first fragment | 01 81 00000000 62    | !1002    | CCE          | - 1002 LOCAL PVE
            MID_MESSAGE | continuation  | 80 81 00000000 62    | 880203e8 | text:ab close | 1000 1000 REMOTE -
            MID_MESSAGE | more of it    | 00 81 00000000 62    | 880203e8 | close        | 1000 1000 REMOTE -
            MID_MESSAGE | ping          | 89 81 00000000 70    | 8a0170 880203e8 | close        | 1000 1000 REMOTE -
            MID_MESSAGE | pong          | 8a 81 00000000 70    | 880203e8 | close        | 1000 1000 REMOTE -
            MID_MESSAGE | empty Close   | 88 80 00000000       | 8800     | close        | 1005 1005 REMOTE -
            MID_MESSAGE | Close, 1 byte  | 88 81 00000000 03    | !1002    | CCE          | - 1002 LOCAL PVE
            MID_MESSAGE | end of input  | EOF                  |          | EOFException | - - - EOFException
            MID_MESSAGE | reset         | RESET                |          | IOException  | - - - IOException
            CLOSE_SENT  | text          | 81 81 00000000 62    |          | text:b close | 1000 1001 LOCAL -
            CLOSE_SENT  | binary        | 82 81 00000000 62    |          | binary:62 close | 1000 1001 LOCAL -
            CLOSE_SENT  | fragment      | 01 81 00000000 62    |          | close        | 1000 1001 LOCAL -
            CLOSE_SENT  | continuation  | 80 81 00000000 62    |          | CCE          | - 1001 LOCAL PVE
            CLOSE_SENT  | ping          | 89 81 00000000 70    |          | close        | 1000 1001 LOCAL -
            CLOSE_SENT  | pong          | 8a 81 00000000 70    |          | close        | 1000 1001 LOCAL -
            CLOSE_SENT  | empty Close   | 88 80 00000000       |          | close        | 1005 1001 LOCAL -
            CLOSE_SENT  | Close 3000    | 88 84 00000000 0bb86f6b |          | close        | 3000 1001 LOCAL -
            CLOSE_SENT  | Close, 1 byte  | 88 81 00000000 03    |          | CCE          | - 1001 LOCAL PVE
            CLOSE_SENT  | Close 1005    | 88 82 00000000 03ed  |          | CCE          | - 1001 LOCAL PVE
            CLOSE_SENT  | Close, not UTF-8 | 88 83 00000000 03e8ff |          | CCE          | - 1001 LOCAL PVE
            CLOSE_SENT  | violation     | 81 01 62             |          | CCE          | - 1001 LOCAL PVE
            CLOSE_SENT  | end of input  | EOF                  |          | EOFException | - 1001 LOCAL EOFException
            CLOSE_SENT  | reset         | RESET                |          | IOException  | - 1001 LOCAL IOException
            CLOSED      | text          | 81 81 00000000 62    |          | CCE          | 1000 1000 REMOTE -
            CLOSED      | ping          | 89 81 00000000 70    |          | CCE          | 1000 1000 REMOTE -
            CLOSED      | Close 3000    | 88 82 00000000 0bb8  |          | CCE          | 1000 1000 REMOTE -
            CLOSED      | violation     | 81 01 62             |          | CCE          | 1000 1000 REMOTE -
            CLOSED      | end of input  | EOF                  |          | CCE          | 1000 1000 REMOTE -
            CLOSED      | reset         | RESET                |          | CCE          | 1000 1000 REMOTE -
            BROKEN      | text          | 81 81 00000000 62    |          | CCE          | - - - LocalEndException
            BROKEN      | ping          | 89 81 00000000 70    |          | CCE          | - - - LocalEndException
            BROKEN      | Close 3000    | 88 82 00000000 0bb8  |          | CCE          | - - - LocalEndException
            BROKEN      | end of input  | EOF                  |          | CCE          | - - - LocalEndException
            BROKEN      | reset         | RESET                |          | CCE          | - - - LocalEndException
            """)
    void eventFromThePeerMustLeadToTheNextState(State state, String event, String sent, String sees, String gets,
            String end) throws Exception {
        for (boolean waiting : new boolean[]{true, false}) {
            try (ConnectionFixture test = ConnectionFixture.start(null)) {
                bring(test, state);
                FutureTask<List<String>> received = null;
                if (waiting && state != State.CLOSED && state != State.BROKEN) {
                    received = test.receiveAll();
                    test.awaitReading();
                }
                switch (sent) {
                    case "EOF" -> test.peer.shutdownOutput();
                    case "RESET" -> test.transport.fail(new IOException("Connection reset"));
                    default -> {
                        try {
                            test.peer.send(sent);
                        } catch (IOException e) {
                            assertEquals(State.BROKEN, state);
                        }
                        endByPeer(test);
                    }
                }
                received = received == null ? test.receiveAll() : received;
                assertOutcome(test, sees, gets.replace("CCE", "ConnectionClosedException"),
                        end.replace("PVE", "ProtocolViolationException"), received);
            }
        }
    }

    @ParameterizedTest(name = "{0}: {1} {2}")
    @CsvSource(delimiter = '|', textBlock = """
            OPEN        | send   | ok  | 810178 880203e8      | close | 1000 1000 REMOTE -
            OPEN        | ping   | ok  | 890178 880203e8      | close | 1000 1000 REMOTE -
            OPEN        | pong   | ok  | 8a0178 880203e8      | close | 1000 1000 REMOTE -
            OPEN        | stream | ok  | 020178 8000 880203e8 | close | 1000 1000 REMOTE -
            OPEN        | close  | ok  | 88020bb8             | close | 1000 3000 LOCAL -
            OPEN        | abort  | ok  |                      | CCE   | - - - LocalEndException
            MID_FRAME   | send   | ok  | 810178 !1007         | CCE   | - 1007 LOCAL PVE
            MID_FRAME   | close  | ok  | 88020bb8             | CCE   | - 3000 LOCAL PVE
            MID_FRAME   | abort  | ok  |                      | CCE   | - - - LocalEndException
            MID_MESSAGE | send   | ok  | 810178 880203e8      | close | 1000 1000 REMOTE -
            MID_MESSAGE | ping   | ok  | 890178 880203e8      | close | 1000 1000 REMOTE -
            MID_MESSAGE | stream | ok  | 020178 8000 880203e8 | close | 1000 1000 REMOTE -
            MID_MESSAGE | close  | ok  | 88020bb8             | close | 1000 3000 LOCAL -
            MID_MESSAGE | abort  | ok  |                      | CCE   | - - - LocalEndException
            CLOSE_SENT  | send   | CCE |                      | close | 1000 1001 LOCAL -
            CLOSE_SENT  | ping   | CCE |                      | close | 1000 1001 LOCAL -
            CLOSE_SENT  | pong   | CCE |                      | close | 1000 1001 LOCAL -
            CLOSE_SENT  | stream | CCE |                      | close | 1000 1001 LOCAL -
            CLOSE_SENT  | close  | ok  |                      | close | 1000 1001 LOCAL -
            CLOSE_SENT  | abort  | ok  |                      | CCE   | - 1001 LOCAL LocalEndException
            CLOSED      | send   | CCE |                      | CCE   | 1000 1000 REMOTE -
            CLOSED      | ping   | CCE |                      | CCE   | 1000 1000 REMOTE -
            CLOSED      | pong   | CCE |                      | CCE   | 1000 1000 REMOTE -
            CLOSED      | stream | CCE |                      | CCE   | 1000 1000 REMOTE -
            CLOSED      | close  | ok  |                      | CCE   | 1000 1000 REMOTE -
            CLOSED      | abort  | ok  |                      | CCE   | 1000 1000 REMOTE -
            BROKEN      | send   | CCE |                      | CCE   | - - - LocalEndException
            BROKEN      | ping   | CCE |                      | CCE   | - - - LocalEndException
            BROKEN      | pong   | CCE |                      | CCE   | - - - LocalEndException
            BROKEN      | stream | CCE |                      | CCE   | - - - LocalEndException
            BROKEN      | close  | ok  |                      | CCE   | - - - LocalEndException
            BROKEN      | abort  | ok  |                      | CCE   | - - - LocalEndException
            """)
    void callMustLeadToTheNextState(State state, String event, String result, String sees, String gets, String end)
            throws Exception {
        for (boolean onOwner : new boolean[]{true, false}) {
            try (ConnectionFixture test = ConnectionFixture.start(null)) {
                bring(test, state);
                Callable<Void> action = () -> act(test.connection(), event);
                FutureTask<Void> done = onOwner ? test.onOwner(action) : new FutureTask<>(action);
                if (!onOwner) {
                    done.run();
                }
                if (result.equals("ok")) {
                    done.get();
                } else {
                    assertInstanceOf(ConnectionClosedException.class,
                            assertThrows(ExecutionException.class, done::get).getCause());
                }
                endByPeer(test);
                assertOutcome(test, sees, gets.replace("CCE", "ConnectionClosedException"),
                        end.replace("PVE", "ProtocolViolationException"), test.receiveAll());
            }
        }
    }

    private static Void act(Connection connection, String event) throws IOException {
        byte[] x = {'x'};
        switch (event) {
            case "send" -> connection.send("x");
            case "ping" -> ConnectionFixture.control(connection, Opcode.PING, x);
            case "pong" -> ConnectionFixture.control(connection, Opcode.PONG, x);
            case "close" -> connection.close(3000, "");
            case "abort" -> connection.abort();
            case "stream" -> {
                try (var stream = connection.sendStream(MessageType.BINARY)) {
                    stream.write(x);
                    stream.flush();
                    stream.complete();
                }
            }
            default -> throw new AssertionError(event);
        }
        return null;
    }

    @ParameterizedTest(name = "{0}: the handler {1}")
    @CsvSource(delimiter = '|', textBlock = """
            OPEN        | returns | 88 02 03e8 | 1000 1000 LOCAL -
            OPEN        | throws  | 88 02 03f3 | 1000 1011 LOCAL -
            MID_MESSAGE | returns | 88 02 03e8 | 1000 1000 LOCAL -
            MID_MESSAGE | throws  | 88 02 03f3 | 1000 1011 LOCAL -
            MID_FRAME   | returns | 88 02 03e8 | - 1000 LOCAL EOFException
            CLOSE_SENT  | returns |            | 1000 1001 LOCAL -
            CLOSE_SENT  | throws  |            | 1000 1001 LOCAL -
            CLOSED      | returns |            | 1000 1000 REMOTE -
            CLOSED      | throws  |            | 1000 1000 REMOTE -
            BROKEN      | returns |            | - - - LocalEndException
            BROKEN      | throws  |            | - - - LocalEndException
            """)
    void endOfTheHandlerMustLeadToTheNextState(State state, String event, String sees, String end) throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            bring(test, state);
            if (event.equals("throws")) {
                test.throwsUp();
            } else {
                test.returns();
            }
            if (sees != null) {
                test.peer.expect(sees);
            }
            if (state == State.MID_FRAME) {
                test.peer.shutdownOutput();
            } else {
                endByPeer(test);
            }
            assertOutcome(test, null, null, end, null);
        }
    }

    @Test
    void nothingMustBeSentBetweenThePeersCloseAndOurs() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().capacity(16).start(null)) {
            Connection connection = test.connection();
            // The answer waits behind a message that the peer does not take yet.
            Thread stuck = Thread.startVirtualThread(() -> assertThrows(IOException.class, () -> {
                connection.send(new byte[100]);
                connection.send("after the Close frame");
            }));
            test.transport.awaitWriting();
            FutureTask<List<String>> received = test.receiveAll();
            test.peer.send("88 82 00000000 0bb8");
            ConnectionFixture.awaitUntil(() -> !connection.isOpen());
            FutureTask<Void> send = new FutureTask<>(() -> act(connection, "send"));
            FutureTask<Void> ping = new FutureTask<>(() -> act(connection, "ping"));
            Thread.startVirtualThread(send);
            Thread.startVirtualThread(ping);
            assertEquals(new CloseStatus(Optional.of(new CloseReason(3000, "")), Optional.empty(),
                    Optional.of(Side.REMOTE), CloseCause.CLOSED, Optional.empty()), connection.known());
            test.peer.expectFrame(0x82, new byte[100]).expect("88 02 0bb8").expectEnd();
            assertEquals(List.of("close"), received.get());
            for (FutureTask<Void> late : List.of(send, ping)) {
                assertInstanceOf(ConnectionClosedException.class,
                        assertThrows(ExecutionException.class, late::get).getCause());
            }
            stuck.join();
        }
    }
}
