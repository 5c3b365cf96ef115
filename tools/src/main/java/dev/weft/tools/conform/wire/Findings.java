package dev.weft.tools.conform.wire;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/** The findings of one case: its verdict and the reasons. Thread-safe. */
public final class Findings {
    private static final int MAX_REMARKS = 8;

    private final ReentrantLock lock = new ReentrantLock();
    /** Each finding, and the number of times it was made. */
    private final Map<String, Integer> remarks = new LinkedHashMap<>();
    private List<String> transcript = List.of();
    private Verdict verdict = Verdict.OK;
    private int failures;

    /** No findings yet. */
    public Findings() {}

    /** Records behaviour that the RFC tolerates. */
    public void nonStrict(String what) {
        add(Verdict.NON_STRICT, what, List::of);
    }

    /** Records behaviour that no rule covers. */
    public void inform(String what) {
        add(Verdict.INFORMATIONAL, what, List::of);
    }

    /** Records a remark that does not affect the verdict. */
    public void remark(String what) {
        add(Verdict.OK, what, List::of);
    }

    /** Records a finding; keeps the transcript of the first finding with the worst verdict. */
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

    /** The number of recorded failures. */
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

    /** The frames sent and received up to the worst finding. */
    public List<String> transcript() {
        lock.lock();
        try {
            return transcript;
        } finally {
            lock.unlock();
        }
    }
}
