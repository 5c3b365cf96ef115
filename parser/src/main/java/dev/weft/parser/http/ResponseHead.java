package dev.weft.parser.http;

import java.util.Objects;

/**
 * The head of a response. Immutable.
 *
 * @param minorVersion the minor version of HTTP, 0 to 9: 1 for HTTP/1.1
 * @param status
 *            the status code, 100 to 999
 * @param reason
 *            the reason phrase, which may be empty; untrusted text from the peer
 * @param headers
 *            the header fields
 */
public record ResponseHead(int minorVersion, int status, String reason, Headers headers) {

    /**
     * @throws IllegalArgumentException
     *             if the version is not 0 to 9, the status is not 100 to 999, or the reason contains a control character
     */
    public ResponseHead {
        Objects.requireNonNull(headers, "headers");
        if (minorVersion < 0 || minorVersion > 9) {
            throw new IllegalArgumentException("HTTP/1." + minorVersion + " is not a version");
        }
        if (status < 100 || status > 999) {
            throw new IllegalArgumentException("a status is 100 to 999, not " + status);
        }
        if (!HttpCharacters.isFieldValue(reason)) {
            throw new IllegalArgumentException("not a reason: '" + HttpCharacters.escaped(reason) + "'");
        }
    }

    /** Whether another response follows this one (RFC 9110 §15.2): true for 1xx, except for 101, after which HTTP ends. */
    public boolean isInterim() {
        return status < 200 && status != 101;
    }
}
