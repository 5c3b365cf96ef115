package dev.weft.bench.report;

/**
 * Information that a reader of the figures needs.
 *
 * @param suite the suite that it is about
 * @param sentence settings, what cannot be compared, or what was left out and why
 */
public record Remark(String suite, String sentence) {}
