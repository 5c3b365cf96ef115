package dev.weft.parser;

/**
 * The status codes of Close frames (RFC 6455 §7.4), and which of them may be sent. 3000–4999 are for libraries and
 * applications.
 */
public final class CloseCode {
    /** The connection has fulfilled its purpose. */
    public static final int NORMAL_CLOSURE = 1000;
    /** The server is shutting down, or the browser is leaving the page. */
    public static final int GOING_AWAY = 1001;
    /** The peer broke the protocol. */
    public static final int PROTOCOL_ERROR = 1002;
    /** The peer sent a kind of data that this endpoint does not accept. */
    public static final int UNSUPPORTED_DATA = 1003;
    /** Never sent: represents a Close frame without a code. */
    public static final int NO_STATUS_RECEIVED = 1005;
    /** Never sent: represents a connection that ended without a Close frame. */
    public static final int ABNORMAL_CLOSURE = 1006;
    /** The payload does not fit the message's type, such as text that is not UTF-8. */
    public static final int INVALID_FRAME_PAYLOAD_DATA = 1007;
    /** The message violates a policy of the receiver. */
    public static final int POLICY_VIOLATION = 1008;
    /** The message is larger than the receiver accepts. */
    public static final int MESSAGE_TOO_BIG = 1009;
    /** The client wanted an extension that the server did not negotiate. */
    public static final int MANDATORY_EXTENSION = 1010;
    /** The server encountered an unexpected condition. */
    public static final int INTERNAL_ERROR = 1011;
    /** The service is restarting (IANA registry). */
    public static final int SERVICE_RESTART = 1012;
    /** The server is overloaded (IANA registry). */
    public static final int TRY_AGAIN_LATER = 1013;
    /** A gateway received an invalid response from its upstream server (IANA registry). */
    public static final int BAD_GATEWAY = 1014;
    /** Never sent: represents a failed TLS handshake. */
    public static final int TLS_HANDSHAKE = 1015;

    private CloseCode() {}

    /**
     * Whether a Close frame may carry this code (§7.4): true for 1000–1003 and 1007–1014, which are defined or registered, and
     * for 3000–4999, which are for libraries and applications.
     */
    public static boolean maySend(int code) {
        return code >= 3000
                ? code <= 4999
                : code >= NORMAL_CLOSURE && code <= BAD_GATEWAY
                        && (code <= UNSUPPORTED_DATA || code >= INVALID_FRAME_PAYLOAD_DATA);
    }
}
