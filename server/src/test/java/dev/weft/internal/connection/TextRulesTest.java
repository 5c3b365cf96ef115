package dev.weft.internal.connection;

import static dev.weft.internal.connection.TestPeer.hex;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.internal.connection.ConnectionFixture.Handler;
import dev.weft.parser.ProtocolViolationException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Text is UTF-8, and the connection is failed by the first byte that cannot be part of it (RFC 6455 §8.1). */
@Timeout(60)
class TextRulesTest {
    private static final Handler READER = connection -> {
        while (true) {
            var stream = connection.receiveStream();
            if (stream == null) {
                return;
            }
            StringBuilder text = new StringBuilder();
            var reader = stream.reader();
            for (int c = reader.read(); c >= 0; c = reader.read()) {
                text.append((char) c);
            }
            connection.send(text.toString());
        }
    };
    private static final List<Handler> DEPTHS = List.of(ConnectionFixture.ECHO, ConnectionFixture.ECHO_VIEWS,
            ConnectionFixture.ECHO_STREAMS, READER);

    @ParameterizedTest
    @ValueSource(strings = {
            "", "a", "\u0000", "é", "€", "\uD83D\uDE00", "\uFFFD", "\uDBFF\uDFFF", "\uFFFE\uFFFF\uFDD0",
            "aé€\uD83D\uDE00z\uFFFDé", "\uD7FF\uE000", "κόσμε and more than eight plain characters"})
    void validTextPassesHoweverFragmentsAndReadsCutIt(String text) throws Exception {
        byte[] bytes = text.getBytes(UTF_8);
        for (Handler depth : DEPTHS) {
            for (int cut = 0; cut <= bytes.length; cut++) {
                byte[] head = Arrays.copyOf(bytes, cut);
                byte[] tail = Arrays.copyOfRange(bytes, cut, bytes.length);
                try (ConnectionFixture test = ConnectionFixture.with().readLength(1 + cut % 3).start(depth)) {
                    test.peer.sendFrame(0x01, head).sendFrame(0x80, tail).expectText(text);
                    test.peer.sendFrame(0x81, bytes).expectText(text);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
            "80", "bf", "c080", "c1bf", "c3", "c328", "e08080", "e09fbf", "e282", "e28228", "eda080", "edbfbf",
            "f0808080", "f08fbfbf", "f09f98", "f09f9828", "f4908080", "f5808080", "fe", "ff", "cebae1bdb9eda080"})
    void invalidTextFailsWith1007(String invalid) throws Exception {
        byte[] bytes = hex("61" + invalid);
        for (Handler depth : DEPTHS) {
            for (int cut = 0; cut <= bytes.length; cut++) {
                try (ConnectionFixture test = ConnectionFixture.with().readLength(cut == 0 ? 1 : 1000).start(depth)) {
                    test.peer.sendText("good");
                    if (cut == 0) {
                        test.peer.sendFrame(0x81, bytes);
                    } else {
                        test.peer.sendFrame(0x01, Arrays.copyOf(bytes, cut))
                                .sendFrame(0x80, Arrays.copyOfRange(bytes, cut, bytes.length));
                    }
                    test.peer.shutdownOutput().expectText("good").expectCloseAndEnd(1007);
                    assertEquals(1007, assertViolation(test).closeCode());
                }
            }
        }
    }

    @Test
    void theConnectionFailsInTheMiddleOfTheFrame() throws Exception {
        for (Handler depth : DEPTHS) {
            // Of 256 bytes only the first four ever come: ED A0 begins a surrogate.
            try (ConnectionFixture test = ConnectionFixture.start(depth)) {
                test.peer.send("81 fe 0100 00000000 61 c3a9 ed");
                test.awaitReading();
                test.peer.send("a0");
                assertEquals("03ef", hex(test.peer.readFrame().payload()).substring(0, 4));
            }
        }
    }

    @Test
    void connectionMustFailAtABadByteBetweenFragments() throws Exception {
        for (Handler depth : DEPTHS) {
            try (ConnectionFixture test = ConnectionFixture.start(depth)) {
                test.peer.send("01 81 00000000 f4");
                test.awaitReading();
                test.peer.send("00 81 00000000 90");
                assertEquals(0x88, test.peer.readFrame().firstByte());
            }
        }
    }

    @Test
    void binaryIsNotHeldToUtf8() throws Exception {
        for (Handler depth : List.of(ConnectionFixture.ECHO, ConnectionFixture.ECHO_VIEWS,
                ConnectionFixture.ECHO_STREAMS)) {
            try (ConnectionFixture test = ConnectionFixture.start(depth)) {
                test.peer.send("82 82 00000000 c080").expect("82 02 c080");
                test.peer.send("02 81 00000000 ff  80 81 00000000 fe").expect("82 02 fffe");
            }
        }
    }

    @Test
    void textMustBeValidatedPerMessage() throws Exception {
        for (Handler depth : DEPTHS) {
            try (ConnectionFixture test = ConnectionFixture.start(depth)) {
                for (int i = 0; i < 3; i++) {
                    test.peer.send("01 81 00000000 c3  80 81 00000000 a9").expect("81 02 c3a9");
                }
            }
        }
    }

    private static ProtocolViolationException assertViolation(ConnectionFixture test) throws InterruptedException {
        return (ProtocolViolationException) test.awaitEnd().failure().orElseThrow();
    }
}
