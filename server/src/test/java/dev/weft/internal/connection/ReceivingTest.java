package dev.weft.internal.connection;

import static dev.weft.internal.connection.TestPeer.hex;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.ConnectionClosedException;
import dev.weft.IncomingMessage;
import dev.weft.Message;
import dev.weft.MessageType;
import dev.weft.MessageView;
import dev.weft.internal.buffer.BufferBudget;
import dev.weft.internal.buffer.BufferPool;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The three depths of receiving: whole messages, views, streams. */
@Timeout(10)
class ReceivingTest {
    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    @Test
    void depthsMixAtWill() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            Connection connection = test.connection();
            for (int i = 0; i < 9; i++) {
                test.peer.sendText("m" + i);
            }
            test.onOwner(() -> {
                for (int i = 0; i < 9; i++) {
                    assertEquals("m" + i, switch (i % 3) {
                        case 0 -> ((Message.Text) connection.receive()).text();
                        case 1 -> connection.receiveView().text();
                        default -> new String(connection.receiveStream().inputStream().readAllBytes(), UTF_8);
                    });
                }
                return null;
            }).get();
        }
    }

    @Test
    void viewsOfSmallMessagesLieWhereTheBytesWereRead() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.peer.send("81 81 00000000 61  82 82 00000000 6263");
            test.onOwner(() -> {
                MessageView view = test.connection().receiveView();
                byte[] array = view.array();
                assertEquals(MessageType.TEXT, view.type());
                assertEquals(6, view.offset());
                assertEquals("a", view.text());
                MessageView next = test.connection().receiveView();
                assertSame(view, next, "the connection's one view");
                assertSame(array, next.array());
                assertEquals(MessageType.BINARY, next.type());
                assertEquals(13, next.offset());
                assertEquals("6263", hex(next.bytes()));
                assertNotSame(array, next.bytes());
                return null;
            }).get();
        }
    }

    @Test
    void aCutFrameIsCompletedWhereItLiesAndWhatFollowsToo() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            byte[] large = random(10_000);
            byte[] bytes = Arrays.copyOf(TestPeer.binary(large), 10_008 + 7);
            System.arraycopy(TestPeer.text("x"), 0, bytes, 10_008, 7);
            test.peer.send(bytes, 0, 2000);
            var received = test.onOwner(() -> {
                MessageView view = test.connection().receiveView();
                byte[] array = view.array();
                assertEquals(8, view.offset(), "behind the header");
                assertArrayEquals(large, view.bytes());
                assertEquals("x", test.connection().receiveView().text());
                assertTrue(array == view.array(), "the same region");
                return null;
            });
            for (int from = 2000; from < bytes.length; from += 4008) {
                test.awaitReading();
                test.peer.send(bytes, from, Math.min(bytes.length, from + 4008));
            }
            received.get();
        }
    }

    @Test
    void textCompletedInPlaceMustFailAtItsFirstBadByte() throws Exception {
        for (int bad : new int[]{100, 1999, 2000, 4999}) {
            try (ConnectionFixture test = ConnectionFixture.start(ConnectionFixture.ECHO)) {
                byte[] text = new byte[5000];
                text[bad] = (byte) 0xff;
                byte[] frame = TestPeer.frame(0x81, text);
                test.peer.send(frame, 0, 8 + Math.min(bad + 1, 2000));
                if (bad >= 2000) {
                    test.awaitReading();
                    test.peer.send(frame, 8 + 2000, 8 + bad + 1);
                }
                test.peer.shutdownOutput().expectCloseAndEnd(1007);
            }
        }
    }

    @Test
    void aCharacterThatTheEndOfATextCutsIsNoText() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(ConnectionFixture.ECHO)) {
            byte[] text = new byte[5000];
            text[4999] = (byte) 0xc3;
            byte[] frame = TestPeer.frame(0x81, text);
            test.peer.send(frame, 0, 3000);
            test.awaitReading();
            test.peer.send(frame, 3000, frame.length).shutdownOutput().expectCloseAndEnd(1007);
        }
    }

    @Test
    void aFullReadBufferOfMessagesIsShownInPlace() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            byte[] first = random(3000);
            byte[] second = random(5000);
            byte[] both = Arrays.copyOf(TestPeer.binary(first), 3008 + 5008);
            System.arraycopy(TestPeer.binary(second), 0, both, 3008, 5008);
            test.peer.send(both);
            test.onOwner(() -> {
                MessageView view = test.connection().receiveView();
                byte[] array = view.array();
                assertArrayEquals(first, view.bytes());
                assertEquals(8, view.offset());
                assertArrayEquals(second, test.connection().receiveView().bytes());
                assertSame(array, view.array());
                assertEquals(3016, view.offset());
                return null;
            }).get();
        }
    }

    @Test
    void viewAndStreamMustBeNullAtTheEnd() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.peer.send("81 81 00000000 61  88 82 00000000 03e8");
            test.onOwner(() -> {
                assertEquals("a", test.connection().receiveView().text());
                assertNull(test.connection().receiveView());
                assertThrows(ConnectionClosedException.class, () -> test.connection().receiveView());
                return null;
            }).get();
        }
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.peer.send("88 80 00000000");
            test.onOwner(() -> {
                assertNull(test.connection().receiveStream());
                assertThrows(ConnectionClosedException.class, () -> test.connection().receiveStream());
                return null;
            }).get();
        }
    }

    @Test
    void aStreamMayBeLargerThanMessagesAndBuffers() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().limits(1000, 1 << 24, 1000).start(null)) {
            byte[] payload = random(3_000_000);
            Thread sending = Thread.startVirtualThread(() -> {
                try {
                    test.peer.sendFrame(0x02, Arrays.copyOf(payload, 1_000_000))
                            .sendFrame(0x80, Arrays.copyOfRange(payload, 1_000_000, payload.length)).sendText("next");
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            });
            test.onOwner(() -> {
                IncomingMessage stream = test.connection().receiveStream();
                assertEquals(MessageType.BINARY, stream.type());
                assertThrows(IllegalStateException.class, stream::reader);
                assertArrayEquals(payload, stream.inputStream().readAllBytes());
                assertEquals(-1, stream.inputStream().read());
                assertEquals(new Message.Text("next"), test.connection().receive());
                return null;
            }).get();
            sending.join();
        }
    }

    @Test
    void theRestOfAStreamIsSkippedByTheNextReceive() throws Exception {
        // How much of the message is read, in which pieces it arrives, and which receive follows.
        for (int read = 0; read <= 600; read += 100) {
            for (int pieces = 1; pieces <= 3; pieces++) {
                for (int depth = 0; depth < 3; depth++) {
                    skip(read, pieces, depth);
                }
            }
        }
    }

    private static void skip(int read, int pieces, int depth) throws Exception {
        byte[] payload = random(600);
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            Connection connection = test.connection();
            for (int i = 0; i < pieces; i++) {
                test.peer.sendFrame((i == 0 ? 2 : 0) | (i == pieces - 1 ? 0x80 : 0),
                        Arrays.copyOfRange(payload, i * 600 / pieces, (i + 1) * 600 / pieces));
            }
            test.peer.sendText("next");
            test.onOwner(() -> {
                InputStream stream = connection.receiveStream().inputStream();
                assertArrayEquals(Arrays.copyOf(payload, read), stream.readNBytes(read));
                assertEquals("next", switch (depth) {
                    case 0 -> ((Message.Text) connection.receive()).text();
                    case 1 -> connection.receiveView().text();
                    default -> new String(connection.receiveStream().inputStream().readAllBytes(), UTF_8);
                });
                assertThrows(IOException.class, () -> stream.read(new byte[1]), "no longer valid");
                assertEquals(0, stream.available());
                return null;
            }).get();
        }
    }

    @Test
    void closingAStreamSkipsItsRest() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.peer.send("02 82 00000000 6162  80 81 00000000 63  81 81 00000000 64");
            test.onOwner(() -> {
                InputStream stream = test.connection().receiveStream().inputStream();
                assertEquals(2, stream.available());
                assertEquals('a', stream.read());
                assertEquals(0, stream.read(new byte[3], 3, 0));
                assertThrows(IndexOutOfBoundsException.class, () -> stream.read(new byte[3], 2, 2));
                stream.close();
                assertEquals(-1, stream.read());
                assertEquals(new Message.Text("d"), test.connection().receive());
                return null;
            }).get();
        }
    }

    @Test
    void streamMustReturnReceivedBytesWithoutWaiting() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.peer.send("82 fe 0100 00000000 616263");
            test.onOwner(() -> {
                InputStream stream = test.connection().receiveStream().inputStream();
                assertEquals("616263", hex(stream.readNBytes(3)));
                return null;
            }).get();
            var read = test.onOwner(() -> test.connection().receiveStream());
            test.awaitReading();
            test.peer.send(new byte[253]).send("81 80 00000000");
            assertEquals(MessageType.TEXT, read.get().type());
        }
    }

    @Test
    void aStreamThatThePeersCloseCutsOffThrowsEveryTime() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.peer.send("02 81 00000000 61  88 82 00000000 03e9");
            test.onOwner(() -> {
                InputStream stream = test.connection().receiveStream().inputStream();
                assertEquals('a', stream.read());
                for (int i = 0; i < 3; i++) {
                    assertThrows(ConnectionClosedException.class, stream::read, "the end is the message's end only");
                }
                stream.close();
                assertEquals(1001, ((Message.Close) test.connection().receive()).status().code());
                return null;
            }).get();
            test.peer.expect("88 02 03e9").expectEnd();
        }
    }

    @Test
    void violationMustEndAStreamAtOnce() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            Connection connection = test.connection();
            test.peer.send("01 81 00000000 61  00 81 00000000 ff  00 81 00000000 62");
            test.onOwner(() -> {
                InputStream stream = connection.receiveStream().inputStream();
                assertEquals('a', stream.read());
                for (int i = 0; i < 3; i++) {
                    assertThrows(ConnectionClosedException.class, stream::read, "behind a hole in the message");
                }
                stream.close();
                assertThrows(ConnectionClosedException.class, connection::receive, "without waiting for the rest");
                return null;
            }).get();
            test.returns();
            test.peer.shutdownOutput().expectCloseAndEnd(1007);
        }
    }

    @Test
    void unreadStreamMustNotHideThePeersClose() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.peer.send("02 81 00000000 61  88 82 00000000 03e9");
            test.onOwner(() -> {
                test.connection().receiveStream();
                assertNull(test.connection().receiveStream());
                assertThrows(ConnectionClosedException.class, test.connection()::receiveStream);
                return null;
            }).get();
        }
    }

    @Test
    void unreadRestBeyondTheLimitMustFailTheConnection() throws Exception {
        for (boolean closes : new boolean[]{true, false}) {
            try (ConnectionFixture test = ConnectionFixture.with().limits(1000, 1 << 30, 100).start(null)) {
                var received = test.onOwner(() -> {
                    InputStream stream = test.connection().receiveStream().inputStream();
                    assertEquals('a', stream.read());
                    if (closes) {
                        stream.close();
                    }
                    test.connection().receive();
                    return null;
                });
                test.peer.send("82 ff 0000000040000000 00000000" + "61".repeat(20_000));
                assertInstanceOf(ConnectionClosedException.class,
                        assertThrows(ExecutionException.class, received::get).getCause());
                test.returns();
                assertEquals("03f1", hex(test.peer.readFrame().payload()).substring(0, 4));
            }
        }
    }

    @Test
    void wholeReadsOfAStreamMustHoldToMaxMessageSize() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().limits(1000, 1 << 30, 100).start(null)) {
            test.peer.sendFrame(0x81, "x".repeat(1000).getBytes(UTF_8)).sendFrame(0x02, new byte[600])
                    .sendFrame(0x80, new byte[400]).sendFrame(0x81, "x".repeat(1001).getBytes(UTF_8));
            test.onOwner(() -> {
                var text = test.connection().receiveStream();
                var reader = text.reader();
                assertSame(reader, text.reader());
                assertEquals("x".repeat(1000), text.text());
                assertArrayEquals(new byte[1000], test.connection().receiveStream().bytes());
                var large = test.connection().receiveStream();
                assertThrows(ConnectionClosedException.class, large::text);
                return null;
            }).get();
            test.returns();
            assertEquals("03f1", hex(test.peer.readFrame().payload()).substring(0, 4));
        }
    }

    @Test
    void textMustNotLoseWhatTheReaderHasTaken() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.peer.sendFrame(0x81, "a first line\nand the rest".getBytes(UTF_8));
            test.onOwner(() -> {
                IncomingMessage message = test.connection().receiveStream();
                BufferedReader reader = new BufferedReader(message.reader());
                assertEquals("a first line", reader.readLine());
                // The reader holds the rest: without it, it would be lost.
                assertThrows(IllegalStateException.class, message::text);
                assertThrows(IllegalStateException.class, message::bytes);
                assertThrows(IllegalStateException.class, () -> message.inputStream().read());
                assertEquals("and the rest", reader.readLine());
                return null;
            }).get();
            test.returns();
        }
    }

    @Test
    void theReaderOfATextJoinsCodePointsOverFragments() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.peer.send("01 83 00000000 61f09f  00 80 00000000  80 82 00000000 9880");
            test.onOwner(() -> {
                StringBuilder text = new StringBuilder();
                var reader = test.connection().receiveStream().reader();
                for (int c = reader.read(); c >= 0; c = reader.read()) {
                    text.append((char) c);
                }
                assertEquals("a\uD83D\uDE00", text.toString());
                return null;
            }).get();
        }
    }

    @Test
    void waitingConnectionMustKeepNothingOfTheLastMessage() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().limits(1 << 22, 1 << 22, 100).capacity(1 << 22)
                .start(null)) {
            // Larger than any buffer that is kept, so its array is its own.
            test.peer.sendFrame(0x82, random(3_000_000));
            WeakReference<byte[]> array = test
                    .onOwner(() -> new WeakReference<>(test.connection().receiveView().array())).get();
            test.receiveAll();
            test.awaitReading();
            while (array.get() != null) {
                System.gc();
                assertFalse(Thread.interrupted(), "still held");
            }
        }
    }

    @Test
    void expiredStreamMustNotTouchTheViewThatIsLent() throws Exception {
        BufferPool pool = new BufferPool(1 << 14, new BufferBudget(1 << 30));
        try (ConnectionFixture test = ConnectionFixture.with().pool(pool).start(null)) {
            // Larger than the read buffer by its header: assembled in a buffer of exactly its size.
            byte[] payload = random(pool.bufferSize());
            test.peer.sendText("streamed").sendFrame(0x82, payload).sendText("next");
            test.onOwner(() -> {
                IncomingMessage stream = test.connection().receiveStream();
                MessageView view = test.connection().receiveView();
                byte[] array = view.array();
                assertThrows(IOException.class, stream::bytes);
                assertThrows(IOException.class, stream::text);
                for (int i = 0; i < 100; i++) {
                    assertNotSame(array, pool.borrow().array(), "lent to another connection");
                }
                assertArrayEquals(payload, view.bytes());
                assertEquals(new Message.Text("next"), test.connection().receive());
                return null;
            }).get();
        }
    }
}
