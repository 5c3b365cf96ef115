package dev.weft.internal.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.internal.transport.TlsPair.Cutting;
import dev.weft.internal.transport.TlsPair.Passing;
import dev.weft.server.Await;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TlsTransportTest {
    private static final String TLS13 = "TLSv1.3";
    private static final String TLS12 = "TLSv1.2";

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    private static ByteBuffer bytes(int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length);
        for (int value : values) {
            bytes.put((byte) value);
        }
        return bytes.flip();
    }

    // Records and reads

    @ParameterizedTest
    @ValueSource(strings = {TLS13, TLS12})
    void bytesTravelBothWays(String protocol) throws Exception {
        try (TlsPair pair = TlsPair.open(protocol)) {
            assertEquals(protocol, pair.server.tlsSession().orElseThrow().getProtocol());
            for (int length : new int[]{1, 100, 16_384, 16_385, 100_000}) {
                byte[] there = random(length);
                FutureTask<byte[]> reading = TlsPair.start(() -> TlsPair.read(pair.server, length));
                pair.client.write(ByteBuffer.wrap(there));
                assertArrayEquals(there, TlsPair.get(reading));
                reading = TlsPair.start(() -> TlsPair.read(pair.client, length + 3));
                pair.server.write(bytes(1, 2, 3), ByteBuffer.wrap(there));
                byte[] back = TlsPair.get(reading);
                assertArrayEquals(new byte[]{1, 2, 3}, Arrays.copyOf(back, 3));
                assertArrayEquals(there, Arrays.copyOfRange(back, 3, back.length));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aStreamCutAnywhereIsTheSame(boolean waitsOutsideReads) throws Exception {
        byte[] first = random(5);
        byte[] second = random(300);
        long length = 1;
        for (long cut = 0; cut < length; cut++) {
            long place = cut;
            Cutting[] below = {null};
            try (TlsPair pair = TlsPair.open(TLS13,
                    transport -> below[0] = new Cutting(transport, place, waitsOutsideReads))) {
                pair.client.write(ByteBuffer.wrap(first));
                pair.client.write(ByteBuffer.wrap(second));
                assertArrayEquals(first, TlsPair.read(pair.server, 5));
                assertArrayEquals(second, TlsPair.read(pair.server, 300));
                pair.client.shutdownOutput();
                assertEquals(-1, pair.server.read(ByteBuffer.allocate(1)));
            }
            length = below[0].count();
        }
        assertTrue(length > 500, "the whole stream: " + length);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aStreamOfSingleBytesIsTheSame(boolean waitsOutsideReads) throws Exception {
        for (String protocol : List.of(TLS13, TLS12)) {
            try (TlsPair pair = TlsPair.open(protocol,
                    below -> new Cutting(below, -1, waitsOutsideReads))) {
                byte[] bytes = random(40_000);
                pair.client.write(ByteBuffer.wrap(bytes));
                assertArrayEquals(bytes, TlsPair.read(pair.server, bytes.length));
                assertEquals(0, pair.budget.taken());
            }
        }
    }

    @Test
    void targetsMayBeSmallerThanARecord() throws Exception {
        try (TlsPair pair = TlsPair.open(TLS13)) {
            byte[] bytes = random(1000);
            pair.client.write(ByteBuffer.wrap(bytes));
            byte[] read = new byte[1000];
            for (int at = 0, step = 1; at < 1000; step++) {
                ByteBuffer target = ByteBuffer.wrap(read, at, Math.min(step, 1000 - at));
                assertTrue(pair.server.awaitReadable());
                at += at % 2 == 0 ? pair.server.read(target) : pair.server.readNow(target);
                assertFalse(target.hasRemaining(), "what is decrypted is here");
            }
            assertArrayEquals(bytes, read);
            assertEquals(0, pair.server.readNow(ByteBuffer.allocate(1)));
            assertEquals(0, pair.budget.taken());
        }
    }

    @Test
    void allReceivedRecordsMustBeReadAtOnce() throws Exception {
        try (TlsPair pair = TlsPair.open(TLS13)) {
            for (int i = 0; i < 20; i++) {
                pair.client.write(bytes(i));
            }
            assertTrue(pair.server.awaitReadable());
            ByteBuffer target = ByteBuffer.allocate(100);
            // Over what can wait only inside a read, the first bytes come by themselves.
            while (target.position() < 20) {
                assertTrue(pair.server.readNow(target) >= Math.min(7, 20 - target.position()));
            }
        }
    }

    @Test
    void awaitMustReportBytesThatAreAlreadyDecrypted() throws Exception {
        try (TlsPair pair = TlsPair.open(TLS13, below -> new Cutting(below, 1 << 20, true))) {
            pair.client.write(bytes(1, 2));
            assertEquals(1, pair.server.read(ByteBuffer.allocate(1)));
            // No more bytes arrive from below: it would wait forever.
            assertTrue(pair.server.awaitReadable());
            assertEquals(1, pair.server.readNow(ByteBuffer.allocate(10)));
        }
    }

    // Writes

    @Test
    void whatFitsARecordIsOneWriteBelow() throws Exception {
        List<Integer> writes = Collections.synchronizedList(new ArrayList<>());
        try (TlsPair pair = TlsPair.open(TLS13, below -> new Passing(below) {
            @Override
            public void write(ByteBuffer source) throws IOException {
                writes.add(source.remaining());
                super.write(source);
            }
        })) {
            assertTrue(writes.size() <= 3, "the handshake's flights: " + writes);
            writes.clear();
            pair.server.write(bytes(1, 2, 3), ByteBuffer.allocate(4096));
            assertEquals(1, writes.size());
            assertTrue(writes.get(0) < 4096 + 3 + 40, writes.toString());
            TlsPair.read(pair.client, 4099);
            writes.clear();
            FutureTask<byte[]> reading = TlsPair.start(() -> TlsPair.read(pair.client, 65_536));
            pair.server.write(ByteBuffer.allocate(65_536));
            TlsPair.get(reading);
            assertTrue(writes.size() <= 3, "two records in each: " + writes);
            writes.clear();
            pair.server.write(ByteBuffer.allocate(0));
            assertEquals(0, writes.size());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {TLS13, TLS12})
    void manyWritersAndAReaderDoNotDisturbEachOther(String protocol) throws Exception {
        int writers = 4;
        int messages = 200;
        int length = 1000;
        try (TlsPair pair = TlsPair.open(protocol)) {
            List<FutureTask<Void>> writing = new ArrayList<>();
            for (int i = 0; i < writers; i++) {
                byte[] message = new byte[length];
                Arrays.fill(message, (byte) i);
                writing.add(TlsPair.start(() -> {
                    for (int n = 0; n < messages; n++) {
                        pair.server.write(ByteBuffer.wrap(message));
                    }
                    return null;
                }));
            }
            byte[] there = random(writers * messages * length);
            FutureTask<byte[]> reading = TlsPair.start(() -> TlsPair.read(pair.server, there.length));
            FutureTask<Void> clientWriting = TlsPair.start(() -> {
                pair.client.write(ByteBuffer.wrap(there));
                return null;
            });
            int[] counts = new int[writers];
            for (int n = 0; n < writers * messages; n++) {
                byte[] message = TlsPair.read(pair.client, length);
                for (byte b : message) {
                    assertEquals(message[0], b, "writes are whole");
                }
                counts[message[0]]++;
            }
            for (int count : counts) {
                assertEquals(messages, count);
            }
            TlsPair.get(clientWriting);
            assertArrayEquals(there, TlsPair.get(reading));
            for (FutureTask<Void> task : writing) {
                TlsPair.get(task);
            }
        }
    }

    // The end

    @ParameterizedTest
    @ValueSource(strings = {TLS13, TLS12})
    void closeNotifyIsTheEndOfTheBytes(String protocol) throws Exception {
        try (TlsPair pair = TlsPair.open(protocol)) {
            pair.client.write(bytes(1));
            pair.client.shutdownOutput();
            pair.client.shutdownOutput();
            assertArrayEquals(new byte[]{1}, TlsPair.read(pair.server, 10));
            assertEquals(-1, pair.server.read(ByteBuffer.allocate(1)));
            assertEquals(-1, pair.server.readNow(ByteBuffer.allocate(1)));
            assertTrue(pair.server.awaitReadable());
            assertEquals(0, pair.budget.taken());
        }
    }

    @Test
    void tls13MustStillWriteAfterThePeersCloseNotify() throws Exception {
        try (TlsPair pair = TlsPair.open(TLS13)) {
            pair.client.shutdownOutput();
            assertEquals(-1, pair.server.read(ByteBuffer.allocate(1)));
            pair.server.write(bytes(7));
            pair.server.shutdownOutput();
            assertArrayEquals(new byte[]{7}, TlsPair.read(pair.client, 10));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {TLS13, TLS12})
    void bytesMustBeReadAfterOurCloseNotify(String protocol) throws Exception {
        try (TlsPair pair = TlsPair.open(protocol)) {
            pair.client.write(bytes(1, 2, 3));
            pair.server.shutdownOutput();
            assertArrayEquals(new byte[]{1, 2, 3}, TlsPair.read(pair.server, 3));
            assertEquals(-1, pair.client.read(ByteBuffer.allocate(1)));
            pair.client.shutdownOutput();
            assertEquals(-1, pair.server.read(ByteBuffer.allocate(1)));
            assertThrows(IOException.class, () -> pair.server.write(bytes(1)));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4, 5, 6, 20})
    void endWithoutCloseNotifyMustBeAnError(int partOfARecord) throws Exception {
        try (TlsPair pair = TlsPair.open(TLS13)) {
            pair.client.write(bytes(1));
            pair.belowClient.write(bytes(0x17, 3, 3, 0, 100, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
                    .limit(partOfARecord));
            pair.belowClient.shutdownOutput();
            ByteBuffer target = ByteBuffer.allocate(10);
            assertEquals(1, pair.server.read(target));
            assertThrows(EOFException.class, () -> pair.server.read(target));
            assertThrows(EOFException.class, () -> pair.server.read(target));
        }
    }

    @Test
    void bytesBeforeABrokenRecordAreRead() throws Exception {
        try (TlsPair pair = TlsPair.open(TLS13)) {
            pair.client.write(bytes(1, 2));
            ByteBuffer broken = ByteBuffer.allocate(45).put(bytes(0x17, 3, 3, 0, 40));
            pair.belowClient.write(broken.rewind());
            assertArrayEquals(new byte[]{1, 2}, TlsPair.read(pair.server, 2));
            SSLException failure = assertThrows(SSLException.class, () -> pair.server.read(ByteBuffer.allocate(1)));
            assertEquals(failure, assertThrows(SSLException.class, () -> pair.server.read(ByteBuffer.allocate(1))));
            SSLException told = assertThrows(SSLException.class, () -> pair.client.read(ByteBuffer.allocate(1)));
            assertTrue(told.getMessage().contains("alert"), told.getMessage());
            assertThrows(IOException.class, () -> pair.server.write(bytes(1)));
        }
    }

    @Test
    void closeMustReleaseWaitingThreads() throws Exception {
        for (boolean waitsOutsideReads : new boolean[]{true, false}) {
            try (TlsPair pair = TlsPair.open(TLS13, below -> new Cutting(below, 1 << 20, waitsOutsideReads))) {
                FutureTask<Integer> reading = TlsPair.start(() -> pair.server.read(ByteBuffer.allocate(10)));
                FutureTask<Void> writing = TlsPair.start(() -> {
                    pair.server.write(ByteBuffer.allocate(1 << 20));
                    return null;
                });
                Await.until("the writer waits", () -> pair.budget.taken() > 0);
                pair.server.close();
                assertThrows(IOException.class, () -> TlsPair.get(reading));
                assertThrows(IOException.class, () -> TlsPair.get(writing));
                assertThrows(IOException.class, () -> pair.server.read(ByteBuffer.allocate(10)));
                assertThrows(IOException.class, () -> pair.server.awaitReadable());
                assertEquals(0, pair.budget.taken());
            }
        }
    }

    // Messages of TLS itself

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void keysAreUpdatedWithinTraffic(boolean waitsOutsideReads) throws Exception {
        try (TlsPair pair = TlsPair.open(TLS13, below -> new Cutting(below, 1 << 30, waitsOutsideReads))) {
            FutureTask<Void> echo = TlsPair.start(() -> {
                ByteBuffer buffer = ByteBuffer.allocate(5000);
                for (int i = 0; pair.server.read(buffer.clear()) >= 0; i++) {
                    if (i % 3 == 0) {
                        pair.serverEngine.beginHandshake();
                    }
                    pair.server.write(buffer.flip());
                }
                return null;
            });
            byte[] piece = random(1500);
            for (int i = 0; i < 300; i++) {
                // Behind the initial handshake of TLS 1.3 this asks for new keys, the peer's included.
                pair.clientEngine.beginHandshake();
                pair.client.write(ByteBuffer.wrap(piece));
                pair.client.write(ByteBuffer.wrap(piece));
                assertArrayEquals(piece, TlsPair.read(pair.client, piece.length));
                assertArrayEquals(piece, TlsPair.read(pair.client, piece.length));
            }
            pair.client.shutdownOutput();
            TlsPair.get(echo);
        }
    }

    private static void updateKeys(TlsPair pair, int times) throws IOException {
        for (int i = 0; i < times; i++) {
            pair.clientEngine.beginHandshake();
            pair.client.write(ByteBuffer.allocate(0));
        }
    }

    @Test
    void aWriterThatWaitsForThePeerDoesNotStopReading() throws Exception {
        try (TlsPair pair = openWithAWriterThatWaits(100_000)) {
            for (int i = 1; i <= 5; i++) {
                updateKeys(pair, 1);
                pair.client.write(bytes(i));
                assertArrayEquals(new byte[]{(byte) i}, TlsPair.read(pair.server, 1));
            }
            assertArrayEquals(random(100_000), TlsPair.read(pair.client, 100_000));
            pair.server.write(bytes(9));
            assertArrayEquals(new byte[]{9}, TlsPair.read(pair.client, 1));
        }
    }

    /** A pair whose server's end writes so much that it waits for the client to read. */
    private static TlsPair openWithAWriterThatWaits(int length) throws Exception {
        int capacity = 20_000;
        CountDownLatch waits = new CountDownLatch(1);
        TlsPair pair = TlsPair.create(TLS13, capacity, 1 << 24, below -> new Passing(below) {
            @Override
            public void write(ByteBuffer source) throws IOException {
                if (source.remaining() > capacity) {
                    waits.countDown();
                }
                super.write(source);
            }
        }).shakeHands();
        TlsPair.start(() -> {
            pair.server.write(ByteBuffer.wrap(random(length)));
            return null;
        });
        waits.await();
        return pair;
    }

    /** Nothing may follow half of a record. */
    @Test
    void anInterruptedWriteMustCloseTheTransport() throws Exception {
        try (TlsPair pair = TlsPair.create(TLS13, 20_000, 1 << 24, below -> below).shakeHands()) {
            FutureTask<Void> writing = new FutureTask<>(() -> {
                pair.server.write(ByteBuffer.allocate(1 << 20));
                return null;
            });
            Thread thread = Thread.ofVirtual().start(writing);
            thread.interrupt();
            assertThrows(InterruptedIOException.class, () -> TlsPair.get(writing));
            assertThrows(IOException.class, () -> pair.belowServer.write(ByteBuffer.allocate(1)));
            assertThrows(IOException.class, () -> pair.server.write(ByteBuffer.allocate(1)));
            assertFalse(pair.server.writesWithoutWaiting());
        }
    }

    @Test
    void anInterruptedReadMustLoseNothing() throws Exception {
        try (TlsPair pair = TlsPair.open(TLS13)) {
            FutureTask<Integer> reading = new FutureTask<>(() -> pair.server.read(ByteBuffer.allocate(10)));
            Thread thread = Thread.ofVirtual().start(reading);
            thread.interrupt();
            assertThrows(InterruptedIOException.class, () -> TlsPair.get(reading));
            pair.client.write(bytes(1, 2, 3));
            assertArrayEquals(new byte[]{1, 2, 3}, TlsPair.read(pair.server, 3));
        }
    }

    private static String failureOf(TlsPair pair) {
        return assertThrows(SSLException.class, () -> {
            while (pair.server.read(ByteBuffer.allocate(100)) >= 0) {}
        }).getMessage();
    }

    @Test
    void requestsForKeysWithBytesBetweenHaveNoLimit() throws Exception {
        try (TlsPair pair = TlsPair.open(TLS13)) {
            for (int i = 0; i < 200; i++) {
                updateKeys(pair, 1);
                pair.client.write(bytes(i));
                assertArrayEquals(new byte[]{(byte) i}, TlsPair.read(pair.server, 1));
            }
        }
    }

    @Test
    void requestsForKeysWithoutBytesHaveALimit() throws Exception {
        try (TlsPair pair = TlsPair.open(TLS13)) {
            updateKeys(pair, 32);
            pair.client.write(bytes(1));
            assertArrayEquals(new byte[]{1}, TlsPair.read(pair.server, 1));
            updateKeys(pair, 33);
            pair.client.write(bytes(2));
            assertEquals("refused: over 32 TLS records without application data", failureOf(pair));
        }
    }

    @Test
    void answersThatAccumulateDuringAWriteMustBeLimited() throws Exception {
        try (TlsPair pair = openWithAWriterThatWaits(100_000)) {
            for (int i = 0; i < 32; i++) {
                updateKeys(pair, 1);
                pair.client.write(bytes(i));
                assertArrayEquals(new byte[]{(byte) i}, TlsPair.read(pair.server, 1));
            }
            updateKeys(pair, 1);
            assertEquals("refused: over 32 TLS records without application data", failureOf(pair));
        }
    }

    @Test
    void renegotiationMustBeRefusedAfterTheBytesBeforeIt() throws Exception {
        try (TlsPair pair = TlsPair.open(TLS12)) {
            pair.client.write(bytes(1));
            pair.clientEngine.beginHandshake();
            pair.client.write(ByteBuffer.allocate(0));
            assertArrayEquals(new byte[]{1}, TlsPair.read(pair.server, 1));
            assertEquals("refused: TLS renegotiation", failureOf(pair));
            assertThrows(SSLException.class, () -> pair.client.read(ByteBuffer.allocate(1)));
            assertThrows(IOException.class, () -> pair.server.write(bytes(1)));
        }
    }

    @Test
    void aHandshakeHasALimitOfRecords() throws Exception {
        try (TlsPair pair = TlsPair.create(TLS13, 1 << 16, 1 << 24, below -> below)) {
            FutureTask<Void> server = TlsPair.start(() -> {
                pair.server.handshake();
                return null;
            });
            // A ClientHello of 32,768 bytes in records of one.
            pair.belowClient.write(bytes(0x16, 3, 1, 0, 4, 1, 0, 0x7f, 0xf0));
            for (int i = 1; i < 1024; i++) {
                pair.belowClient.write(bytes(0x16, 3, 1, 0, 1, 3));
            }
            Await.until("all are read", () -> pair.budget.taken() == 0);
            assertFalse(server.isDone());
            pair.belowClient.write(bytes(0x16, 3, 1, 0, 1, 3));
            SSLException failure = assertThrows(SSLException.class, () -> TlsPair.get(server));
            assertEquals("refused: over 1024 TLS records without application data", failure.getMessage());
        }
    }

    // Memory

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void waitingReaderMustHoldOnlyReceivedBytes(boolean waitsOutsideReads) throws Exception {
        try (TlsPair pair = TlsPair.open(TLS13, below -> new Cutting(below, 1 << 30, waitsOutsideReads))) {
            assertEquals(0, pair.budget.taken());
            FutureTask<Integer> reading = TlsPair.start(() -> {
                pair.server.awaitReadable();
                return pair.server.read(ByteBuffer.allocate(1 << 14));
            });
            pair.belowClient.write(ByteBuffer.allocate(3000).put(bytes(0x17, 3, 3, 0x40, 0x10)).rewind());
            Await.until("what came is held", () -> pair.budget.taken() >= 3000 && pair.budget.taken() < 4000);
            pair.belowClient.write(ByteBuffer.allocate(6000));
            Await.until("what came is held", () -> pair.budget.taken() >= 9000 && pair.budget.taken() < 12_000);
            assertFalse(reading.isDone());
            pair.server.close();
            assertThrows(IOException.class, () -> TlsPair.get(reading));
            assertEquals(0, pair.budget.taken());
        }
    }

    @Test
    void closeMustReturnUnreadBuffers() throws Exception {
        try (TlsPair pair = TlsPair.open(TLS13)) {
            pair.client.write(ByteBuffer.allocate(30_000));
            assertEquals(1, pair.server.read(ByteBuffer.allocate(1)));
            assertTrue(pair.budget.taken() > 16_384);
            pair.server.close();
            assertEquals(0, pair.budget.taken());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {TLS13, TLS12})
    void smallMessagesTravelWhenTheBudgetIsSpent(String protocol) throws Exception {
        try (TlsPair pair = TlsPair.open(protocol)) {
            long rest = pair.budget.limit() - pair.budget.taken();
            assertTrue(pair.budget.take(rest));
            for (int i = 0; i < 100; i++) {
                // The largest that the connection above waits for with a small buffer.
                pair.client.write(ByteBuffer.wrap(random(131)));
                assertArrayEquals(random(131), TlsPair.read(pair.server, 131));
                pair.server.write(bytes(1), ByteBuffer.wrap(random(5000)));
                assertArrayEquals(random(5000), Arrays.copyOfRange(TlsPair.read(pair.client, 5001), 1, 5001));
            }
            pair.client.write(ByteBuffer.allocate(1000));
            IOException failure = assertThrows(IOException.class, () -> TlsPair.read(pair.server, 1000));
            assertTrue(failure.getMessage().endsWith("(maxBufferedSize)"), failure.getMessage());
            assertEquals(pair.budget.limit(), pair.budget.taken());
            pair.budget.giveBack(rest);
        }
    }
}
