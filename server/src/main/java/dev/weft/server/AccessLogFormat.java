package dev.weft.server;

/** The format of the access log's lines, for {@link WebSocketServerBuilder#accessLog}. */
public enum AccessLogFormat {
    /**
     * The Combined format of HTTP servers, followed by fields of the form {@code name=value}. In quoted text, quotation marks,
     * backslashes and everything except printable ASCII are written as <code>&#92;xHH</code> or <code>&#92;uHHHH</code>.
     */
    COMBINED,
    /** One JSON object (RFC 8259) in ASCII; a field that has no value is left out. */
    JSON
}
