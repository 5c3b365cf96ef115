/**
 * A program that tests how strictly a WebSocket echo server or client follows RFC 6455 and RFC 7692.
 * <pre>
 * Conform (command line) ─▶ CaseRunner ─▶ cases (what is sent and expected) ─▶ wire (connections, frames) ─▶ deflate
 *          │    └─▶ FuzzingServer (waits for clients) ─▶ CaseRunner
 *          └─▶ report (text, JSON, HTML)
 * </pre>
 */
package dev.weft.tools.conform;
