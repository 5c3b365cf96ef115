package dev.weft.parser.deflate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.parser.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.Inflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class CodecPoolTest {

    @Test
    void moreAreLentThanAreKept() {
        DeflaterPool pool = new DeflaterPool(1, 2);
        List<DeflaterPool.Pooled> lent = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            lent.add(pool.borrow());
        }
        assertEquals(5, pool.lent());
        lent.forEach(pooled -> pool.giveBack(pooled, false));
        assertEquals(0, pool.lent());
        assertEquals(2, pool.idle());
        assertEnded(lent.get(4).deflater::reset);
        pool.close();
    }

    @Test
    void aKeptOneIsReclaimedByItsLoanOnly() {
        DeflaterPool pool = new DeflaterPool(1, 2);
        DeflaterPool.Pooled mine = pool.borrow();
        long loan = mine.loan();
        pool.giveBack(mine, true);
        assertFalse(pool.reclaim(mine, loan - 1));
        assertTrue(pool.reclaim(mine, loan));
        assertFalse(pool.reclaim(mine, loan));
        pool.giveBack(mine, false);
        assertFalse(pool.reclaim(mine, mine.loan()));
        assertSame(mine, pool.borrow());
        pool.close();
    }

    @Test
    void theLeastRecentlyUsedIsTakenWhenNoneIsBlank() {
        DeflaterPool pool = new DeflaterPool(1, 2);
        DeflaterPool.Pooled first = pool.borrow();
        DeflaterPool.Pooled second = pool.borrow();
        long secondLoan = second.loan();
        pool.giveBack(first, true);
        pool.giveBack(second, true);
        assertSame(first, pool.borrow());
        assertTrue(pool.reclaim(second, secondLoan));
        pool.close();
    }

    @Test
    void keptOnesLeaveRoomForTheOthers() {
        DeflaterPool pool = new DeflaterPool(1, 4);
        List<DeflaterPool.Pooled> lent = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            lent.add(pool.borrow());
        }
        lent.forEach(pooled -> pool.giveBack(pooled, true));
        assertEquals(4, pool.idle());
        assertFalse(pool.reclaim(lent.get(2), lent.get(2).loan()));
        assertTrue(pool.reclaim(lent.get(3), lent.get(3).loan()));
        pool.close();
    }

    @Test
    void aDisownedOneIsBlank() {
        DeflaterPool pool = new DeflaterPool(1, 2);
        DeflaterPool.Pooled mine = pool.borrow();
        pool.giveBack(mine, true);
        pool.disown(mine, mine.loan());
        assertFalse(pool.reclaim(mine, mine.loan()));
        assertEquals(1, pool.idle());
        pool.close();
    }

    @Test
    void aClosedPoolEndsItsCodecsNowAndThoseThatComeBack() {
        DeflaterPool pool = new DeflaterPool(1, 4);
        DeflaterPool.Pooled idle = pool.borrow();
        DeflaterPool.Pooled kept = pool.borrow();
        DeflaterPool.Pooled lent = pool.borrow();
        pool.giveBack(idle, false);
        pool.giveBack(kept, true);
        pool.close();
        assertEnded(idle.deflater::reset);
        assertEnded(kept.deflater::reset);
        pool.giveBack(lent, true);
        assertEnded(lent.deflater::reset);
        assertEquals(0, pool.idle());

        InflaterPool inflaters = new InflaterPool(4);
        Inflater idleInflater = inflaters.borrow();
        Inflater lentInflater = inflaters.borrow();
        inflaters.giveBack(idleInflater);
        inflaters.close();
        inflaters.giveBack(lentInflater);
        assertEnded(idleInflater::reset);
        assertEnded(lentInflater::reset);
    }

    @Test
    void idleInflatersAreBounded() {
        InflaterPool pool = new InflaterPool(1);
        Inflater first = pool.borrow();
        Inflater second = pool.borrow();
        assertNotSame(first, second);
        pool.giveBack(first);
        pool.giveBack(second);
        assertEquals(1, pool.idle());
        assertSame(first, pool.borrow());
        pool.close();
    }

    private static void assertEnded(Executable use) {
        // NullPointerException or IllegalStateException, by the JDK's version.
        String message = assertThrows(RuntimeException.class, use).getMessage();
        assertTrue(message.endsWith("has been closed"), message);
    }

    // Connections and the pool.

    @Test
    void aCodecIsLentForTheMessageOnly() throws Exception {
        DeflaterPool pool = new DeflaterPool(1, 4);
        MessageDeflater deflater = new MessageDeflater(pool, 15, true, 4096);
        byte[] target = new byte[1000];
        deflater.input(target, 0, 100, false);
        assertEquals(0, pool.lent());
        deflater.output(target, 0, 3);
        assertEquals(1, pool.lent());
        deflater.output(target, 0, 1000);
        assertEquals(0, pool.lent());
        deflater.input(target, 0, 100, true);
        deflater.output(target, 0, 3);
        deflater.close();
        assertEquals(0, pool.lent());

        InflaterPool inflaters = new InflaterPool(4);
        MessageInflater inflater = new MessageInflater(inflaters, 15, true);
        inflater.input(SampleMessages.hex("f2 48 cd"), 0, 3, false);
        inflater.output(target, 0, 1000);
        assertEquals(1, inflaters.lent());
        inflater.close();
        assertEquals(0, inflaters.lent());
        assertEquals(1, inflaters.idle());
        pool.close();
        inflaters.close();
    }

    @Test
    void onlyABusyConnectionMustKeepItsCompressor() {
        DeflaterPool pool = new DeflaterPool(1, 4);
        MessageDeflater busy = new MessageDeflater(pool, 15, true, 0);
        byte[] novel = SampleMessages.random(200, new Random(5));
        // With no history of its own, it can refer to earlier messages only through the compressor.
        SampleMessages.deflated(busy, novel);
        SampleMessages.deflated(busy, novel);
        assertTrue(SampleMessages.deflated(busy, novel).length < 20);
        for (int n = 0; n < 10; n++) {
            MessageDeflater rare = new MessageDeflater(pool, 15, true, 0);
            SampleMessages.deflated(rare, novel);
            assertTrue(SampleMessages.deflated(busy, novel).length < 20);
        }
        for (int n = 0; n < 10; n++) {
            SampleMessages.deflated(new MessageDeflater(pool, 15, true, 0), novel);
        }
        assertTrue(SampleMessages.deflated(busy, novel).length < 20, "it was not needed by others");
        assertTrue(SampleMessages.deflated(busy, novel).length > 200, "it was gone too long to keep it");
        pool.close();
    }

    @Test
    void noContextOfOneConnectionReachesAnother() {
        DeflaterPool pool = new DeflaterPool(6, 1);
        Random random = new Random(6);
        List<MessageDeflater> deflaters = new ArrayList<>();
        List<NaiveInflater> inflaters = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            deflaters.add(new MessageDeflater(pool, 15, i > 0, 1000));
            inflaters.add(new NaiveInflater(15, i > 0));
        }
        for (int n = 0; n < 2000; n++) {
            int i = random.nextInt(3);
            byte[] message = SampleMessages.text(300, random);
            assertArrayEquals(message, inflaters.get(i).message(SampleMessages.deflated(deflaters.get(i), message)));
        }
        pool.close();
    }

    @Test
    void connectionsOfManyThreadsShareThePools() throws Exception {
        NegotiatedDeflate negotiated = new NegotiatedDeflate(false, false, 15, 12);
        try (DeflateCodecs codecs = new DeflateCodecs(
                DeflateSettings.builder().maxIdleDeflaters(3).maxIdleInflaters(2).build());
                ExecutorService threads = Executors.newFixedThreadPool(8)) {
            List<Future<?>> results = new ArrayList<>();
            for (int t = 0; t < 8; t++) {
                Random random = new Random(t);
                Callable<Void> connection = () -> {
                    MessageDeflater deflater = codecs.deflater(negotiated, Role.SERVER);
                    MessageInflater inflater = codecs.inflater(negotiated, Role.CLIENT);
                    for (int n = 0; n < 1000; n++) {
                        byte[] message = SampleMessages.numbered(n, random);
                        byte[] payload = SampleMessages.deflated(deflater, message);
                        assertArrayEquals(message, SampleMessages.inflated(inflater, payload));
                    }
                    return null;
                };
                results.add(threads.submit(connection));
            }
            for (Future<?> result : results) {
                result.get();
            }
        }
    }
}
