package dev.weft.bench.topics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The checker of presence finds what is planted, and nothing else. */
class PresenceCheckerTest {
    private record Client(String topic, String name, boolean isSubscribed) implements Member {}

    private static final Member WATCHER = new Client("a", "ann", true);
    private final PresenceChecker checker = new PresenceChecker(List.of(WATCHER, new Client("a", "bob", true),
            new Client("a", "bob", true), new Client("a", "eve", false), new Client("b", "eve", true)));
    private final FaultFindings findings = new FaultFindings();

    private Map<String, Integer> foundOnNode(Map<String, Integer> members) {
        checker.checkNode(0, "a", members, findings);
        return findings.counts();
    }

    private Map<String, Integer> foundByWatcher(Set<String> told) {
        checker.checkWatcher(WATCHER, told, findings);
        return findings.counts();
    }

    @Test
    void membersThatAreConnectedMustBeClean() {
        assertEquals(Map.of(), foundOnNode(Map.of("ann", 1, "bob", 2)));
        assertEquals(Map.of(), foundByWatcher(Set.of("ann", "bob")));
    }

    @Test
    void missingMemberMustBeFound() {
        assertEquals(Map.of("member missing", 1), foundOnNode(Map.of("bob", 2)));
    }

    @Test
    void memberThatIsGoneMustBeFound() {
        assertEquals(Map.of("member that is gone", 1), foundOnNode(Map.of("ann", 1, "bob", 2, "eve", 1)));
    }

    @Test
    void wrongNumberOfConnectionsMustBeFound() {
        assertEquals(Map.of("connections of a member", 2), foundOnNode(Map.of("ann", 2, "bob", 1)));
    }

    @Test
    void whatAWatcherWasNotToldMustBeFound() {
        assertEquals(Map.of("member not told", 1), foundByWatcher(Set.of("ann")));
    }

    @Test
    void whatAWatcherIsToldForTooLongMustBeFound() {
        assertEquals(Map.of("told of a member that is gone", 1), foundByWatcher(Set.of("ann", "bob", "eve")));
    }
}
