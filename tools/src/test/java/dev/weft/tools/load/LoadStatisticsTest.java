package dev.weft.tools.load;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.tools.load.LoadStatistics.SentMessage;
import org.junit.jupiter.api.Test;

class LoadStatisticsTest {
    /** On a busy machine, the measurement may begin later than it was to begin. */
    @Test
    void messageMustCountAsAnsweredOnlyIfItCountsAsSent() {
        LoadStatistics statistics = new LoadStatistics();
        SentMessage early = statistics.sent(100, -1);
        statistics.measureFrom(50);
        statistics.answered(early, 200);
        statistics.unanswered(early);
        SentMessage late = statistics.sent(150, -1);
        statistics.answered(late, 200);
        assertEquals(1, statistics.sent.sum());
        assertEquals(1, statistics.answered.sum());
        assertEquals(0, statistics.unanswered.sum());
    }
}
