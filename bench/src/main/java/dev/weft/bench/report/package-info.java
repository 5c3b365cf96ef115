/** What becomes of the figures: kept as JSON, told in Markdown, drawn as plots, compared with earlier ones. */
package dev.weft.bench.report;
