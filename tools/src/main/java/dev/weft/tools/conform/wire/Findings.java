package dev.weft.tools.conform.wire;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** What is found out in one case: its verdict, and why. For use by any thread. */
public final class Findings {
    private static final int MAX_REMARKS = 8;

    private final ReentrantLock lock = new ReentrantLock();
    /** What was found, and how often. */
    private final Map<String, Integer> remarks = new LinkedHashMap<>();
    private List<String> transcript = List.of();
    private Verdict verdict = Verdict.OK;
    private int failures;

    /** Nothing found yet. */
    public Findings() {}

    /** Records something that the RFC tolerates. */
    public void nonStrict(String what) {
        add(Verdict.NON_STRICT, what, List::of);
    }

    /** Records something that no rule decides. */
    public void inform(String what) {
        add(Verdict.INFORMATIONAL, what, List::of);
    }

    /** Records a remark that has no weight. */
    public void remark(String what) {
        add(Verdict.OK, what, List::of);
    }

    /** Records anything; the transcript of the first finding of the worst verdict is kept. */
    public void add(Verdict found, String what, Supplier<List<String>> events) {
        lock.lock();
        try {
            if (found == Verdict.FAILED) {
                failures++;
            }
            if (found.compareTo(verdict) > 0) {
                transcript = events.get();
            }
            verdict = verdict.or(found);
            if (remarks.size() < MAX_REMARKS || remarks.containsKey(what)) {
                remarks.merge(what, 1, Integer::sum);
            } else {
                remarks.merge("and others", 1, Integer::sum);
            }
        } finally {
            lock.unlock();
        }
    }

    /** The verdict so far. */
    public Verdict verdict() {
        lock.lock();
        try {
            return verdict;
        } finally {
            lock.unlock();
        }
    }

    /** How many failures were recorded. */
    public int failures() {
        lock.lock();
        try {
            return failures;
        } finally {
            lock.unlock();
        }
    }

    /** All remarks in one line. */
    public String detail() {
        lock.lock();
        try {
            List<String> all = new ArrayList<>();
            remarks.forEach((what, times) -> all.add(times == 1 ? what : what + " (" + times + " times)"));
            return String.join("; ", all);
        } finally {
            lock.unlock();
        }
    }

    /** What went over the wire on the way to the worst finding. */
    public List<String> transcript() {
        lock.lock();
        try {
            return transcript;
        } finally {
            lock.unlock();
        }
    }
}
