package dev.weft.tools.conform.report;

import dev.weft.tools.conform.wire.Verdict;
import java.util.List;

/**
 * The result of a case.
 *
 * @param id         the case
 * @param family     its family
 * @param title      what it is about
 * @param section    where the RFC demands it
 * @param verdict    the verdict
 * @param detail     why; empty for OK
 * @param millis     how long it took
 * @param transcript what went over the wire; empty for OK
 */
public record Result(String id, String family, String title, String section, Verdict verdict, String detail,
        long millis,
        List<String> transcript) {}
