package dev.weft.parser;

import java.util.List;

/**
 * What a parser made of a stream.
 *
 * @param frames        the frames that came whole
 * @param unfinished    what came of a frame whose header was complete and payload was not, or {@code null}
 * @param remaining     bytes of payload that the unfinished frame still lacks
 * @param violation     the rule that was broken, or {@code null}
 * @param atBoundary    whether no frame is half-read; without meaning after a violation
 * @param withinMessage whether a message lacks its last fragment; without meaning after a violation
 */
public record Outcome(List<Frame> frames, Frame unfinished, long remaining, Violation violation, boolean atBoundary,
        boolean withinMessage) {

    public record Violation(int closeCode, String section) {}
}
