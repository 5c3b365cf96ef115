package dev.weft.bench.topics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.bench.topics.Checker.Fate;
import dev.weft.bench.topics.Checker.Findings;
import dev.weft.bench.topics.Checker.Log;
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

    /** All have got everything, except that one log is changed before. */
    private static Findings check(List<Fate> fates, Consumer<List<Integer>> change) {
        Checker checker = new Checker();
        checker.published("a", fates);
        List<Log> logs = new ArrayList<>();
        for (int i = 0; i < SUBSCRIBERS; i++) {
            List<Integer> numbers = new ArrayList<>(IntStream.range(0, MESSAGES)
                    .filter(each -> fates.get(each) != Fate.FAILED).boxed().toList());
            if (i == SUBSCRIBERS / 2) {
                change.accept(numbers);
            }
            Log log = new Log("a");
            for (int number : numbers) {
                if (number < 0) {
                    log.toldGap();
                } else {
                    log.received(number);
                }
            }
            logs.add(log);
        }
        return checker.check(logs);
    }

    private static Map<String, Integer> found(Consumer<List<Integer>> change) {
        return check(Collections.nCopies(MESSAGES, Fate.ACCEPTED), change).counts();
    }

    @Test
    void completeLogsMustBeClean() {
        Findings findings = check(Collections.nCopies(MESSAGES, Fate.ACCEPTED), numbers -> {});
        assertTrue(findings.isClean());
        assertEquals(MESSAGES * SUBSCRIBERS, findings.deliveries());
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
            numbers.add(50, -1);
        }));
        assertEquals(Map.of("lost", 1), found(numbers -> {
            numbers.subList(50, 60).clear();
            numbers.add(50, -1);
            numbers.remove(70);
        }));
        assertEquals(Map.of("doubled", 1), found(numbers -> {
            numbers.add(50, -1);
            numbers.add(51, 49);
        }));
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
}
