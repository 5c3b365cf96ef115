package dev.weft.tools.conform.report;

import dev.weft.tools.conform.wire.Verdict;
import java.util.List;

/**
 * The result of a case.
 *
 * @param id the case
 * @param family its family
 * @param title what it tests
 * @param section the section of the RFC that requires it
 * @param verdict the verdict
 * @param detail the reason; empty for OK
 * @param millis how long it took
 * @param transcript the frames sent and received; empty for OK
 */
public record Result(String id, String family, String title, String section, Verdict verdict, String detail,
        long millis,
        List<String> transcript) {}
