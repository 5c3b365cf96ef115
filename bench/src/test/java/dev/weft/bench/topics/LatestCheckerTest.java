package dev.weft.bench.topics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The checker of latest values finds what is planted, and nothing else. */
class LatestCheckerTest {
    private static final int VALUES = 100;
    private static final int KEYS = LatestChecker.KEYS;

    private final LatestChecker checker = new LatestChecker();

    /** A subscriber has got everything, except for what is changed before. */
    private Map<String, Integer> found(List<Fate> fates, Consumer<List<Integer>> change) {
        List<Integer> numbers = new ArrayList<>(IntStream.range(0, VALUES)
                .filter(each -> fates.get(each) != Fate.FAILED).boxed().toList());
        change.accept(numbers);
        checker.published("a", fates);
        FaultFindings findings = new FaultFindings();
        checker.check(CheckerTest.log("a", numbers), findings);
        return findings.counts();
    }

    private Map<String, Integer> found(Consumer<List<Integer>> change) {
        return found(Collections.nCopies(VALUES, Fate.ACCEPTED), change);
    }

    @Test
    void newerValueMayTakeThePlaceOfOlderOnes() {
        assertEquals(Map.of(), found(numbers -> {}));
        assertEquals(0, checker.replaced());
        assertEquals(Map.of(), found(numbers -> numbers.subList(50, 60).clear()));
        assertEquals(10, checker.replaced());
        // 63 has the key of 58, in whose place it is, and so comes before 59.
        assertEquals(Map.of(), found(numbers -> {
            numbers.remove((Integer) 63);
            numbers.set(58, 63);
        }));
    }

    @Test
    void olderValueMustNotFollowANewerOne() {
        assertEquals(Map.of("older value after a newer one", 1),
                found(numbers -> Collections.swap(numbers, 50, 50 + KEYS)));
        assertEquals(Map.of("older value after a newer one", 1), found(numbers -> numbers.add(50, 20)));
        assertEquals(Map.of("value doubled", 1), found(numbers -> numbers.add(52, 50)));
    }

    @Test
    void newestValueOfEachKeyMustArrive() {
        assertEquals(Map.of("newest value lost", 1), found(numbers -> numbers.remove((Integer) (VALUES - 2))));
        assertEquals(Map.of("newest value lost", KEYS - 1),
                found(numbers -> numbers.subList(VALUES - KEYS, VALUES - 1).clear()));
        assertEquals(Map.of("newest value lost", 1), found(List::clear));
    }

    @Test
    void gapMustExcuseWhatIsMissingBeforeTheNextValue() {
        // The newest values of three keys are missing, one of them before the gap.
        assertEquals(Map.of("newest value lost", 2), found(numbers -> {
            numbers.subList(97, 99).clear();
            numbers.remove((Integer) 95);
            numbers.add(numbers.indexOf(96), Log.GAP);
        }));
        assertEquals(Map.of("newest value lost", 1), found(numbers -> numbers.set(VALUES - 1, Log.GAP)));
    }

    @Test
    void newConnectionMayBringValuesAgain() {
        assertEquals(Map.of(), found(numbers -> numbers.addAll(50, List.of(Log.BEGIN, 40, 41, 42, 43, 44))));
        assertEquals(Map.of("older value after a newer one", 1),
                found(numbers -> numbers.addAll(50, List.of(Log.BEGIN, 45, 40))));
    }

    @Test
    void fateMustBeRespected() {
        List<Fate> fates = new ArrayList<>(Collections.nCopies(VALUES, Fate.ACCEPTED));
        fates.set(10, Fate.FAILED);
        fates.set(98, Fate.UNCERTAIN);
        assertEquals(Map.of(), found(fates, numbers -> {}));
        assertEquals(Map.of(), found(fates, numbers -> numbers.remove((Integer) 98)));
        assertEquals(Map.of("value delivered though it has failed", 1), found(fates, numbers -> numbers.add(10, 10)));
        assertEquals(Map.of("value invented", 1), found(fates, numbers -> numbers.add(VALUES)));
    }
}
