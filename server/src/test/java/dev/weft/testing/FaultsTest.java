package dev.weft.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.EOFException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class FaultsTest {
    /** Of the unmasked frame of "hello" to the client. */
    private static final int FRAME = 7;
    private TestPair pair = TestConnection.pair();

    @AfterEach
    void close() {
        pair.close();
    }

    private TestConnection clientWith(Faults faults) {
        pair.close();
        pair = TestPair.builder().faultsToClient(faults).connect();
        return pair.client();
    }

    @Test
    void dribbledBytesMustAllArrive() {
        TestConnection client = clientWith(Faults.none().dribble(1));
        pair.server().send("hello").send("x".repeat(300));
        client.expectText("hello").expectText("x".repeat(300));
        client.send("back");
        pair.server().expectText("back");
    }

    @Test
    void delayedBytesMustArriveLater() {
        TestConnection client = clientWith(Faults.none().delay(Duration.ofMillis(50)));
        long begin = System.nanoTime();
        pair.server().send("hello");
        client.expectText("hello");
        assertTrue(System.nanoTime() - begin >= 50_000_000);
    }

    @Test
    void stalledBytesMustNeverArrive() {
        TestConnection client = clientWith(Faults.none().stallAt(FRAME + 2));
        pair.server().send("hello").send("hello");
        client.expectText("hello").expectNothingFor(Duration.ofMillis(30));
        assertTrue(client.connection().isOpen());
    }

    @Test
    void afterAHalfCloseTheOtherDirectionMustGoOn() throws Exception {
        TestConnection client = clientWith(Faults.none().halfCloseAt(FRAME));
        pair.client().send("before");
        pair.server().send("hello").expectText("before");
        client.expectText("hello");
        assertTrue(client.expectBroken().failure().orElseThrow() instanceof EOFException);
    }

    @Test
    void aResetMustEndBothEnds() {
        // Within the first frame: a reset also drops what the client has not read yet.
        TestConnection client = clientWith(Faults.none().resetAt(FRAME - 1));
        pair.server().send("hello");
        client.expectBroken();
        pair.server().expectBroken();
    }

    @Test
    void aCutMustEndBothEnds() {
        TestConnection client = clientWith(Faults.none().cutAt(FRAME + 1));
        pair.server().send("hello").send("hello");
        client.expectText("hello");
        client.expectBroken();
        pair.server().expectBroken();
    }

    @Test
    void aCorruptOpcodeMustFailTheConnection() {
        TestConnection client = clientWith(Faults.none().corrupt(FRAME));
        pair.server().send("hello").send("hello");
        client.expectText("hello").expectClose(1002);
        pair.server().expectClose(1002);
    }

    @Test
    void aCorruptTextMustFailTheConnection() {
        clientWith(Faults.none().corrupt(2));
        pair.server().send("hello");
        pair.client().expectClose(1007);
    }

    @Test
    void theSameSeedMustGiveTheSameFaults() {
        assertEquals(Faults.seeded(42, 1000).toString(), Faults.seeded(42, 1000).toString());
        assertNotEquals(Faults.seeded(42, 1000).toString(), Faults.seeded(43, 1000).toString());
        assertTrue(Faults.seeded(42, 1000).toString().startsWith("Faults[seed 42: dribble "));
    }

    @Test
    void underSeededFaultsOnlyWholeMessagesMustArrive() {
        for (int seed = 0; seed < 30; seed++) {
            Faults faults = Faults.seeded(seed, 100);
            TestConnection client = clientWith(faults).within(Duration.ofMillis(200));
            pair.server().connection().trySend("hello");
            pair.server().connection().trySend("hello");
            try {
                String text = client.expectText();
                assertEquals(5, text.length(), faults::toString);
            } catch (AssertionError e) {
                assertFalse(e.getMessage().contains("received text"), faults::toString);
            }
        }
    }

    @Test
    void boundsMustBeChecked() {
        assertThrows(IllegalArgumentException.class, () -> Faults.none().dribble(0));
        assertThrows(IllegalArgumentException.class, () -> Faults.none().cutAt(-1));
        assertThrows(IllegalArgumentException.class, () -> Faults.none().delay(Duration.ofHours(1)));
        assertThrows(IllegalArgumentException.class, () -> Faults.seeded(1, 0));
    }
}
