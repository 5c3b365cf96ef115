package dev.weft.nats;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weft.topics.Backplane;
import dev.weft.topics.BackplaneMessage;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a node is told of interruptions. */
class OutagesTest {
    private final List<String> told = new ArrayList<>();
    private boolean ready;
    private boolean failing;
    private final Outages outages = new Outages(new Backplane.Receiver() {
        @Override
        public void received(BackplaneMessage message) {}

        @Override
        public void away() {
            told.add("away");
        }

        @Override
        public void back() {
            told.add("back");
            if (failing) {
                throw new OutOfMemoryError("on purpose");
            }
        }

        @Override
        public void memberGone(String topic, String member) {}

        @Override
        public void membersChanged(String topic) {}
    }, () -> ready);

    /** Any thread may tell it, not only the supervisor, which would connect again. */
    @Test
    void returnThatFailsMustBeToldAgain() {
        outages.lost();
        outages.tell();
        ready = true;
        failing = true;
        assertThrows(OutOfMemoryError.class, outages::tell);
        failing = false;
        outages.tell();
        outages.tell();
        assertEquals(List.of("away", "back", "back"), told);
    }

    @Test
    void returnMustBeToldOnce() {
        ready = true;
        outages.suspect();
        outages.tell();
        outages.lost();
        outages.tell();
        outages.tell();
        assertEquals(List.of("back", "away", "back"), told);
    }
}
