/** Processes the figures: stores them as JSON, reports them in Markdown, draws plots, and compares them with earlier ones. */
package dev.weft.bench.report;
