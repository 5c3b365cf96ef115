package dev.weft.parser;

/** Which end of the connection this code runs at. The role decides which end masks (RFC 6455 §5.1). */
public enum Role {
    /** Receives masked frames and sends unmasked ones. */
    SERVER,
    /** Receives unmasked frames and masks what it sends. */
    CLIENT;

    /** Whether the frames that this end receives are masked. */
    public boolean receivesMasked() {
        return this == SERVER;
    }

    /** Whether the frames that this end sends are masked. */
    public boolean sendsMasked() {
        return this == CLIENT;
    }
}
