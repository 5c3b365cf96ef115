package dev.weft.bench.report;

/**
 * What a reader of the figures must know.
 *
 * @param suite what it is about
 * @param sentence what was set, what cannot be compared, what was left out and why
 */
public record Remark(String suite, String sentence) {}
