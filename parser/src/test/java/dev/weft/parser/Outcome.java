package dev.weft.parser;

import java.util.List;

/**
 * The result of parsing a stream.
 *
 * @param frames        the complete frames
 * @param unfinished    the received part of a frame whose header is complete and whose payload is not, or {@code null}
 * @param remaining     the number of payload bytes that the unfinished frame lacks
 * @param violation     the violation, or {@code null}
 * @param atBoundary    whether the parser is between two frames; undefined after a violation
 * @param withinMessage whether a message lacks its last fragment; undefined after a violation
 */
public record Outcome(List<Frame> frames, Frame unfinished, long remaining, Violation violation, boolean atBoundary,
        boolean withinMessage) {

    public record Violation(int closeCode, String section) {}
}
