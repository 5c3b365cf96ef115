package dev.weft.bench.topics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The checker finds what is planted, and nothing else. */
class CheckerTest {
    private static final int MESSAGES = 100;
    private static final int SUBSCRIBERS = 20;
    /** In the list of entries: the subscriber has gone. */
    static final int END = -3;

    /** All have got everything, except that one log is changed before. */
    private static FaultFindings check(List<Fate> fates, Consumer<List<Integer>> change) {
        Checker checker = new Checker();
        // The publisher has another connection for every 50 messages.
        checker.published("a", fates, IntStream.range(0, MESSAGES).mapToObj(each -> each / 50).toList());
        FaultFindings findings = new FaultFindings();
        for (int i = 0; i < SUBSCRIBERS; i++) {
            List<Integer> numbers = new ArrayList<>(IntStream.range(0, MESSAGES)
                    .filter(each -> fates.get(each) != Fate.FAILED).boxed().toList());
            if (i == SUBSCRIBERS / 2) {
                change.accept(numbers);
            }
            checker.check(log("a", numbers), findings);
        }
        return findings;
    }

    static Log log(String topic, List<Integer> entries) {
        Log log = new Log(topic);
        for (int entry : entries) {
            switch (entry) {
                case Log.GAP -> log.toldGap();
                case Log.BEGIN -> log.begins();
                case END -> log.ends();
                default -> log.received(entry);
            }
        }
        return log;
    }

    private static Map<String, Integer> found(Consumer<List<Integer>> change) {
        return check(Collections.nCopies(MESSAGES, Fate.ACCEPTED), change).counts();
    }

    @Test
    void completeLogsMustBeClean() {
        assertTrue(check(Collections.nCopies(MESSAGES, Fate.ACCEPTED), numbers -> {}).isClean());
    }

    @Test
    void lostMessageMustBeFound() {
        assertEquals(Map.of("lost", 1), found(numbers -> numbers.remove(50)));
        assertEquals(Map.of("lost", 3), found(numbers -> numbers.subList(50, 53).clear()));
        assertEquals(Map.of("lost at the end", 1), found(List::removeLast));
        assertEquals(Map.of("lost at the end", 1), found(List::clear));
    }

    @Test
    void doubledMessageMustBeFound() {
        assertEquals(Map.of("doubled", 1), found(numbers -> numbers.add(51, 50)));
        assertEquals(Map.of("doubled", 1), found(numbers -> numbers.add(90, 3)));
    }

    @Test
    void reorderedMessagesMustBeFound() {
        assertEquals(Map.of("lost", 1, "reordered", 1), found(numbers -> Collections.swap(numbers, 50, 51)));
    }

    @Test
    void gapThatWasToldMustExcuseWhatIsMissingThere() {
        assertEquals(Map.of(), found(numbers -> {
            numbers.subList(50, 60).clear();
            numbers.add(50, Log.GAP);
        }));
        assertEquals(Map.of("lost", 1), found(numbers -> {
            numbers.subList(50, 60).clear();
            numbers.add(50, Log.GAP);
            numbers.remove(70);
        }));
        assertEquals(Map.of("doubled", 1), found(numbers -> {
            numbers.add(50, Log.GAP);
            numbers.add(51, 49);
        }));
    }

    @Test
    void gapThatWasToldThoughTheBrokerHasLostNothingMustBeFound() {
        FaultFindings findings = new FaultFindings();
        Checker.checkNoGap(log("a", List.of(0, 1, 2)), findings);
        assertTrue(findings.isClean());
        Checker.checkNoGap(log("a", List.of(0, Log.GAP, 1, 2)), findings);
        assertEquals(Map.of("gap told without a loss", 1), findings.counts());
    }

    @Test
    void fateMustBeRespected() {
        List<Fate> fates = new ArrayList<>(Collections.nCopies(MESSAGES, Fate.ACCEPTED));
        fates.set(10, Fate.FAILED);
        fates.set(20, Fate.UNCERTAIN);
        assertEquals(Map.of(), check(fates, numbers -> numbers.remove((Integer) 20)).counts());
        assertEquals(Map.of(), check(fates, numbers -> {
            numbers.remove((Integer) 20);
            numbers.add(40, 20);
        }).counts());
        assertEquals(Map.of("delivered though it has failed", 1),
                check(fates, numbers -> numbers.add(10, 10)).counts());
        assertEquals(Map.of("invented", 1), check(fates, numbers -> numbers.add(MESSAGES)).counts());
    }

    /** What was published between it and the subscription is before the subscription. */
    @Test
    void lateMessageMustNotCountAsTheBeginningOfASubscription() {
        List<Fate> fates = new ArrayList<>(Collections.nCopies(MESSAGES, Fate.ACCEPTED));
        fates.set(50, Fate.UNCERTAIN);
        for (int begin : List.of(Log.BEGIN, Log.GAP)) {
            assertEquals(Map.of(), check(fates, numbers -> {
                numbers.subList(50, 60).clear();
                numbers.addAll(50, List.of(begin, 50));
            }).counts());
            assertEquals(Map.of("lost", 1), check(fates, numbers -> {
                numbers.subList(50, 60).clear();
                numbers.addAll(50, List.of(begin, 50));
                numbers.remove((Integer) 61);
            }).counts());
        }
    }

    @Test
    void unconfirmedMessageMayBeLostOrComeAfterThoseOfAnotherConnection() {
        List<Fate> fates = new ArrayList<>(Collections.nCopies(MESSAGES, Fate.ACCEPTED));
        fates.set(48, Fate.UNCONFIRMED);
        fates.set(49, Fate.UNCONFIRMED);
        assertEquals(Map.of(), check(fates, numbers -> numbers.remove((Integer) 49)).counts());
        assertEquals(Map.of(), check(fates, numbers -> {
            numbers.remove((Integer) 49);
            numbers.add(51, 49);
        }).counts());
        assertEquals(Map.of("reordered", 1), check(fates, numbers -> Collections.swap(numbers, 48, 49)).counts());
    }

    @Test
    void subscriptionThatBeginsAnewMayBringMessagesAgainOrNot() {
        assertEquals(Map.of(), found(numbers -> numbers.addAll(50, List.of(Log.BEGIN, 40, 41, 42, 43, 44, 45, 46, 47,
                48, 49))));
        assertEquals(Map.of(), found(numbers -> {
            numbers.subList(50, 60).clear();
            numbers.add(50, Log.BEGIN);
        }));
    }

    @Test
    void subscriptionThatBeginsAnewMustBeCheckedFromThereOn() {
        assertEquals(Map.of("lost", 1), found(numbers -> {
            numbers.add(50, Log.BEGIN);
            numbers.remove((Integer) 60);
        }));
        assertEquals(Map.of("doubled", 1), found(numbers -> numbers.addAll(50, List.of(Log.BEGIN, 50))));
        assertEquals(Map.of("lost at the end", 1), found(numbers -> numbers.add(Log.BEGIN)));
    }

    @Test
    void subscriberThatIsGoneMissesNothing() {
        assertEquals(Map.of(), found(numbers -> {
            numbers.subList(50, MESSAGES).clear();
            numbers.add(END);
        }));
        assertEquals(Map.of("lost", 1), found(numbers -> {
            numbers.subList(50, MESSAGES).clear();
            numbers.remove((Integer) 30);
            numbers.add(END);
        }));
    }
}
