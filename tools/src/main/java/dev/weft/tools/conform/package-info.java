/**
 * A program that tests how strictly a WebSocket echo server follows RFC 6455 and RFC 7692.
 * <pre>
 * Conform (command line) ─▶ Runner ─▶ cases (what is sent and expected) ─▶ wire (connections, frames) ─▶ deflate
 *                       └─▶ report (text, JSON, HTML)
 * </pre>
 */
package dev.weft.tools.conform;
