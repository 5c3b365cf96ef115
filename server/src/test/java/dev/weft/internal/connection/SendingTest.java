package dev.weft.internal.connection;

import static dev.weft.internal.connection.ConnectionFixture.inThread;
import static dev.weft.internal.connection.TestPeer.hex;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.ConnectionClosedException;
import dev.weft.MessageType;
import dev.weft.OutgoingMessage;
import dev.weft.SendResult;
import dev.weft.internal.extension.DeflateExtension;
import dev.weft.internal.extension.Extension;
import dev.weft.parser.Opcode;
import dev.weft.parser.Role;
import dev.weft.parser.deflate.DeflateCodecs;
import dev.weft.parser.deflate.DeflateSettings;
import dev.weft.parser.deflate.NegotiatedDeflate;
import java.io.IOException;
import java.io.Writer;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sending: whole messages, regions of arrays, streams; what may go between fragments and what waits. */
@Timeout(20)
class SendingTest {
    private static final byte[] NONE = {};

    @Test
    void messagesGoWholeWithTheShortestLength() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            Connection connection = test.connection();
            connection.send("é\uD83D\uDE00?");
            test.peer.expect("81 07 c3a9f09f98803f");
            connection.send("");
            test.peer.expect("81 00");
            connection.send(hex("00ff"));
            test.peer.expect("82 02 00ff");
            connection.send(MessageType.TEXT, "abcd".getBytes(UTF_8), 1, 2);
            test.peer.expect("81 02 6263");
            connection.send(MessageType.BINARY, new byte[4], 4, 0);
            test.peer.expect("82 00");
            ConnectionFixture.control(connection, Opcode.PING, hex("01"));
            test.peer.expect("89 01 01");
            ConnectionFixture.control(connection, Opcode.PONG, new byte[125]);
            test.peer.expectFrame(0x8a, new byte[125]);
            connection.send(new byte[126]);
            test.peer.expect("82 7e 007e").read(126);
            connection.send(new byte[4097]);
            test.peer.expect("82 7e 1001").read(4097);
            FutureTask<Void> large = inThread(() -> {
                connection.send(new byte[65536]);
                return null;
            });
            test.peer.expect("82 7f 0000000000010000").read(65536);
            large.get();
        }
    }

    @Test
    void buffersOfEveryKindAreConsumed() throws Exception {
        ByteBuffer heap = ByteBuffer.wrap(new byte[]{9, 1, 2, 3, 9});
        ByteBuffer direct = ByteBuffer.allocateDirect(5).put(heap.array());
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            for (ByteBuffer buffer : List.of(heap, heap.slice(1, 3), heap.asReadOnlyBuffer(), direct)) {
                boolean isSlice = buffer.capacity() == 3;
                buffer.limit(isSlice ? 3 : 4).position(isSlice ? 0 : 1);
                test.connection().send(buffer);
                test.peer.expect("82 03 010203");
                assertFalse(buffer.hasRemaining());
                buffer.position(buffer.limit() - 2);
                assertTrue(test.connection().trySend(buffer).isAccepted());
                test.peer.expect("82 02 0203");
                assertFalse(buffer.hasRemaining());
            }
            test.connection().send(heap);
            test.peer.expect("82 00");
        }
    }

    @Test
    void buffersThatAreNotSentKeepTheirPosition() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.connection().abort();
            for (ByteBuffer buffer : List.of(ByteBuffer.allocate(5), ByteBuffer.allocateDirect(5))) {
                assertThrows(ConnectionClosedException.class, () -> test.connection().send(buffer.position(2)));
                assertEquals(SendResult.CLOSED, test.connection().trySend(buffer));
                assertEquals(3, buffer.remaining());
            }
        }
    }

    @Test
    void misuseThrowsAndNothingIsWritten() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            Connection connection = test.connection();
            for (String text : new String[]{"\uD800", "a\uDC00", "\uD83D?", "?\uDE00\uD83D", "\uD83D\uD83D\uDE00"}) {
                assertThrows(IllegalArgumentException.class, () -> connection.send(text));
            }
            assertThrows(IndexOutOfBoundsException.class,
                    () -> connection.send(MessageType.BINARY, new byte[3], 2, 2));
            assertThrows(NullPointerException.class, () -> connection.send((String) null));
            assertThrows(NullPointerException.class, () -> connection.close(1000, null));
            assertEquals(0, test.transport.writes().size());
            connection.send("good");
            test.peer.expectText("good");
        }
    }

    @Test
    void streamMustBeSentInFragmentsAsItIsFlushed() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            OutgoingMessage stream = test.connection().sendStream(MessageType.BINARY);
            stream.write(1);
            stream.write(new byte[]{9, 2, 3, 9}, 1, 2);
            stream.flush();
            stream.flush();
            test.peer.expect("02 03 010203");
            stream.write(4);
            stream.complete();
            stream.complete();
            stream.close();
            test.peer.expect("80 01 04");
            assertThrows(IOException.class, () -> stream.write(5));
            assertThrows(IOException.class, stream::flush);
            test.connection().sendStream(MessageType.BINARY).complete();
            test.peer.expect("82 00");
            assertEquals(3, test.transport.writes().size());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {8191, 8192, 8193, 20_000, 100_000})
    void aStreamTakesPiecesOfAnySize(int pieceLength) throws Exception {
        byte[] piece = new byte[pieceLength];
        for (int i = 0; i < pieceLength; i++) {
            piece[i] = (byte) (i * 7);
        }
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            FutureTask<Void> sending = inThread(() -> {
                try (OutgoingMessage stream = test.connection().sendStream(MessageType.BINARY)) {
                    stream.write(0);
                    stream.write(piece);
                    stream.write(piece);
                    stream.complete();
                }
                return null;
            });
            byte[] all = {};
            int first = 0x02;
            TestPeer.Frame frame;
            do {
                frame = test.peer.readFrame();
                assertEquals(first, frame.firstByte() & 0x7f);
                first = 0;
                int at = all.length;
                all = Arrays.copyOf(all, at + frame.payload().length);
                System.arraycopy(frame.payload(), 0, all, at, frame.payload().length);
            } while ((frame.firstByte() & 0x80) == 0);
            assertEquals(1 + 2 * pieceLength, all.length);
            assertArrayEquals(piece, Arrays.copyOfRange(all, 1, 1 + pieceLength));
            assertArrayEquals(piece, Arrays.copyOfRange(all, 1 + pieceLength, all.length));
            sending.get();
        }
    }

    @Test
    void textStreamMustRefuseUnpairedSurrogates() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            OutgoingMessage message = test.connection().sendStream(MessageType.TEXT);
            Writer writer = message.writer();
            assertSame(writer, message.writer());
            writer.write("a\uD83D");
            writer.write("\uDE00");
            writer.flush();
            test.peer.expect("01 05 61f09f9880");
            message.complete();
            test.peer.expect("80 00");
        }
        for (String bad : new String[]{"\uDE00", "\uD83Da", "a\uD83D\uD83D\uDE00"}) {
            try (ConnectionFixture test = ConnectionFixture.start(null)) {
                Writer writer = test.connection().sendStream(MessageType.TEXT).writer();
                assertThrows(IOException.class, () -> writer.write(bad));
                test.returns();
                test.peer.expectCloseAndEnd(1011);
            }
        }
    }

    @Test
    void everyFormOfAWriterMustBehaveAlike() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            OutgoingMessage message = test.connection().sendStream(MessageType.TEXT);
            Writer writer = message.writer();
            writer.write('a');
            writer.write(0xD83D);
            writer.write("x\uDE00bx", 1, 2);
            writer.append('c').append("xdx", 1, 2).append("é");
            writer.write(new char[]{'e'});
            assertThrows(IndexOutOfBoundsException.class, () -> writer.write("abc", 2, 2));
            message.complete();
            test.peer.expect("81 0b 61f09f9880626364c3a965");
        }
    }

    @Test
    void writerMustHoldNoMonitorWhileItWaits() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            Writer writer = test.connection().sendStream(MessageType.TEXT).writer();
            for (Method method : writer.getClass().getMethods()) {
                assertTrue(!method.getName().equals("write") || method.getDeclaringClass() == writer.getClass()
                        || method.getParameterCount() == 1 && method.getParameterTypes()[0] != int.class,
                        "inherited from Writer, which locks: " + method);
            }
        }
    }

    @Test
    void textStreamMustNotEndWithinACharacter() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            OutgoingMessage message = test.connection().sendStream(MessageType.TEXT);
            message.writer().write("a\uD83D");
            assertThrows(IllegalStateException.class, message::complete);
            message.writer().write("\uDE00");
            message.complete();
            test.peer.expect("81 05 61f09f9880");
            OutgoingMessage bytes = test.connection().sendStream(MessageType.TEXT);
            bytes.write(0xc3);
            assertThrows(IllegalStateException.class, bytes::complete);
            assertThrows(IllegalArgumentException.class, () -> bytes.write('a'));
            test.returns();
            test.peer.expectCloseAndEnd(1011);
        }
    }

    @Test
    void incompleteStreamMustFailTheConnection() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            IOException own = new IOException("the source failed");
            assertSame(own, assertThrows(IOException.class,
                    () -> test.connection().sendStream(MessageType.BINARY, message -> {
                        message.write(new byte[600]);
                        message.flush();
                        throw own;
                    })));
            test.returns();
            test.peer.expectFrame(0x02, new byte[600]).expectCloseAndEnd(1011);
            test.peer.shutdownOutput();
            assertTrue(test.awaitEnd().failure().isPresent());
        }
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            OutgoingMessage message = test.connection().sendStream(MessageType.TEXT);
            message.writer().write("half");
            message.abandon(4001, "source is gone");
            assertThrows(IOException.class, message::complete);
            test.returns();
            test.peer.expectCloseAndEnd(4001);
        }
    }

    @Test
    void handlersEndWithinAStreamMustFailTheConnection() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.onOwner(() -> {
                OutgoingMessage message = test.connection().sendStream(MessageType.BINARY);
                message.write(1);
                message.flush();
                return null;
            }).get();
            test.returns();
            test.peer.expect("02 01 01").expectCloseAndEnd(1011);
        }
    }

    @Test
    void closeMustNotWaitForAPeerThatDoesNotRead() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().capacity(64).start(null)) {
            FutureTask<Void> sending = test.sendStuck();
            test.connection().close(4000, "too slow");
            assertFalse(test.connection().isOpen());
            assertTrue(test.connection().closeStatus().isEmpty(), "not final yet");
            assertFalse(sending.isDone());
            test.peer.expectFrame(0x82, new byte[1000]).expectFrame(0x88,
                    hex("0fa0" + hex("too slow".getBytes(UTF_8))));
            sending.get();
        }
    }

    /** The sender gets its turn when the Close frame already waits; nothing may follow that frame (§5.5.1). */
    @Test
    void senderThatDrainsTheCloseFrameMustNotSendAfterIt() throws Exception {
        XorExtension extension = new XorExtension();
        try (ConnectionFixture test = ConnectionFixture.with().capacity(64).extension(extension).start(null)) {
            FutureTask<Void> first = test.sendStuck();
            assertEquals(SendResult.ACCEPTED, test.connection().trySend("accepted"));
            // While the next sender drains what was accepted, this end closes.
            extension.onInput(() -> inThread(() -> {
                test.connection().close(4000, "");
                return null;
            }).get());
            FutureTask<Void> second = new FutureTask<>(() -> {
                test.connection().send("too late");
                return null;
            });
            Thread sender = Thread.ofPlatform().start(second);
            ConnectionFixture.awaitUntil(() -> sender.getState() == Thread.State.WAITING);
            test.peer.readFrame();
            test.peer.readFrame();
            assertEquals(0x88, test.peer.readFrame().firstByte());
            assertInstanceOf(ConnectionClosedException.class,
                    assertThrows(ExecutionException.class, second::get).getCause());
            first.get();
            test.returns();
            test.peer.sendClose(4000).expectEnd();
        }
    }

    @Test
    void closeMustCutAPeerThatNeverReadsAtTheDeadline() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().capacity(64).start(null)) {
            FutureTask<Void> sending = test.sendStuck();
            test.connection().close(4000, "too slow");
            test.pass(ConnectionFixture.TIMEOUTS.closeTimeout());
            assertThrows(ExecutionException.class, sending::get);
            ConnectionFixture.awaitUntil(() -> test.connection().closeStatus().isPresent());
            assertTrue(test.connection().closeStatus().orElseThrow().sent().isEmpty(), "it was not sent");
        }
    }

    @Test
    void onlyControlFramesMustGoBetweenFragments() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            Connection connection = test.connection();
            OutgoingMessage stream = connection.sendStream(MessageType.BINARY);
            stream.write(1);
            stream.flush();
            CountDownLatch begun = new CountDownLatch(2);
            FutureTask<Void> message = inThread(() -> {
                begun.countDown();
                connection.send("waits");
                return null;
            });
            FutureTask<Void> otherStream = inThread(() -> {
                begun.countDown();
                connection.sendStream(MessageType.BINARY).complete();
                return null;
            });
            begun.await();
            ConnectionFixture.control(connection, Opcode.PING, NONE);
            FutureTask<Void> pong = inThread(() -> {
                ConnectionFixture.control(connection, Opcode.PONG, NONE);
                return null;
            });
            pong.get();
            test.peer.send("89 81 00000000 70");
            var received = test.receiveAll();
            test.peer.expect("02 01 01  89 00  8a 00  8a 01 70");
            assertFalse(message.isDone() || otherStream.isDone());
            stream.write(2);
            stream.complete();
            test.peer.expect("80 01 02");
            message.get();
            otherStream.get();
            int text = test.peer.read(2)[0] & 0xff;
            test.peer.expect(text == 0x81 ? "7761697473  82 00" : "81 05 7761697473");
            test.peer.send("88 80 00000000");
            received.get();
        }
    }

    @Test
    void pingsAfterAStuckFrameMustGetAtMost16Pongs() throws Exception {
        for (int pings : new int[]{1, 5, 16, 40}) {
            try (ConnectionFixture test = ConnectionFixture.with().capacity(64).start(null)) {
                var received = test.receiveAll();
                byte[] message = new byte[100];
                // Before the sender waits for it: only its frame is to keep it waiting.
                Connection connection = test.connection();
                FutureTask<Void> sending = new FutureTask<>(() -> {
                    connection.send(message);
                    return null;
                });
                Thread sender = Thread.ofPlatform().start(sending);
                ConnectionFixture.awaitUntil(() -> sender.getState() == Thread.State.WAITING);
                for (int i = 0; i < pings; i++) {
                    test.peer.send(new byte[]{(byte) 0x89, (byte) 0x81, 0, 0, 0, 0, (byte) i});
                    test.awaitReading();
                }
                test.peer.expectFrame(0x82, message);
                sending.get();
                int answered = (pings - 1) % 16 + 1;
                for (int i = pings - answered; i < pings; i++) {
                    test.peer.expectFrame(0x8a, new byte[]{(byte) i});
                }
                test.peer.send("88 80 00000000").expectFrame(0x88, NONE);
                received.get();
            }
        }
    }

    @Test
    void threadWithAnOpenStreamMustNotSendAnotherMessage() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            Connection connection = test.connection();
            OutgoingMessage stream = connection.sendStream(MessageType.BINARY);
            assertThrows(IllegalStateException.class, () -> connection.send("x"));
            assertThrows(IllegalStateException.class, () -> connection.send(NONE));
            assertThrows(IllegalStateException.class, () -> connection.sendStream(MessageType.TEXT));
            stream.complete();
            connection.send("x");
            test.peer.expect("82 00  81 01 78");
        }
    }

    @Test
    void closeMustEndAnOpenStreamAndReleaseWaiters() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            Connection connection = test.connection();
            OutgoingMessage stream = connection.sendStream(MessageType.BINARY);
            stream.write(1);
            stream.flush();
            FutureTask<Void> waiting = inThread(() -> {
                connection.send("x");
                return null;
            });
            connection.close(1001, "");
            stream.write(2);
            assertThrows(ConnectionClosedException.class, stream::flush);
            assertThrows(ConnectionClosedException.class, stream::complete);
            assertInstanceOf(ConnectionClosedException.class,
                    assertThrows(ExecutionException.class, waiting::get).getCause());
            test.returns();
            test.peer.expect("02 01 01  88 02 03e9").shutdownOutput().expectEnd();
        }
    }

    @Test
    void streamThatOutlivesItsConnectionMustThrow() throws Exception {
        DeflateSettings settings = DeflateSettings.DEFAULT;
        try (DeflateCodecs codecs = new DeflateCodecs(settings)) {
            Extension deflate = new DeflateExtension(new NegotiatedDeflate(false, false, 15, 15), settings, codecs,
                    Role.SERVER);
            for (Extension extension : Arrays.asList(null, deflate)) {
                try (ConnectionFixture test = ConnectionFixture.with().extension(extension).start(null)) {
                    OutgoingMessage stream = test.connection().sendStream(MessageType.BINARY);
                    test.returns();
                    test.peer.shutdownOutput();
                    test.awaitEnd();
                    assertThrows(ConnectionClosedException.class, () -> stream.write(new byte[10_000]));
                    assertThrows(ConnectionClosedException.class, stream::complete);
                }
            }
        }
    }

    @Test
    void abortMustReleaseSendersThatWaitForAStream() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            test.connection().sendStream(MessageType.BINARY);
            FutureTask<Void> waiting = inThread(() -> {
                test.connection().send("x");
                return null;
            });
            test.connection().abort();
            assertInstanceOf(ConnectionClosedException.class,
                    assertThrows(ExecutionException.class, waiting::get).getCause());
        }
    }

    @Test
    void streamClosedAfterTheEndMustReportTheEnd() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            OutgoingMessage stream = test.connection().sendStream(MessageType.BINARY);
            test.connection().abort();
            test.returns();
            test.awaitEnd();
            assertThrows(ConnectionClosedException.class, stream::complete);
        }
    }

    @Test
    void brokenWireMustThrowItsExceptionOnce() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            IOException broken = new IOException("Connection reset");
            test.transport.fail(broken);
            assertSame(broken, assertThrows(IOException.class, () -> test.connection().send("x")));
            ConnectionClosedException later = assertThrows(ConnectionClosedException.class,
                    () -> test.connection().send("x"));
            assertSame(broken, later.status().failure().orElseThrow());
            assertEquals("ConnectionClosedException", test.receiveAll().get().getFirst());
        }
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            IOException broken = new IOException("Broken pipe");
            var received = test.receiveAll();
            test.awaitReading();
            test.transport.failWrites(broken);
            // The reader, who finds the transport closed, must not hide what the writer met.
            assertSame(broken, assertThrows(IOException.class, () -> test.connection().send("x")));
            assertEquals("ConnectionClosedException", received.get().getFirst());
            assertSame(broken, test.connection().known().failure().orElseThrow());
        }
        try (ConnectionFixture test = ConnectionFixture.start(null)) {
            IOException broken = new IOException("Connection reset");
            FutureTask<?> receive = test.onOwner(() -> test.connection().receive());
            test.awaitReading();
            test.transport.fail(broken);
            assertSame(broken, assertThrows(ExecutionException.class, receive::get).getCause());
            assertThrows(ConnectionClosedException.class, () -> test.connection().send("x"));
        }
    }

    @Test
    void aClientMasksAndWantsUnmaskedFrames() throws Exception {
        try (ConnectionFixture test = ConnectionFixture.with().role(Role.CLIENT).start(ConnectionFixture.ECHO)) {
            for (int length : new int[]{0, 5, 126, 5000}) {
                byte[] payload = new byte[length];
                Arrays.fill(payload, (byte) 0x61);
                test.peer.sendFrame(0x82, payload);
                byte[] head = test.peer.read(length < 126 ? 2 : 4);
                assertEquals(0x80, head[1] & 0x80, "masked");
                byte[] key = test.peer.read(4);
                byte[] masked = test.peer.read(length);
                for (int i = 0; i < length; i++) {
                    masked[i] ^= key[i & 3];
                }
                assertArrayEquals(payload, masked);
            }
            test.peer.send("81 80 00000000").shutdownOutput();
            assertEquals("88", hex(test.peer.read(1)));
            assertEquals(1002, test.awaitEnd().sent().orElseThrow().code());
        }
    }
}
