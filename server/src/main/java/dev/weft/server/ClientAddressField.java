package dev.weft.server;

/**
 * The header field in which trusted proxies report the client's address. A proxy sets one of these fields, and may pass
 * on the others as it received them.
 */
public enum ClientAddressField {
    /** None: the client is the peer of the connection. */
    NONE,
    /** {@code X-Forwarded-For}: addresses, the nearest last. */
    X_FORWARDED_FOR,
    /** {@code Forwarded} (RFC 7239): the parameter {@code for} of its elements, the nearest last. */
    FORWARDED
}
