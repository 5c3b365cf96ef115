package dev.weft.parser.proxy;

/**
 * An additional value of a {@link ProxyHeader} of version 2 (PROXY protocol §2.2), such as {@link #AUTHORITY}. Immutable.
 *
 * @param type  0 to 255
 * @param value its bytes
 */
public record ProxyTlv(int type, byte[] value) {
    /** The protocol that was negotiated by ALPN. */
    public static final int ALPN = 0x01;
    /** The host name that the client sent, such as the TLS server name, in UTF-8. */
    public static final int AUTHORITY = 0x02;
    /** The checksum of the header, which the parser has verified. */
    public static final int CRC32C = 0x03;
    /** Padding. */
    public static final int NOOP = 0x04;
    /** Identifies the connection across several proxies. */
    public static final int UNIQUE_ID = 0x05;
    /** The client's TLS connection to the proxy; contains further values. */
    public static final int SSL = 0x20;
    /** The network namespace, in US-ASCII. */
    public static final int NETWORK_NAMESPACE = 0x30;

    /** Copies the value. */
    public ProxyTlv {
        value = value.clone();
    }

    /** A copy of the bytes. */
    @Override
    public byte[] value() {
        return value.clone();
    }
}
