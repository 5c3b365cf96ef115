package dev.weft.parser.deflate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages that are compressed once for several peers, read by inflaters with exactly the agreed window. */
@Timeout(30)
class SharedMessageTest {
    private final DeflaterPool pool = new DeflaterPool(1, 4);

    @AfterEach
    void close() {
        pool.close();
    }

    private MessageDeflater deflater(int bits, boolean takeover) {
        return new MessageDeflater(pool, bits, takeover, 2048);
    }

    /** A peer, some of whose messages are shared. */
    private final class Peer {
        final MessageDeflater deflater;
        final NaiveInflater inflater;

        Peer(int bits, boolean takeover) {
            deflater = deflater(bits, takeover);
            inflater = new NaiveInflater(bits, takeover);
        }

        void own(byte[] message) {
            assertArrayEquals(message, inflater.message(SampleMessages.deflated(deflater, message)));
        }

        void shared(SharedMessage message) {
            byte[] payload = deflater.share(message);
            if (payload != message.bytes()) {
                assertTrue(payload.length < message.bytes().length);
                assertArrayEquals(message.bytes(), inflater.message(payload));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"8,true", "8,false", "9,true", "9,false", "10,true", "10,false", "11,true", "11,false", "12,true",
            "12,false", "13,true", "13,false", "14,true", "14,false", "15,true", "15,false"})
    void sharedMessagesMayStandBetweenOthersOfEveryPeer(int bits, boolean takeover) {
        Random random = new Random(bits);
        List<Peer> peers = List.of(new Peer(bits, takeover), new Peer(15, true), new Peer(8, true),
                new Peer(bits, !takeover));
        for (int n = 0; n < 400; n++) {
            byte[] message = SampleMessages.numbered(n, random);
            if (random.nextInt(3) == 0) {
                SharedMessage shared = new SharedMessage(message);
                peers.forEach(peer -> peer.shared(shared));
            } else {
                peers.stream().filter(peer -> random.nextBoolean()).forEach(peer -> peer.own(message));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 9, 12, 15})
    void laterMessagesReferToSharedOnes(int bits) {
        Peer peer = new Peer(bits, true);
        // Half of it is random: it is sent compressed, but only a reference can make it short.
        byte[] novel = SampleMessages.random(100, new Random(bits));
        Arrays.fill(novel, 60, 100, (byte) 'a');
        peer.shared(new SharedMessage(novel));
        byte[] payload = SampleMessages.deflated(peer.deflater, novel);
        assertArrayEquals(novel, peer.inflater.message(payload));
        assertTrue(payload.length < 25, () -> "it is referred to: " + payload.length);
    }

    @Test
    void incompressibleSharedMessagesMustBypassTheWindow() {
        Peer peer = new Peer(15, true);
        for (int size : new int[]{0, 1, 200, 5000}) {
            SharedMessage message = new SharedMessage(SampleMessages.random(size, new Random(size)));
            assertSame(message.bytes(), peer.deflater.share(message));
        }
        assertEquals(0, peer.deflater.retainedSize());
        byte[] text = SampleMessages.text(200, new Random(1));
        peer.own(text);
    }

    @Test
    void windowsAsLargeAsTheMessageShareOneForm() {
        SharedMessage message = new SharedMessage(SampleMessages.text(1024, new Random(1)));
        assertTrue(deflater(15, true).isNew(message));
        byte[] once = deflater(15, true).share(message);
        for (int bits = 10; bits <= 15; bits++) {
            assertFalse(deflater(bits, true).isNew(message));
            assertSame(once, deflater(bits, bits % 2 == 0).share(message));
        }
        assertTrue(deflater(9, true).isNew(message));
        byte[] narrow = deflater(9, false).share(message);
        assertNotSame(once, narrow);
        assertSame(narrow, deflater(9, true).share(message));
        assertArrayEquals(message.bytes(), new NaiveInflater(9, true).message(narrow));
    }

    @Test
    void threadsThatShareAMessageAtTheSameTimeCompressItOnce() throws Exception {
        SharedMessage message = new SharedMessage(SampleMessages.text(1 << 16, new Random(2)));
        CyclicBarrier barrier = new CyclicBarrier(4);
        List<FutureTask<byte[]>> tasks = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            MessageDeflater deflater = deflater(15, true);
            FutureTask<byte[]> task = new FutureTask<>(() -> {
                barrier.await();
                return deflater.share(message);
            });
            tasks.add(task);
            Thread.ofVirtual().start(task);
        }
        byte[] first = tasks.getFirst().get();
        for (FutureTask<byte[]> each : tasks) {
            assertSame(first, each.get());
        }
        assertEquals(0, pool.lent());
    }
}
